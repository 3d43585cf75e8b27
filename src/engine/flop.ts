/** Work that the model asks for, whoever does it and however. */
import type { ModelShape } from './job.ts'
import { type LayerKind, layerKinds, meanSpan } from './lower/shape.ts'
import { combiningMatrix, countParameters, type LayerCount } from './parameters.ts'

/** `causal` counts the scores that a causal model needs; `full` the whole square, as many papers do. */
export type AttentionConvention = 'causal' | 'full'

/** A multiplication and an addition. */
const FLOP_PER_WEIGHT = 2

/** The forward pass once, the backward pass twice: for the inputs and for the weights. */
export const TRAINING_PASSES = 3

/**
 * FLOP of one forward pass per token: two per weight in a matrix that the token passes, four per key, query channel and layer in attention,
 * two per weight of the output matrix. Narayanan et al. 2021, arXiv:2104.04473, appendix; Chowdhery et al. 2022
 * (PaLM), arXiv:2204.02311, appendix B. Norms and activations are not counted, as is the custom.
 */
export function forwardFlopPerToken(
  model: ModelShape,
  seqLen: number,
  convention: AttentionConvention = 'causal',
): number {
  const { kinds, pattern } = layerKinds(model)
  const causal = model.causal && convention === 'causal'
  const { layers } = countParameters(model)
  const perKind = kinds.map((kind, index) => {
    const span = meanSpan(seqLen, causal, convention === 'full' ? 0 : kind.window)
    return FLOP_PER_WEIGHT * ((layers[index] as LayerCount).active + mixed(model, kind, span))
  })
  const inLayers = pattern.reduce((sum, kind) => sum + (perKind[kind] as number), 0)
  const transform = model.headTransform ? model.hidden ** 2 : 0
  const atHead = model.predictions * (model.vocabulary * model.hidden + transform)
  return inLayers + FLOP_PER_WEIGHT * (atHead + (model.predictions - 1) * combiningMatrix(model))
}

/**
 * Products of a token with what it is mixed with: keys and values, or a state that is written and read once. (Megatron-LM
 * counts 7 FLOP for each number of the state, where these are 4.) A recurrence and a convolution mix by their weights.
 */
function mixed(model: ModelShape, { mixer }: LayerKind, span: number): number {
  const { heads, headDim, mla, mamba } = model
  if (mixer === 'mamba' && mamba) return 2 * mamba.heads * mamba.headDim * mamba.state
  if (mixer !== 'attention') return 0
  const scoreDim = mla ? mla.plainHeadDim + mla.rotaryHeadDim : headDim
  return heads * (scoreDim + (mla ? mla.valueHeadDim : headDim)) * span
}

export function modelFlopPerStep(
  model: ModelShape,
  batch: { readonly seqLen: number; readonly globalBatch: number },
  convention: AttentionConvention = 'causal',
): number {
  return TRAINING_PASSES * batch.globalBatch * batch.seqLen * forwardFlopPerToken(model, batch.seqLen, convention)
}
