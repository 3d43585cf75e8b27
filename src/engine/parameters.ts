/** How many weights a model has, to the last digit. */
import { remember } from '../base/remember.ts'
import type { MlaShape, ModelShape } from './job.ts'
import { convolutionOf, lstmOf, type Mixer, mambaOf } from './lower/pattern.ts'
import { expertWidth, type LayerKind, layerKinds } from './lower/shape.ts'

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
export const countParameters = remember((model: ModelShape): ParameterCount => {
  const { kinds, pattern } = layerKinds(model)
  const layers = kinds.map((kind) => countLayer(model, kind))
  const embedding = embeddingParameters(model)
  const head = headParameters(model)
  const inLayers = pattern.reduce((sum, kind) => sum + sizeOf(layers[kind] as LayerCount), 0)
  return { layers, embedding, head, total: inLayers + embedding + head }
})

export function sizeOf({ dense, experts }: LayerCount): number {
  return dense + experts
}

function countLayer(model: ModelShape, kind: LayerKind): LayerCount {
  const mixing = kind.mixer === 'none' ? NOTHING : mixers[kind.mixer](model, kind)
  const feeding = kind.feedForward ? countFeedForward(model, kind) : NOTHING
  return {
    dense: mixing.dense + feeding.dense,
    experts: feeding.experts,
    active: mixing.active + feeding.active,
  }
}

const NOTHING: LayerCount = { dense: 0, experts: 0, active: 0 }

/** Matrices that every token passes, and beside them what costs no product: biases, norms, short filters. */
const dense = (matrices: number, others: number): LayerCount => ({
  dense: matrices + others,
  experts: 0,
  active: matrices,
})

const mixers = {
  attention: countAttention,
  mamba: countMamba,
  lstm: countLstm,
  convolution: countConvolution,
} satisfies Record<Mixer, (model: ModelShape, kind: LayerKind) => LayerCount>

function countAttention(model: ModelShape, { experts }: LayerKind): LayerCount {
  const { bias, hidden, heads, kvHeads, headDim, mla, qkNorm } = model
  const latent = mla ? mla.queryRank + mla.keyValueRank : 0
  const qkv = bias === 'none' || experts ? 0 : headDim * (heads + 2 * kvHeads)
  const output = bias === 'all' && !experts ? hidden : 0
  return dense(attentionMatrices(model), qkv + output + blockNorms(model) + (qkNorm ? 2 * headDim : 0) + latent)
}

function countFeedForward(model: ModelShape, kind: LayerKind): LayerCount {
  const { moe, hidden, ffn, gated, bias } = model
  if (!moe || !kind.experts) {
    const biases = bias === 'all' ? (gated ? 2 : 1) * ffn + hidden : 0
    return dense(mlpMatrices(model, ffn), biases + blockNorms(model))
  }
  const width = expertWidth(model)
  const expert = mlpMatrices({ hidden: width, gated }, moe.ffn) + (moe.bias ? (gated ? 2 : 1) * moe.ffn + width : 0)
  const always = hidden * (moe.experts + 2 * moe.latent) + mlpMatrices(model, moe.sharedFfn)
  return { dense: always + blockNorms(model), experts: moe.experts * expert, active: always + moe.topK * expert }
}

/** Beside the products: the convolution with its bias, of each head decay, step and skip, and a norm over the gated output. */
function countMamba(model: ModelShape): LayerCount {
  const { hidden, bias } = model
  const { heads, headDim, state, groups, kernel } = mambaOf(model)
  const inner = heads * headDim
  const projected = 2 * inner + 2 * groups * state + heads
  const filtered = inner + 2 * groups * state
  const biases = bias === 'all' ? projected + hidden : 0
  return dense(hidden * (projected + inner), filtered * (kernel + 1) + 3 * heads + inner + biases + blockNorms(model))
}

/** Four gates see the input and what the layer said of the token before; a projection where cells are not the stream. */
function countLstm(model: ModelShape): LayerCount {
  const { hidden, bias } = model
  const { cells } = lstmOf(model)
  const projection = cells === hidden ? 0 : cells * hidden
  return dense(8 * cells * hidden + projection, (bias === 'none' ? 0 : 4 * cells) + blockNorms(model))
}

function countConvolution(model: ModelShape): LayerCount {
  const { hidden, bias } = model
  const { kernel, channels, groups, gated } = convolutionOf(model)
  const width = channels || hidden
  const made = (gated ? 2 : 1) * width
  const filters = (kernel * width * made) / groups
  const pointwise = channels === 0 ? 0 : 2 * hidden * channels
  const biases = bias === 'all' ? made + (channels === 0 ? 0 : channels + hidden) : 0
  // A depthwise filter moves more than it multiplies.
  const depthwise = groups === width
  return dense(pointwise + (depthwise ? 0 : filters), (depthwise ? filters : 0) + biases + blockNorms(model))
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

function mlpMatrices({ hidden, gated }: Pick<ModelShape, 'hidden' | 'gated'>, ffn: number): number {
  return (gated ? 3 : 2) * hidden * ffn
}

function normSize({ norm, hidden }: ModelShape): number {
  return norm === 'layernorm' ? 2 * hidden : hidden
}

/** Half of a layer's norms stand at attention, half at the feed-forward block. */
function blockNorms(model: ModelShape): number {
  return (model.normsPerLayer / 2) * normSize(model)
}

function embeddingParameters(model: ModelShape): number {
  const rows = model.vocabulary + (model.positions === 'learned' ? model.maxPositions : 0) + model.tokenTypes
  return rows * model.hidden + (model.embeddingNorm ? normSize(model) : 0)
}

/**
 * For each prediction beyond the next token a norm over the stream, one over the embedding of the token before and a
 * matrix from both to the width of one, ahead of its layer, and a norm behind it: DeepSeek-V3, arXiv:2412.19437 §2.2.
 */
export const combiningMatrix = ({ hidden }: ModelShape): number => 2 * hidden * hidden

function headParameters(model: ModelShape): number {
  const { hidden, vocabulary, predictions, tiedEmbeddings, finalNorm, headTransform, pooler } = model
  return (
    (predictions - 1) * (combiningMatrix(model) + 3 * normSize(model)) +
    (finalNorm ? normSize(model) : 0) +
    (headTransform ? hidden * hidden + hidden + normSize(model) + vocabulary : 0) +
    (tiedEmbeddings ? 0 : vocabulary * hidden) +
    (pooler ? hidden * hidden + hidden : 0)
  )
}
