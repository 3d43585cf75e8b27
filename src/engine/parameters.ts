/** How many weights a model has, to the last digit. */
import type { ModelShape } from './job.ts'

export interface ParameterCount {
  readonly layer: number
  /** Of those in one layer, the ones in matrices: each costs two FLOP per token. */
  readonly layerMatrices: number
  /** Token, position and segment tables and the norm after them. */
  readonly embedding: number
  /** Final norm, transform, output matrix where it is not the embedding's, pooler. */
  readonly head: number
  readonly total: number
}

/** Weights of the whole model (not of a rank). Vaswani et al. 2017, arXiv:1706.03762; Devlin et al. 2019 for encoders. */
export function countParameters(model: ModelShape): ParameterCount {
  const layerMatrices = attentionMatrices(model) + mlpMatrices(model)
  const layer = layerMatrices + biases(model) + norms(model)
  const embedding = embeddingParameters(model)
  const head = headParameters(model)
  return { layer, layerMatrices, embedding, head, total: model.layers * layer + embedding + head }
}

function attentionMatrices({ hidden, heads, kvHeads, headDim }: ModelShape): number {
  return hidden * headDim * (heads + 2 * kvHeads) + heads * headDim * hidden
}

function mlpMatrices({ hidden, ffn, gated }: ModelShape): number {
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
  return model.normsPerLayer * normSize(model) + (model.qkNorm ? 2 * model.headDim : 0)
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
