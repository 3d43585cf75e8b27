/**
 * How far each way of splitting goes before communication outlasts compute, and the identity that ties them:
 * chips = TP × (tokens of a batch / tokens of a slot) × (stages / micro-batches).
 */
import { formula } from '../engine/formula.ts'
import type { Machine } from './machine.ts'
import type { Shape } from './shape.ts'

const SCALING_BOOK = 'Austin et al. 2025, How to Scale Your Model, jax-ml.github.io/scaling-book'

interface RidgeInputs {
  readonly peakFlopPerSecond: number
  readonly bytesPerSecond: number
}

export const ridgeTokens = formula<RidgeInputs>({
  id: 'ridgeTokens',
  unit: 'tokens',
  text: 'peakFlopPerSecond / bytesPerSecond',
  source: `${SCALING_BOOK}/roofline: two FLOP per two-byte weight and token; tokens that share one read or one gather of the weights`,
  compute: ({ peakFlopPerSecond, bytesPerSecond }) => peakFlopPerSecond / bytesPerSecond,
})

interface WidthLimitInputs extends RidgeInputs {
  readonly ffn: number
}

export const mlpTpLimit = formula<WidthLimitInputs>({
  id: 'mlpTpLimit',
  unit: 'count',
  text: 'ffn * bytesPerSecond / peakFlopPerSecond',
  source: `${SCALING_BOOK}/training: tensor parallelism of an MLP is compute-bound up to this degree`,
  compute: ({ ffn, bytesPerSecond, peakFlopPerSecond }) => (ffn * bytesPerSecond) / peakFlopPerSecond,
})

interface LayerLimitInputs extends RidgeInputs {
  readonly hidden: number
}

export const layerTpLimit = formula<LayerLimitInputs>({
  id: 'layerTpLimit',
  unit: 'count',
  text: '3 * hidden * bytesPerSecond / peakFlopPerSecond',
  source: `${SCALING_BOOK}/training, with attention: 24 d² FLOP against 8 d bytes per token, layer and pass`,
  compute: ({ hidden, bytesPerSecond, peakFlopPerSecond }) => (3 * hidden * bytesPerSecond) / peakFlopPerSecond,
})

export const replicaTokens = formula<RidgeInputs>({
  id: 'replicaTokens',
  unit: 'tokens',
  text: '2 / 3 * peakFlopPerSecond / bytesPerSecond',
  source: `${SCALING_BOOK}/training: 6 FLOP per weight and token against a reduce-scatter and an all-gather of two bytes`,
  compute: ({ peakFlopPerSecond, bytesPerSecond }) => ((2 / 3) * peakFlopPerSecond) / bytesPerSecond,
})

interface ExpertInputs {
  readonly tokens: number
  readonly activeFraction: number
}

export const sparseTokens = formula<ExpertInputs>({
  id: 'sparseTokens',
  unit: 'tokens',
  text: 'tokens / activeFraction',
  source: `${SCALING_BOOK}/training: a mixture moves all experts' weights for the FLOP of the active ones`,
  compute: ({ tokens, activeFraction }) => tokens / activeFraction,
})

interface ChunkInputs extends RidgeInputs {
  readonly kvShare: number
}

export const contextChunkTokens = formula<ChunkInputs>({
  id: 'contextChunkTokens',
  unit: 'tokens',
  text: 'peakFlopPerSecond / bytesPerSecond * kvShare',
  source:
    'Liu et al. 2023, arXiv:2310.01889 §3: a ring hides its keys and values behind attention on chunks this long; kvShare = width of keys over hidden',
  compute: ({ peakFlopPerSecond, bytesPerSecond, kvShare }) => (peakFlopPerSecond / bytesPerSecond) * kvShare,
})

interface MeshInputs {
  readonly batchTokens: number
  readonly ffn: number
  readonly chips: number
  readonly peakFlopPerSecond: number
  readonly bytesPerSecond: number
}

/** The essay's hard metric, for the best mix of sharded data and tensor parallelism on one kind of link. */
export const computeToCommunication = formula<MeshInputs>({
  id: 'computeToCommunication',
  unit: 'ratio',
  text: 'sqrt(batchTokens * ffn / chips) * bytesPerSecond / (2 * peakFlopPerSecond)',
  source: `${SCALING_BOOK}/training: T_math / T_comms of FSDP and TP at the best split`,
  compute: ({ batchTokens, ffn, chips, bytesPerSecond, peakFlopPerSecond }) =>
    (Math.sqrt((batchTokens * ffn) / chips) * bytesPerSecond) / (2 * peakFlopPerSecond),
})

interface SlopeInputs {
  readonly batchExponent: number
  readonly widthExponent: number
}

export const ratioSlope = formula<SlopeInputs>({
  id: 'ratioSlope',
  unit: 'ratio',
  text: '(batchExponent + widthExponent - 1) / 2',
  source:
    'd ln R / d ln C of computeToCommunication at fixed time, where chips grow as C, batch and width as powers of it',
  compute: ({ batchExponent, widthExponent }) => (batchExponent + widthExponent - 1) / 2,
})

interface DegreeInputs {
  readonly tp: number
  readonly batchTokens: number
  readonly slotTokens: number
  /** Stages over micro-batches. */
  readonly fill: number
}

export const degreeIdentity = formula<DegreeInputs>({
  id: 'degreeIdentity',
  unit: 'count',
  text: 'tp * batchTokens / slotTokens * fill',
  source:
    'dp × cp × pp share one batch of tokens; checked on Llama 3 405B: 8 × 16.8M / 8192 × 1 = 16,384. Dubey et al. 2024, arXiv:2407.21783 table 4',
  compute: ({ tp, batchTokens, slotTokens, fill }) => ((tp * batchTokens) / slotTokens) * fill,
})

interface BubbleInputs {
  readonly stages: number
  readonly microBatches: number
  readonly interleave: number
}

export const bubbleShare = formula<BubbleInputs>({
  id: 'bubbleShare',
  unit: 'ratio',
  text: '(stages - 1) / (interleave * microBatches + stages - 1)',
  source: 'Narayanan et al. 2021, arXiv:2104.04473 §2.2',
  compute: ({ stages, microBatches, interleave }) => (stages - 1) / (interleave * microBatches + stages - 1),
})

/** What a batch offers to split: all its tokens at once, or only its sequences because each runs token by token. */
export type Pool = 'tokens' | 'sequences'

export interface Sharing {
  readonly pool: Pool
  readonly seqLen: number
  readonly activeFraction: number
  /** Stages over micro-batches: 1 is Llama 3's 16 / 16. */
  readonly fill: number
}

export type SplitLimit = 'scale-up domain' | 'width' | 'tokens' | 'sequences' | 'depth and data-parallel bandwidth'

export interface SplitBounds {
  readonly tp: number
  readonly tpLimit: SplitLimit
  /** Tokens of the batch that one slot needs so as not to wait for memory. */
  readonly slotTokens: number
  /** Chips per token of the batch. */
  readonly chipsPerToken: number
  readonly limit: SplitLimit
}

/** How many chips one token of the batch keeps busy, and which limit says so. */
export function splitBounds(machine: Machine, shape: Shape, sharing: Sharing): SplitBounds {
  const { peakFlopPerSecond } = machine
  const width = layerTpLimit.compute({
    hidden: shape.hidden,
    bytesPerSecond: machine.scaleUpBytesPerSecond,
    peakFlopPerSecond,
  })
  const tp = Math.max(1, Math.min(machine.scaleUpDomain, width))
  const ridge = ridgeTokens.compute({ peakFlopPerSecond, bytesPerSecond: machine.hbmBytesPerSecond })
  const tokens = sparseTokens.compute({ tokens: ridge, activeFraction: sharing.activeFraction })
  const slotTokens = sharing.pool === 'tokens' ? tokens : tokens * sharing.seqLen
  const replica = replicaTokens.compute({ peakFlopPerSecond, bytesPerSecond: machine.scaleOutBytesPerSecond })
  const bySlots = sharing.fill / slotTokens
  const byReplicas = (Math.max(1, shape.layers) * sharing.activeFraction) / replica
  return {
    tp,
    tpLimit: width < machine.scaleUpDomain ? 'width' : 'scale-up domain',
    slotTokens,
    chipsPerToken: tp * Math.min(bySlots, byReplicas),
    limit: byReplicas < bySlots ? 'depth and data-parallel bandwidth' : sharing.pool,
  }
}
