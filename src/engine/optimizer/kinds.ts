/** What each optimizer keeps of a weight, and what it must see of a matrix before it can step. */
import type { Optimizer } from '../job.ts'

export const optimizerKinds = ['adamw', 'sgd', 'lion', 'adafactor', 'muon', 'shampoo', 'soap'] as const
export type OptimizerKind = (typeof optimizerKinds)[number]

/**
 * factored: sums over rows and columns stand for the second moment; whole: a matrix is worked on as one, by one rank;
 * none: number by number.
 */
type MatrixWork = 'none' | 'factored' | 'whole'

interface Rule {
  /** Numbers kept of each weight in a matrix of a layer. */
  readonly numbers: number
  /** Of embedding, output matrix, norms and biases. */
  readonly plainNumbers: number
  readonly matrices: MatrixWork
  /** Width of a number on the wire over its full width, where a matrix travels to the rank that works on it, and back. */
  readonly wireWidth: number
  /** Widest side of what is preconditioned as one; 0 where there is no preconditioner. */
  readonly block: number
  /** Steps from one decomposition of the preconditioners to the next. */
  readonly every: number
  readonly source: string
}

const simple = { matrices: 'none', wireWidth: 0, block: 0, every: 1 } as const

export const optimizerRules = {
  adamw: {
    ...simple,
    numbers: 2,
    plainNumbers: 2,
    source: 'Loshchilov and Hutter 2019, arXiv:1711.05101: first and second moment',
  },
  sgd: {
    ...simple,
    numbers: 1,
    plainNumbers: 1,
    source: 'Sutskever et al. 2013, proceedings.mlr.press/v28/sutskever13: one momentum',
  },
  lion: { ...simple, numbers: 1, plainNumbers: 1, source: 'Chen et al. 2023, arXiv:2302.06675: one momentum' },
  adafactor: {
    ...simple,
    matrices: 'factored',
    numbers: 0,
    plainNumbers: 1,
    source:
      'Shazeer and Stern 2018, arXiv:1804.04235: row and column sums of a matrix, no momentum; vectors keep their second moment',
  },
  muon: {
    numbers: 1,
    plainNumbers: 2,
    matrices: 'whole',
    wireWidth: 0.5,
    block: 0,
    every: 1,
    source:
      'Jordan et al. 2024, kellerjordan.github.io/posts/muon: one momentum on hidden matrices, AdamW on the rest; Liu et al. 2025 (Moonlight), arXiv:2502.16982: matrices travel in bf16',
  },
  shampoo: {
    numbers: 2,
    plainNumbers: 2,
    matrices: 'whole',
    wireWidth: 1,
    block: 1024,
    every: 100,
    source:
      'Gupta et al. 2018, arXiv:1802.09568; Shi et al. 2023, arXiv:2309.06497: momentum, grafted second moment, two factors and their inverse roots per block. Block and interval: default and examples of facebookresearch/optimizers, distributed_shampoo/README.md',
  },
  soap: {
    numbers: 2,
    plainNumbers: 2,
    matrices: 'whole',
    wireWidth: 1,
    block: 10_000,
    every: 10,
    source:
      'Vyas et al. 2024, arXiv:2409.11321: two moments, two factors and their eigenvectors per matrix; a side beyond 10,000 goes without (nikhilvyas/SOAP, soap.py). Interval of 10: its §6',
  },
} as const satisfies Record<OptimizerKind, Rule>

/** Of a number as it travels. */
export const wireBytesOf = (optimizer: Optimizer): number =>
  optimizerRules[optimizer.kind].wireWidth * optimizer.numberBytes

export const ruleOf = ({ kind }: Pick<Optimizer, 'kind'>): Rule => optimizerRules[kind]

/** As it is published; its numbers take this many bytes each. */
export function optimizerFor(kind: OptimizerKind, numberBytes: number): Optimizer {
  const { numbers, plainNumbers, block, every } = optimizerRules[kind]
  return {
    kind,
    stateBytes: numbers * numberBytes,
    plainStateBytes: plainNumbers * numberBytes,
    numberBytes,
    stated: false,
    block,
    every,
  }
}
