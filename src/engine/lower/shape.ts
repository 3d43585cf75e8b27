/** One layer as a rank sees it. */
import type { Job, ModelShape } from '../job.ts'
import type { Sharding } from '../strategy.ts'

export interface LocalShape {
  readonly model: ModelShape
  /** Tokens of one micro-batch on this rank. */
  readonly tokens: number
  /** Of these, the tokens whose norms and residuals this rank works on: a share under sequence parallelism. */
  readonly ownTokens: number
  /** Sequences of one micro-batch, and the tokens of each on this rank. */
  readonly sequences: number
  readonly localSeqLen: number
  readonly queryWidth: number
  /** Keys and values together. Where there are fewer of these heads than ranks, each rank keeps a copy. */
  readonly keyValueWidth: number
  readonly ffn: number
  /** Columns of the first matmul of the MLP: gate and up, or up alone. */
  readonly ffnColumns: number
  readonly vocabulary: number
}

export function localShape(job: Job, sharding: Sharding): LocalShape {
  const { model, batch } = job
  const { tp, cp, sp, microBatch } = sharding
  const localSeqLen = batch.seqLen / cp
  const tokens = microBatch * localSeqLen
  return {
    model,
    tokens,
    ownTokens: sp ? tokens / tp : tokens,
    sequences: microBatch,
    localSeqLen,
    queryWidth: (model.heads * model.headDim) / tp,
    keyValueWidth: 2 * Math.max(1, model.kvHeads / tp) * model.headDim,
    ffn: model.ffn / tp,
    ffnColumns: ((model.gated ? 2 : 1) * model.ffn) / tp,
    vocabulary: model.vocabulary / tp,
  }
}

/** A kind of layer: they differ in how far back a token looks. */
export interface LayerKind {
  readonly name: 'layer' | 'layer.local'
  /** Tokens in its window; 0 without one. */
  readonly window: number
}

/** The kinds of layer of a model and the kind of each of its layers, first to last. */
export function layerKinds(model: ModelShape): { kinds: readonly LayerKind[]; pattern: readonly number[] } {
  const global: LayerKind = { name: 'layer', window: 0 }
  const local: LayerKind = { name: 'layer.local', window: model.slidingWindow }
  if (model.slidingWindow === 0) return { kinds: [global], pattern: new Array<number>(model.layers).fill(0) }
  if (model.globalEvery === 0) return { kinds: [local], pattern: new Array<number>(model.layers).fill(0) }
  // The last layer of each period looks at everything (Gemma 2 and 3 technical reports).
  const pattern = Array.from({ length: model.layers }, (_, layer) => ((layer + 1) % model.globalEvery === 0 ? 0 : 1))
  return { kinds: [global, local], pattern }
}

/** Keys that a query looks at on average: half the sequence if causal, less in a window. */
export function meanSpan(seqLen: number, causal: boolean, window: number): number {
  const width = window > 0 && window < seqLen ? window : seqLen
  return causal ? width - width ** 2 / (2 * seqLen) : width
}
