/** FLOP of a step as each kind of source counts them: what its TFLOP/s and MFU are to be compared with. */
import { forwardFlopPerToken, modelFlopPerStep, TRAINING_PASSES } from '../engine/flop.ts'
import type { Job } from '../engine/job.ts'
import { countParameters } from '../engine/parameters.ts'
import type { FlopConvention } from '../scenario/schema.ts'

/** Of a frozen model two of three passes are left: forward, and backward for the inputs. */
const frozenShare = 2 / 3

export function flopPerStep({ model, batch }: Job, convention: FlopConvention, recomputesAll: boolean): number {
  const tokens = batch.seqLen * batch.globalBatch
  const full = modelFlopPerStep(model, batch, 'full')
  if (convention === 'causal') return modelFlopPerStep(model, batch, 'causal')
  if (convention === 'hardware') {
    const logits = 2 * model.vocabulary * model.hidden
    return full + (recomputesAll ? tokens * (forwardFlopPerToken(model, batch.seqLen, 'full') - logits) : 0)
  }
  if (convention === 'lora-two-thirds') return full * frozenShare
  if (convention === 'palm-6n') return full + uncountedEmbedding(model) * tokens
  if (convention === 'palm-6n-causal')
    return modelFlopPerStep(model, batch, 'causal') + uncountedEmbedding(model) * tokens
  // Most papers that leave it open take the formula of Megatron-LM or of PaLM, which count attention in full.
  return full
}

/** 6 N counts the embedding table too, unless it is the output matrix already. */
function uncountedEmbedding(model: Job['model']): number {
  return model.tiedEmbeddings ? 0 : 2 * TRAINING_PASSES * countParameters(model).embedding
}
