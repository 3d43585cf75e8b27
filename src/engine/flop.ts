/** Work that the model asks for, whoever does it and however. */
import type { ModelShape } from './job.ts'
import { layerKinds, meanSpan } from './lower/shape.ts'
import { countParameters } from './parameters.ts'

/** `causal` counts the scores that a causal model needs; `full` the whole square, as many papers do. */
export type AttentionConvention = 'causal' | 'full'

/** A multiplication and an addition. */
const FLOP_PER_WEIGHT = 2

/** The forward pass once, the backward pass twice: for the inputs and for the weights. */
export const TRAINING_PASSES = 3

/**
 * FLOP of one forward pass per token: two per weight in a matrix, four per key, query channel and layer in attention,
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
  const perKind = kinds.map(
    ({ window }) => 4 * model.heads * model.headDim * meanSpan(seqLen, causal, convention === 'full' ? 0 : window),
  )
  const attention = pattern.reduce((sum, kind) => sum + (perKind[kind] ?? 0), 0)
  const transform = model.headTransform ? model.hidden ** 2 : 0
  const weights = model.layers * countParameters(model).layerMatrices + model.vocabulary * model.hidden + transform
  return FLOP_PER_WEIGHT * weights + attention
}

export function modelFlopPerStep(
  model: ModelShape,
  batch: { readonly seqLen: number; readonly globalBatch: number },
  convention: AttentionConvention = 'causal',
): number {
  return TRAINING_PASSES * batch.globalBatch * batch.seqLen * forwardFlopPerToken(model, batch.seqLen, convention)
}
