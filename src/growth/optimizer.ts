/**
 * Optimizers: what a token is worth under each, at equal loss. None is known to change the exponent for the better. What
 * they cost in memory, work and messages is the engine's: `engine/optimizer/`.
 */
import { formula } from '../engine/formula.ts'
import type { OptimizerKind } from '../engine/optimizer/kinds.ts'
import { PETAFLOP_DAY } from './allocation.ts'
import { type Cited, exactly, type Span } from './cited.ts'

interface MuonInputs {
  readonly flop: number
}

export const muonFlopRatio = formula<MuonInputs>({
  id: 'muonFlopRatio',
  unit: 'ratio',
  text: '(2.506 / 2.608) ^ (1 / 0.052) * (flop / 8.64e19) ^ (0.054 / 0.052 - 1)',
  source:
    'Liu et al. 2025, arXiv:2502.16982: L = 2.506 C^-.052 for Muon, 2.608 C^-.054 for AdamW, C in petaflop-days; Muon over AdamW at equal loss',
  compute: ({ flop }) => (2.506 / 2.608) ** (1 / 0.052) * (flop / PETAFLOP_DAY) ** (0.054 / 0.052 - 1),
})

interface WenInputs {
  readonly parameters: number
}

export const fadingSpeedup = formula<WenInputs>({
  id: 'fadingSpeedup',
  unit: 'ratio',
  text: 'max(1.05, 1.4 * (parameters / 1e8) ^ -0.097)',
  source: 'power through 1.4 × at 0.1B and 1.1 × at 1.2B parameters of Wen et al. 2025, arXiv:2509.02046; held at 1.05',
  compute: ({ parameters }) => Math.max(1.05, 1.4 * (parameters / 1e8) ** -0.097),
})

/** Where the gain is asked for. */
export interface OptimizerState {
  readonly flop: number
  readonly parameters: number
}

export interface OptimizerFacts extends Cited {
  /** Tokens that one token of this optimizer is worth, against AdamW tuned as well. */
  readonly worth: (at: OptimizerState) => Span
  /** Factor on the critical batch. */
  readonly batchWorth: Span
}

/** The optimistic curve ends below 1 beyond 4e28 FLOP, which no one has seen: it is held at 1. */
function muonWorth({ flop, parameters }: OptimizerState): Span {
  const low = fadingSpeedup.compute({ parameters })
  const high = Math.max(1, 1 / muonFlopRatio.compute({ flop }))
  const ends = [Math.min(low, high), Math.max(low, high)] as const
  return { low: ends[0], central: Math.sqrt(ends[0] * ends[1]), high: ends[1] }
}

export const optimizers = {
  adamw: {
    label: 'AdamW',
    worth: () => exactly(1),
    batchWorth: exactly(1),
    source: 'Loshchilov and Hutter 2019, arXiv:1711.05101: two moments in fp32. The yardstick',
    validity: 'tuned; tuning alone was worth about 2 × over the recipe of GPT-3 (Wen et al. 2025, arXiv:2509.02046)',
    confidence: 'primary',
  },
  muon: {
    label: 'Muon',
    worth: muonWorth,
    batchWorth: { low: 1, central: 1.5, high: 2 },
    source:
      'high: Liu et al. 2025, arXiv:2502.16982; low: Wen et al. 2025, arXiv:2509.02046; larger batches: Essential AI 2025, arXiv:2505.02222',
    validity: 'fits up to 1.5B parameters; the gain shrinks with scale; by how much the batch grows is a guess',
    confidence: 'derived',
  },
  shampoo: {
    label: 'distributed Shampoo',
    worth: (at) => scaled(fadingSpan(at), 1 / 1.2),
    batchWorth: { low: 1, central: 1.25, high: 2 },
    source: 'Shi et al. 2023, arXiv:2309.06497; about a fifth behind SOAP: Vyas et al. 2024, arXiv:2409.11321',
    validity: 'fastest of AlgoPerf by 28 % of time; not measured above 1B parameters of language model',
    confidence: 'derived',
  },
  soap: {
    label: 'SOAP',
    worth: fadingSpan,
    batchWorth: { low: 1, central: 1.25, high: 2 },
    source:
      'Vyas et al. 2024, arXiv:2409.11321: 40 % fewer iterations at 360M to 660M; fades: Wen et al. 2025, arXiv:2509.02046',
    validity: '0.1B to 1.2B parameters',
    confidence: 'derived',
  },
  sgd: {
    label: 'SGD with momentum',
    worth: () => ({ low: 0.2, central: 0.4, high: 0.8 }),
    batchWorth: { low: 0.5, central: 1, high: 1 },
    source:
      'Zhao et al. 2024, arXiv:2407.07972: the one optimizer that trails AdamW on language; by how much is our reading',
    validity: '150M to 1.2B parameters',
    confidence: 'unverified',
  },
  lion: {
    label: 'Lion',
    worth: () => ({ low: 0.95, central: 1, high: 1.1 }),
    batchWorth: exactly(1),
    source: 'Chen et al. 2023, arXiv:2302.06675; on a par with Adam: Zhao et al. 2024, arXiv:2407.07972',
    validity: '150M to 1.2B parameters',
    confidence: 'abstract',
  },
  adafactor: {
    label: 'Adafactor',
    worth: () => ({ low: 0.9, central: 1, high: 1 }),
    batchWorth: exactly(1),
    source:
      'Shazeer and Stern 2018, arXiv:1804.04235; on a par with Adam once it keeps a momentum: Zhao et al. 2024, arXiv:2407.07972',
    validity: '150M to 1.2B parameters; without the momentum, as priced here, a little behind: our reading',
    confidence: 'abstract',
  },
} as const satisfies Record<OptimizerKind, OptimizerFacts>

export type OptimizerName = OptimizerKind

/** Evidence between the fading curve and the first claim of 40 % fewer iterations. */
function fadingSpan({ parameters }: OptimizerState): Span {
  const central = fadingSpeedup.compute({ parameters })
  return { low: 1, central, high: Math.max(central, 1.4) }
}

function scaled({ low, central, high }: Span, by: number): Span {
  return { low: low * by, central: central * by, high: high * by }
}

/** What the best conceivable second-order method would save: layer-wise Gauss-Newton, far too dear to run. */
export const gaussNewton = {
  label: 'Gauss-Newton oracle',
  fewerIterations: 5.4,
  source: 'Abreu et al. 2025, arXiv:2510.09378: against SOAP and Muon',
  validity: '150M parameters at most; iterations, not FLOP',
  confidence: 'abstract',
} as const satisfies Cited & { readonly fewerIterations: number }
