/** How many weights a model has, to the last digit. */
import type { MlaShape, ModelShape } from './job.ts'
import { type LayerKind, layerKinds } from './lower/shape.ts'

/** Of one layer. */
export interface LayerCount {
  /** All but the experts. */
  readonly dense: number
  readonly experts: number
  /** Of all these, the ones in matrices that a token passes: each costs two FLOP per token. */
  readonly active: number
}

export interface ParameterCount {
  /** By kind of layer, in the order of `layerKinds`. */
  readonly layers: readonly LayerCount[]
  /** Token, position and segment tables and the norm after them. */
  readonly embedding: number
  /** Final norm, transform, output matrix where it is not the embedding's, pooler. */
  readonly head: number
  readonly total: number
}

/** Weights of the whole model (not of a rank). Vaswani et al. 2017, arXiv:1706.03762; Devlin et al. 2019 for encoders. */
export function countParameters(model: ModelShape): ParameterCount {
  const { kinds, pattern } = layerKinds(model)
  const layers = kinds.map((kind) => countLayer(model, kind))
  const embedding = embeddingParameters(model)
  const head = headParameters(model)
  const inLayers = pattern.reduce((sum, kind) => sum + sizeOf(layers[kind] as LayerCount), 0)
  return { layers, embedding, head, total: inLayers + embedding + head }
}

export function sizeOf({ dense, experts }: LayerCount): number {
  return dense + experts
}

function countLayer(model: ModelShape, kind: LayerKind): LayerCount {
  const attention = attentionMatrices(model)
  const { moe, hidden } = model
  if (!moe || !kind.experts) {
    const matrices = attention + mlpMatrices(model, model.ffn)
    return { dense: matrices + biases(model) + norms(model), experts: 0, active: matrices }
  }
  const expert = mlpMatrices(model, moe.ffn)
  const always = attention + hidden * moe.experts + mlpMatrices(model, moe.sharedFfn)
  return { dense: always + norms(model), experts: moe.experts * expert, active: always + moe.topK * expert }
}

function attentionMatrices(model: ModelShape): number {
  const { hidden, heads, kvHeads, headDim, mla } = model
  return mla ? latentMatrices(model, mla) : hidden * headDim * (heads + 2 * kvHeads) + heads * headDim * hidden
}

function latentMatrices({ hidden, heads }: ModelShape, mla: MlaShape): number {
  const { queryRank, keyValueRank, plainHeadDim, rotaryHeadDim, valueHeadDim } = mla
  const queryWidth = heads * (plainHeadDim + rotaryHeadDim)
  const query = queryRank > 0 ? hidden * queryRank + queryRank * queryWidth : hidden * queryWidth
  const keyValue = hidden * (keyValueRank + rotaryHeadDim) + keyValueRank * heads * (plainHeadDim + valueHeadDim)
  return query + keyValue + heads * valueHeadDim * hidden
}

function mlpMatrices({ hidden, gated }: ModelShape, ffn: number): number {
  return (gated ? 3 : 2) * hidden * ffn
}

function biases({ bias, hidden, heads, kvHeads, headDim, ffn, gated }: ModelShape): number {
  const qkv = headDim * (heads + 2 * kvHeads)
  if (bias === 'none') return 0
  return bias === 'qkv' ? qkv : qkv + hidden + (gated ? 2 : 1) * ffn + hidden
}

function normSize({ norm, hidden }: ModelShape): number {
  return norm === 'layernorm' ? 2 * hidden : hidden
}

function norms(model: ModelShape): number {
  const latent = model.mla ? model.mla.queryRank + model.mla.keyValueRank : 0
  return model.normsPerLayer * normSize(model) + (model.qkNorm ? 2 * model.headDim : 0) + latent
}

function embeddingParameters(model: ModelShape): number {
  const rows = model.vocabulary + (model.positions === 'learned' ? model.maxPositions : 0) + model.tokenTypes
  return rows * model.hidden + (model.embeddingNorm ? normSize(model) : 0)
}

function headParameters(model: ModelShape): number {
  const { hidden, vocabulary, tiedEmbeddings, finalNorm, headTransform, pooler } = model
  return (
    (finalNorm ? normSize(model) : 0) +
    (headTransform ? hidden * hidden + hidden + normSize(model) + vocabulary : 0) +
    (tiedEmbeddings ? 0 : vocabulary * hidden) +
    (pooler ? hidden * hidden + hidden : 0)
  )
}
