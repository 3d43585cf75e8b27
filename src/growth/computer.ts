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
  /** Training FLOP per token beyond six per active parameter. */
  readonly extraFlopPerToken: (sizes: Sizes) => number
  /** Dependent steps of one training step: forward once, backward twice. */
  readonly chain: (sizes: Sizes) => number
  /** What a dependent step is: a layer as the machine runs it, or a cell of a persistent kernel. */
  readonly step: 'layer' | 'cell'
  readonly chainSaid: string
}

interface WorkInputs {
  readonly perLayer: number
  readonly layers: number
  readonly hidden: number
  readonly extraFlop: number
}

export const flopPerToken = formula<WorkInputs>({
  id: 'flopPerToken',
  unit: 'flop',
  text: '6 * perLayer * layers * hidden ^ 2 + extraFlop',
  source: 'Kaplan et al. 2020, arXiv:2001.08361 §2.1: two FLOP per weight forward, four backward',
  compute: ({ perLayer, layers, hidden, extraFlop }) => 6 * perLayer * layers * hidden ** 2 + extraFlop,
})

interface AttentionInputs {
  readonly layers: number
  readonly hidden: number
  readonly span: number
}

export const attentionFlopPerToken = formula<AttentionInputs>({
  id: 'attentionFlopPerToken',
  unit: 'flop',
  text: '12 * layers * hidden * span',
  source:
    'Chowdhery et al. 2022, arXiv:2204.02311 appendix B; span: keys that a query looks at, half the sequence when causal',
  compute: ({ layers, hidden, span }) => 12 * layers * hidden * span,
})

interface ScanInputs {
  readonly layers: number
  readonly hidden: number
  readonly state: number
  readonly chunk: number
}

export const scanFlopPerToken = formula<ScanInputs>({
  id: 'scanFlopPerToken',
  unit: 'flop',
  text: '3 * layers * (2 * chunk * state + 2 * chunk * hidden + 8 * state * hidden)',
  source:
    'Dao and Gu 2024 (Mamba-2), arXiv:2405.21060 §6: chunked scan of inner width 2 d; forward once, backward twice',
  compute: ({ layers, hidden, state, chunk }) =>
    3 * layers * (2 * chunk * state + 2 * chunk * hidden + 8 * state * hidden),
})

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

const SCAN = { state: 128, chunk: 256 }
const CONVOLUTION_KERNEL = 3
/**
 * Per pair of layers, which stands for one decoder layer here, of a published hybrid: 43 % Mamba-2, 7 % attention, 50 %
 * MLP. Waleffe et al. 2024, arXiv:2406.07887.
 */
const HYBRID = { scan: 0.86, attention: 0.14 }

const straight = ({ layers }: Sizes) => parallelChain.compute({ layers, inner: 1 })
const scanned = ({ layers, seqLen }: Sizes) =>
  parallelChain.compute({ layers, inner: Math.max(1, Math.log2(seqLen / SCAN.chunk)) })
const attention = (share: number, causal: boolean) => (s: Sizes) =>
  share * attentionFlopPerToken.compute({ layers: s.layers, hidden: s.hidden, span: causal ? s.seqLen / 2 : s.seqLen })
const scan = (s: Sizes) => scanFlopPerToken.compute({ layers: s.layers, hidden: s.hidden, ...SCAN })

const decoder: Computer = {
  perLayer: 12,
  pool: 'tokens',
  causal: true,
  extraFlopPerToken: attention(1, true),
  chain: straight,
  step: 'layer',
  chainSaid: 'layers, whatever the length of the sequence',
}

export const computers = {
  transformer: decoder,
  encoder: { ...decoder, causal: false, extraFlopPerToken: attention(1, false) },
  moe: {
    ...decoder,
    chain: ({ layers }) => parallelChain.compute({ layers, inner: 3 }),
    chainSaid: 'layers, each with two all-to-alls',
  },
  convolution: {
    ...decoder,
    // Two halves, of which one gates the other: Gehring et al. 2017, arXiv:1705.03122.
    perLayer: 2 * CONVOLUTION_KERNEL,
    extraFlopPerToken: () => 0,
    chainSaid: 'layers; but a token sees only layers × (kernel - 1) tokens back',
  },
  lstm: {
    perLayer: 8,
    pool: 'sequences',
    causal: true,
    extraFlopPerToken: () => 0,
    chain: ({ seqLen, layers }) => recurrentChain.compute({ seqLen, layers }),
    step: 'cell',
    chainSaid: 'tokens of a sequence, one after another',
  },
  mamba: {
    ...decoder,
    // Two layers of 6 d² stand for one of attention and MLP.
    extraFlopPerToken: (s) => 2 * scan(s),
    chain: scanned,
    chainSaid: 'layers, each with a scan over chunks',
  },
  hybrid: {
    ...decoder,
    extraFlopPerToken: (s) => HYBRID.scan * scan(s) + attention(HYBRID.attention, true)(s),
    chain: scanned,
    chainSaid: 'layers, each with a scan over chunks or an attention',
  },
} as const satisfies Record<string, Computer>

export type ArchitectureName = keyof typeof computers
