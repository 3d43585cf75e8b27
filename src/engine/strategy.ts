/** A strategy is two halves: what decides the price of a layer, and how layers are spread over what remains. */

export const recomputes = ['none', 'selective', 'full'] as const
export type Recompute = (typeof recomputes)[number]

/** Parts of a layer, by Megatron-Core's names; `every_other_matmul` is torchtitan's selective checkpointing by operator. */
export const recomputeModules = [
  'core_attn',
  'mla_up_proj',
  'layernorm',
  'mlp',
  'moe',
  'moe_act',
  'shared_experts',
  'every_other_matmul',
] as const
export type RecomputeModule = (typeof recomputeModules)[number]

export const cpModes = ['ring', 'all-gather', 'ulysses'] as const
export type CpMode = (typeof cpModes)[number]

export const schedules = ['gpipe', '1f1b', 'interleaved', 'zero-bubble', 'v-min', 'v-half', 'zb-v', 'dualpipe'] as const
export type ScheduleKind = (typeof schedules)[number]

export const vocabularyPlaces = ['ends', 'stages'] as const
export type VocabularyPlace = (typeof vocabularyPlaces)[number]

/** What decides the price of a layer. */
export interface Sharding {
  readonly tp: number
  /** Megatron sequence parallelism: norms and residuals are split over the tp ranks too. */
  readonly sp: boolean
  readonly cp: number
  readonly cpMode: CpMode
  /** Sequences per rank and pass. */
  readonly microBatch: number
  readonly recompute: Recompute
  /** What selective recomputation computes again. */
  readonly recomputeModules: readonly RecomputeModule[]
  /** Ranks over which experts are spread, and over which each expert's width is. */
  readonly ep: number
  readonly etp: number
  /** Tensor-parallel communication is cut up and hidden behind its own matmuls (userbuffers, async TP). */
  readonly overlapTp: boolean
}

/** How layers and batch are spread over what remains. */
export interface Split {
  readonly pp: number
  /** Chunks of layers per stage. */
  readonly vpp: number
  readonly schedule: ScheduleKind
  /** Embedding and output matrix: on the first and last stage, or in equal parts on all stages. */
  readonly vocabulary: VocabularyPlace
  readonly dp: number
  /** 0: replicas; 1: optimizer state sharded; 2: gradients too; 3: weights too (FSDP). */
  readonly zero: 0 | 1 | 2 | 3
  /** Ranks over which ZeRO shards; fewer than dp × cp means replicas of the shards (HSDP). */
  readonly shardRanks: number
  readonly overlapGradients: boolean
  readonly overlapWeights: boolean
  readonly overlapPp: boolean
  /** Layers of each chunk in model order (pp × vpp entries); empty: as even as can be. */
  readonly layersPerChunk: readonly number[]
}

export type Strategy = Sharding & Split

/** Micro-batches that one data-parallel rank runs in a step. */
export function microBatchesOf(globalBatch: number, strategy: Pick<Strategy, 'dp' | 'microBatch'>): number {
  return globalBatch / (strategy.dp * strategy.microBatch)
}
