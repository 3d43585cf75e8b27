/** The two ends of the model: tokens to vectors, vectors to loss. */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, linear, traffic } from './build.ts'
import { norm } from './elementwise.ts'
import type { LocalShape } from './shape.ts'

const SCATTERED = { forward: 'reduce-scatter', backward: 'all-gather', hidden: 0 } as const

/** A row is read, written and, with dropout or positions, touched once more; backward adds into the table. */
export function lowerEmbedding(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const elements = shape.tokens * shape.model.hidden
  const bytes = job.precision.activationBytes * elements
  return [
    ...traffic('embedding.lookup', { forward: 3 * bytes, backward: 3 * bytes, kernels: [2, 2] }),
    ...(sharding.tp > 1
      ? exchange('embedding.sum', 'tp', bytes, sharding.sp ? SCATTERED : { forward: 'all-reduce', hidden: 0 })
      : []),
    ...(shape.model.embeddingNorm ? norm('embedding.norm', job, shape.ownTokens * shape.model.hidden) : []),
  ]
}

/**
 * Traffic per logit of the cross entropy, in units of one activation (2 bytes in bf16). unfused: Megatron's vocabulary-parallel chain (to float, maximum, subtract,
 * exponential, sum, divide) as written in megatron/core/tensor_parallel/cross_entropy.py; eager: torch's log_softmax and
 * nll_loss in fp32; fused: one kernel that reads the logits and writes their gradient in place (Liger Kernel,
 * arXiv:2410.10989).
 */
const LOSS_PASSES = {
  unfused: { forward: 19, backward: 7 },
  eager: { forward: 10, backward: 7 },
  fused: { forward: 3, backward: 2 },
} as const

/** Once for each token that is predicted at a position (DeepSeek-V3, arXiv:2412.19437 §2.2: modules share the output head). */
export function lowerHead(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const { predictions } = shape.model
  if (predictions === 1) return lowerOutput(job, shape, sharding)
  const tokens = predictions * shape.tokens
  return [
    ...combine(job, shape, sharding),
    ...lowerOutput(job, { ...shape, tokens, ownTokens: predictions * shape.ownTokens }, sharding),
  ]
}

/** Stream and embedding, each normed, to the width of one; split over tensor ranks by columns and gathered again. */
function combine(job: Job, { model, tokens, ownTokens }: LocalShape, { tp, sp }: Sharding): Operation[] {
  const { hidden } = model
  const extra = model.predictions - 1
  const bytes = job.precision.activationBytes * extra * tokens * hidden
  const gathers = { forward: 'all-gather', backward: 'reduce-scatter', hidden: 0 } as const
  return [
    ...norm('head.combine.norm', job, 2 * extra * ownTokens * hidden),
    ...(tp > 1 && sp ? exchange('head.combine.gather', 'tp', 3 * bytes, gathers) : []),
    ...linear(job, 'head.combine', { tokens: extra * tokens, n: hidden / tp, k: 2 * hidden }),
  ]
}

function lowerOutput(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const { model, tokens, ownTokens, vocabulary } = shape
  const loss = LOSS_PASSES[job.software.loss]
  const gathered = sharding.tp > 1 && job.software.logits === 'gathered'
  const logitBytes = job.precision.activationBytes * tokens * (gathered ? model.vocabulary : vocabulary)
  const datatype = job.precision.activation
  return [
    ...(model.finalNorm ? norm('head.norm', job, ownTokens * model.hidden) : []),
    ...(model.headTransform
      ? linear(job, 'head.transform', { tokens, n: model.hidden / sharding.tp, k: model.hidden, datatype })
      : []),
    ...headExchange(job, shape, sharding),
    ...linear(job, 'head.logits', { tokens, n: vocabulary, k: model.hidden, datatype }),
    ...traffic('head.loss', {
      forward: loss.forward * logitBytes,
      backward: loss.backward * logitBytes,
      kernels: [6, 3],
    }),
  ]
}

/** Per token three fp32 numbers, each as wide as two activations: maximum, sum of exponentials, the target's logit. */
const LOSS_SUMS = 6

function headExchange(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  if (sharding.tp === 1) return []
  const bytes = job.precision.activationBytes * shape.tokens * shape.model.hidden
  const gathered = job.software.logits === 'gathered'
  const sums = (gathered ? shape.model.vocabulary : LOSS_SUMS) * job.precision.activationBytes * shape.tokens
  return [
    ...(sharding.sp
      ? exchange('head.gather', 'tp', bytes, { forward: 'all-gather', backward: 'reduce-scatter', hidden: 0 })
      : exchange('head.allReduce', 'tp', bytes, { backward: 'all-reduce', hidden: 0 })),
    ...(gathered
      ? exchange('head.loss.gather', 'tp', sums, { forward: 'all-gather', hidden: 0 })
      : exchange('head.loss.sums', 'tp', sums, { forward: 'all-reduce', hidden: 0 })),
  ]
}
