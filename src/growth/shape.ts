/** From a number of parameters to depth and width. */
import { formula } from '../engine/formula.ts'
import type { Cited } from './cited.ts'
import { turningPoint } from './solve.ts'

export interface Shape {
  readonly layers: number
  readonly hidden: number
}

interface ShapeInputs extends Shape {
  readonly perLayer: number
}

/** 12: four square matrices of attention, two of an MLP four times as wide. */
export const shapeParameters = formula<ShapeInputs>({
  id: 'shapeParameters',
  unit: 'count',
  text: 'perLayer * layers * hidden ^ 2',
  source: 'Kaplan et al. 2020, arXiv:2001.08361 §2.1: N = 12 L d², embedding left out',
  compute: ({ perLayer, layers, hidden }) => perLayer * layers * hidden ** 2,
})

interface AspectInputs {
  readonly parameters: number
  readonly aspect: number
  readonly perLayer: number
}

export const hiddenAtAspect = formula<AspectInputs>({
  id: 'hiddenAtAspect',
  unit: 'count',
  text: '(parameters * aspect / perLayer) ^ (1 / 3)',
  source: 'N = 12 L d² with d = aspect × L: Kaplan et al. 2020, arXiv:2001.08361 §3.1',
  compute: ({ parameters, aspect, perLayer }) => ((parameters * aspect) / perLayer) ** (1 / 3),
})

interface WidthInputs {
  readonly hidden: number
}

export const levineLayers = formula<WidthInputs>({
  id: 'levineLayers',
  unit: 'count',
  text: '(log(hidden) - 5.039) / 0.0555',
  source:
    'Levine et al. 2020, arXiv:2006.12467 §5: ln d = 5.039 + .0555 L; constants from memory, its 30k width at 1T holds',
  compute: ({ hidden }) => (Math.log(hidden) - 5.039) / 0.0555,
})

export interface ShapeRule extends Cited {
  readonly of: (parameters: number, perLayer: number) => Shape
}

/** A network is at least this deep and wide, whatever the rule says of tiny ones. */
const SMALLEST = 64

const aspectShape = (parameters: number, perLayer: number, aspect: number): Shape => {
  const hidden = hiddenAtAspect.compute({ parameters, aspect, perLayer })
  return { hidden, layers: hidden / aspect }
}

function levineShape(parameters: number, perLayer: number): Shape {
  const layersOf = (hidden: number) => Math.max(2, levineLayers.compute({ hidden }))
  const fits = (hidden: number) => shapeParameters.compute({ perLayer, layers: layersOf(hidden), hidden }) <= parameters
  const hidden = turningPoint(SMALLEST, 1e9, fits, 44)
  return { hidden, layers: parameters / (perLayer * hidden ** 2) }
}

export const shapeRules = {
  aspect: {
    label: 'width 128 × depth, at all sizes',
    of: (parameters, perLayer) => aspectShape(parameters, perLayer, 128),
    source:
      'Kaplan et al. 2020, arXiv:2001.08361 §3.1: a few per cent over a 40-fold range of aspect; 128 is GPT-3 and Llama 3',
    validity: 'custom up to 1e12 parameters',
    confidence: 'derived',
  },
  levine: {
    label: 'depth as the logarithm of width',
    of: levineShape,
    source:
      'Levine et al. 2020, arXiv:2006.12467: constants that meet two points quoted from it, 14.5 layers at width 345 and 95 at 30,000',
    validity: 'depths 6 to 48; extrapolated by the authors to 1T',
    confidence: 'derived',
  },
} as const satisfies Record<string, ShapeRule>

export type ShapeRuleName = keyof typeof shapeRules
