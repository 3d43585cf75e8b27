/** What a GPU does, before it has a price. */
import type { AttentionKernel, Datatype } from './job.ts'

/** Passes over the layers of one micro-batch. */
export type Phase = 'forward' | 'recompute' | 'inputGradient' | 'weightGradient'

export const collectives = ['all-reduce', 'all-gather', 'reduce-scatter', 'all-to-all', 'point-to-point'] as const
export type Collective = (typeof collectives)[number]

/** Of parallelism, as communication is reported. */
export const dimensions = ['tp', 'cp', 'ep', 'pp', 'dp'] as const
export type Dimension = (typeof dimensions)[number]

interface Named {
  /** Dotted: `attention.qkv`, `mlp.down.reduceScatter`. */
  readonly name: string
  /** `step`: between passes, or once for all of them. */
  readonly phase: Phase | 'step'
}

/** [m, k] × [k, n], `groups` times. */
export interface Matmul extends Named {
  readonly kind: 'matmul'
  readonly m: number
  readonly n: number
  readonly k: number
  readonly datatype: Datatype
  readonly inputBytes: number
  /** Per element of the result; 8 where a weight gradient is added to an fp32 sum. */
  readonly outputBytes: number
  /** Products of this shape that run as one kernel: the experts of a rank. */
  readonly groups: number
  /** Rate over that of a plain product: below 1 where scales of blocks are applied. */
  readonly rate: number
}

/** A fused attention kernel, or the batched matmuls of an unfused one. */
export interface Attention extends Named {
  readonly kind: 'attention'
  readonly kernel: AttentionKernel
  readonly flop: number
  /** Keys that a query looks at, at most. */
  readonly span: number
  /** Blocks of 128 query rows. */
  readonly blocks: number
  readonly headDim: number
  /** Rate over that of the whole sequence on one rank; below 1 where context parallelism cuts it into rounds. */
  readonly rate: number
  /** Of scores written and read; 0 in a fused kernel. */
  readonly bytes: number
}

/** The scan of a state-space layer over chunks of tokens. */
export interface Scan extends Named {
  readonly kind: 'scan'
  readonly flop: number
  readonly bytes: number
  readonly kernels: number
}

/** [m, k] × [k, n] for one token of each sequence, each waiting for the one before. */
export interface Recurrence extends Named {
  readonly kind: 'recurrence'
  readonly steps: number
  readonly m: number
  readonly n: number
  readonly k: number
  /** Products in a step that wait for each other; n × k counts all their weights. */
  readonly products: number
  readonly datatype: Datatype
  readonly elementBytes: number
}

/** Limited by memory bandwidth. */
export interface Elementwise extends Named {
  readonly kind: 'elementwise'
  readonly bytes: number
  readonly kernels: number
}

/** Of a square matrix: its eigenvectors, or an orthogonal basis. */
export interface Decomposition extends Named {
  readonly kind: 'decomposition'
  readonly method: 'eigen' | 'qr'
  readonly size: number
  readonly datatype: Datatype
  readonly elementBytes: number
}

export interface Communication extends Named {
  readonly kind: 'collective'
  readonly collective: Collective
  /** Which group talks; exchanges over the width of an expert (etp) count as expert-parallel. */
  readonly dimension: Dimension | 'etp'
  /** Of the whole tensor: gathered result, reduced input, or what a rank holds in an all-to-all. */
  readonly bytes: number
  /** Share of its time that runs behind compute. */
  readonly hidden: number
  /** Rate over that of the link. */
  readonly rate: number
  /** In so many parts, one after another; absent: all at once. */
  readonly times?: number
  /** Bytes across domains over those without merging: 1 unless copies for one domain travel as one. */
  readonly merged?: number
}

export type Operation = Matmul | Attention | Scan | Recurrence | Elementwise | Decomposition | Communication
