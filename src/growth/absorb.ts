/** Of the compute that a cluster could do, how much ends up in the model, and where the rest goes. */
import { bestUnderStock, effective, marginalOfTokens } from './data-limit.ts'
import { efforts } from './hyper-parameter.ts'
import { lossExponent, surfaceLoss } from './loss-law.ts'
import { worthOf } from './recipe.ts'
import { type Point, type Settled, settle } from './settle.ts'

export const waterfallSteps = [
  'idle chips',
  'failures',
  'utilization',
  'latency',
  'search for settings',
  'architecture',
  'optimizer',
  'objective',
  'batch',
  'repetition',
  'allocation',
  'precision',
  'settings',
] as const
export type WaterfallStep = (typeof waterfallSteps)[number]

export interface Loss {
  readonly step: WaterfallStep
  /** ln of compute before over after: they add up; below 0 is a gain. */
  readonly nats: number
  /** Compute-equivalent that is left after it. */
  readonly flopLeft: number
}

export interface Absorption {
  /** Compute-equivalent over what the chips deliver. */
  readonly ofDelivered: number
  /** Compute-equivalent over the peak of all chips all the time. */
  readonly ofPeak: number
  /** d ln C_eq / d ln chips, by finite difference. */
  readonly marginal: number
  /** The same from the law of repetition alone, with everything else held. */
  readonly marginalOfLaw: number
  /** Nats per decade of chips. */
  readonly natsPerDecade: number
  readonly waterfall: readonly Loss[]
}

/** Half of 2 %: the difference is taken to both sides. */
const NUDGE = 0.01

export function absorb(point: Point): Absorption {
  const marginal = marginalOfChips(point.settled)
  const exponent = lossExponent.compute(point.settled.recipe.surface)
  return {
    ofDelivered: point.equivalentFlop / point.hardwareFlop,
    ofPeak: point.equivalentFlop / point.peakFlop,
    marginal,
    marginalOfLaw: marginalOfLaw(point),
    natsPerDecade: point.reducibleNats * exponent * marginal * Math.LN10,
    waterfall: waterfall(point),
  }
}

export function withChips(settled: Settled, factor: number): Settled {
  return { ...settled, machine: { ...settled.machine, chips: settled.machine.chips * factor } }
}

export function marginalOfChips(settled: Settled): number {
  const above = settle(withChips(settled, 1 + NUDGE)).equivalentFlop
  const below = settle(withChips(settled, 1 - NUDGE)).equivalentFlop
  return Math.log(above / below) / Math.log((1 + NUDGE) / (1 - NUDGE))
}

export function marginalOfLaw({ settled, worths, parameters, learnedTokens }: Point): number {
  return marginalOfTokens(settled.recipe.surface, worths.stock, parameters, learnedTokens)
}

/** Each rung is the compute-equivalent with one more truth admitted, the last one the point itself. */
export function waterfall(point: Point): readonly Loss[] {
  const rungs = rungsOf(point)
  let before = point.peakFlop
  return waterfallSteps.map((step) => {
    const flopLeft = rungs[step]
    const nats = Math.log(before / flopLeft)
    before = flopLeft
    return { step, nats, flopLeft }
  })
}

function rungsOf(point: Point): Readonly<Record<WaterfallStep, number>> {
  const { settled, worths, peakFlop, timeShare, overhead, equivalentFlop } = point
  const { machine, recipe } = settled
  const { surface } = recipe
  const idle = (peakFlop * point.usedChips) / machine.chips
  const failures = idle * point.goodput
  const utilization = failures * settled.mfu
  const latency = utilization * timeShare
  const search = latency * (1 - efforts[recipe.effort].searchFraction)
  const architecture = search * worths.architecture
  const optimizer = architecture * worths.optimizer
  const objective = optimizer * worths.objective
  const batch = objective / overhead
  // From here the surface is asked; architecture stands outside of it, as a factor on compute.
  const learned = batch / worths.architecture
  const best = bestUnderStock(surface, worths.stock, learned).lossNats
  const repetition = worthOf(recipe, best - surface.irreducibleNats) * worths.architecture
  const seen = effective(surface, worths.stock, point.parameters, point.learnedTokens)
  const loss = surfaceLoss.compute({ ...surface, parameters: seen.parameters, tokens: seen.tokens })
  const allocation = worthOf(recipe, loss - surface.irreducibleNats) * worths.architecture
  return {
    'idle chips': idle,
    failures,
    utilization,
    latency,
    'search for settings': search,
    architecture,
    optimizer,
    objective,
    batch,
    repetition,
    allocation,
    precision: equivalentFlop / worths.settings,
    settings: equivalentFlop,
  }
}
