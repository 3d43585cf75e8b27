/** A model family as a computer: its weights, its work, what must happen one after another, what may happen at once. */
import { formula } from '../engine/formula.ts'
import type { Machine } from './machine.ts'
import type { Pool } from './parallel-limit.ts'

export interface Sizes {
  readonly layers: number
  readonly hidden: number
  readonly seqLen: number
  readonly batchTokens: number
  /** Of a mixture's parameters; 1 if dense. */
  readonly activeFraction: number
}

export interface Computer {
  /** Parameters of a layer over hidden². */
  readonly perLayer: number
  readonly pool: Pool
  readonly causal: boolean
  /** Dependent steps of one training step: forward once, backward twice. */
  readonly chain: (sizes: Sizes) => number
  /** What a dependent step is: a layer as the machine runs it, or a cell of a persistent kernel. */
  readonly step: 'layer' | 'cell'
  readonly chainSaid: string
}

interface RecurrentInputs {
  readonly seqLen: number
  readonly layers: number
}

export const recurrentChain = formula<RecurrentInputs>({
  id: 'recurrentChain',
  unit: 'count',
  text: '3 * (seqLen + layers)',
  source: 'Appleyard et al. 2016, arXiv:1604.01946: layers run as a wavefront over time; forward once, backward twice',
  compute: ({ seqLen, layers }) => 3 * (seqLen + layers),
})

interface ParallelInputs {
  readonly layers: number
  readonly inner: number
}

export const parallelChain = formula<ParallelInputs>({
  id: 'parallelChain',
  unit: 'count',
  text: '3 * layers * inner',
  source:
    'Vaswani et al. 2017, arXiv:1706.03762 table 1: a constant number of dependent steps per layer; forward once, backward twice',
  compute: ({ layers, inner }) => 3 * layers * inner,
})

/** Seconds of one dependent step. */
export function stepSecondsOf({ step }: Computer, { layerSeconds, cellSeconds }: Machine): number {
  return step === 'layer' ? layerSeconds : cellSeconds
}

/** Tokens that a scan takes at once: Dao and Gu 2024, arXiv:2405.21060 §6. */
const CHUNK = 256
const CONVOLUTION_KERNEL = 3

const straight = ({ layers }: Sizes) => parallelChain.compute({ layers, inner: 1 })
const scanned = ({ layers, seqLen }: Sizes) =>
  parallelChain.compute({ layers, inner: Math.max(1, Math.log2(seqLen / CHUNK)) })

const decoder: Computer = {
  perLayer: 12,
  pool: 'tokens',
  causal: true,
  chain: straight,
  step: 'layer',
  chainSaid: 'layers, whatever the length of the sequence',
}

export const computers = {
  transformer: decoder,
  encoder: { ...decoder, causal: false },
  moe: {
    ...decoder,
    chain: ({ layers }) => parallelChain.compute({ layers, inner: 3 }),
    chainSaid: 'layers, each with two all-to-alls',
  },
  convolution: {
    ...decoder,
    // Two halves, of which one gates the other: Gehring et al. 2017, arXiv:1705.03122.
    perLayer: 2 * CONVOLUTION_KERNEL,
    chainSaid: 'layers; but a token sees only layers × (kernel - 1) tokens back',
  },
  lstm: {
    perLayer: 8,
    pool: 'sequences',
    causal: true,
    chain: ({ seqLen, layers }) => recurrentChain.compute({ seqLen, layers }),
    step: 'cell',
    chainSaid: 'tokens of a sequence, one after another',
  },
  mamba: {
    ...decoder,
    // Two layers of 6 d² stand for one of attention and MLP.
    chain: scanned,
    chainSaid: 'layers, each with a scan over chunks',
  },
  hybrid: {
    ...decoder,
    chain: scanned,
    chainSaid: 'layers, each with a scan over chunks or an attention',
  },
} as const satisfies Record<string, Computer>

export type ArchitectureName = keyof typeof computers
