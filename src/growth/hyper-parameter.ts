/** What it costs to miss the best learning rate and batch, and to look for them. A factor of two, once. */
import { formula } from '../engine/formula.ts'
import type { Cited, Span } from './cited.ts'

interface MissInputs {
  /** log₂ of learning rate over the best. */
  readonly rateMiss: number
  /** log₂ of batch over the best. */
  readonly batchMiss: number
}

export const missedShare = formula<MissInputs>({
  id: 'missedShare',
  unit: 'ratio',
  text: 'exp(-(0.076 * rateMiss ^ 2 + 0.065 * batchMiss ^ 2 - 0.045 * rateMiss * batchMiss))',
  source:
    'quadratics fitted to the public sweep of Li et al. 2025 (Step Law), arXiv:2503.04715, as compute-equivalents; misses in octaves, up to 2.5',
  compute: ({ rateMiss: x, batchMiss: y }) => Math.exp(-(0.076 * x ** 2 + 0.065 * y ** 2 - 0.045 * x * y)),
})

export interface Effort extends Cited {
  /** Share of the compute spent on the search. */
  readonly searchFraction: number
  /** Compute-equivalent of what is left, over that of perfect settings. */
  readonly worth: Span
}

export const efforts = {
  perfect: {
    label: 'perfect settings, for free',
    searchFraction: 0,
    worth: { low: 1, central: 1, high: 1 },
    source: 'the premise of the loss surfaces: their runs were tuned',
    validity: 'a bound',
    confidence: 'derived',
  },
  none: {
    label: 'no search',
    searchFraction: 0,
    worth: { low: 0.5, central: 0.62, high: 0.75 },
    source: 'learning rate off by 4 to 8 times in missedShare; Wen et al. 2025, arXiv:2509.02046: tuning was worth 2 ×',
    validity: 'a judgement',
    confidence: 'derived',
  },
  laws: {
    label: 'published laws and 1 % of the compute',
    searchFraction: 0.01,
    worth: { low: 0.9, central: 0.95, high: 0.99 },
    source: 'Li et al. 2025 (Step Law), arXiv:2503.04715: predictions within .09 % of the best loss',
    validity: 'a judgement; measured up to 1B parameters',
    confidence: 'derived',
  },
  transfer: {
    label: 'transfer from small proxies, 7 % of the compute',
    searchFraction: 0.07,
    worth: { low: 0.95, central: 0.98, high: 1 },
    source: 'Yang et al. 2022, arXiv:2203.03466: GPT-3 6.7B tuned by a 40M proxy at 7 % of its cost',
    validity: 'what is left to gain afterwards is a judgement',
    confidence: 'derived',
  },
} as const satisfies Record<string, Effort>

export type EffortName = keyof typeof efforts
