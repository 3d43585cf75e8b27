/**
 * A feed-forward block of experts as operations: route, send tokens to their experts, compute, bring them back. Each rank
 * dispatches its own tokens (Megatron-Core MoE, arXiv:2504.14960; DeepSeek-V3, arXiv:2412.19437 §3.2).
 */
import type { Job, MoeShape } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, linear, traffic } from './build.ts'
import { activation, norm, quantize, residual } from './elementwise.ts'
import { gatedMatmuls } from './mlp.ts'
import type { LocalShape } from './shape.ts'

export function lowerMoe(job: Job, shape: LocalShape, sharding: Sharding, moe: MoeShape): Operation[] {
  const { model, ownTokens } = shape
  const { hidden } = model
  return [
    ...norm('moe.norm', job, ownTokens * hidden),
    ...router(job, ownTokens, moe),
    ...routed(job, ownTokens, sharding, moe),
    ...(moe.sharedFfn > 0 ? shared(job, shape, sharding, moe) : []),
    ...(model.normsPerLayer > 2 ? norm('moe.postNorm', job, ownTokens * hidden) : []),
    ...residual('moe.residual', job, ownTokens * hidden),
  ]
}

/** Scores, softmax, top-k, counts and maps: twelve passes over one score per token and expert. */
const ROUTER_PASSES = 12

function router(job: Job, tokens: number, moe: MoeShape): Operation[] {
  const bytes = ROUTER_PASSES * job.precision.activationBytes * tokens * moe.experts
  const datatype = job.precision.activation
  return [
    ...linear(job, 'moe.router', { tokens, n: moe.experts, k: job.model.hidden, datatype }),
    ...traffic('moe.router.choice', { forward: bytes, backward: bytes, kernels: [8, 8] }),
  ]
}

/** Rows are read and written once to sort them and once to restore them; unfused kernels reach half the bandwidth. */
const PERMUTE_PASSES = { unfused: 4, fused: 2 } as const

function routed(job: Job, ownTokens: number, sharding: Sharding, moe: MoeShape): Operation[] {
  const { hidden, gated } = job.model
  const { ep, etp } = sharding
  const { dispatcher, permute, hidden: overlapped } = job.software.moe
  const elementBytes = job.precision.activationBytes
  const sent = ownTokens * moe.topK
  // With a split width each rank also works on the rows of its partners.
  const rows = sent * etp * moe.imbalance
  const experts = moe.experts / ep
  const ffn = moe.ffn / etp
  const perExpert = rows / experts
  const sorted = PERMUTE_PASSES[permute] * elementBytes * sent * hidden
  const travels = exchange('moe.dispatch', 'ep', elementBytes * sent * hidden * copies(dispatcher, ep, moe), {
    forward: 'all-to-all',
    backward: 'all-to-all',
    hidden: overlapped,
  })
  return [
    ...traffic('moe.permute', { forward: sorted, backward: sorted, kernels: [2, 2] }),
    ...(ep > 1 ? travels : []),
    ...(etp > 1 ? widthExchange('moe.gather', elementBytes * rows * hidden, 'all-gather', 'reduce-scatter') : []),
    ...quantize('moe.quantize', job, rows * hidden),
    ...linear(job, 'moe.up', { tokens: perExpert, n: (gated ? 2 : 1) * ffn, k: hidden, groups: experts }),
    ...activation('moe.activation', job, rows * ffn),
    ...quantize('moe.down.quantize', job, rows * ffn),
    ...linear(job, 'moe.down', { tokens: perExpert, n: hidden, k: ffn, groups: experts }),
    ...(etp > 1 ? widthExchange('moe.scatter', elementBytes * rows * hidden, 'reduce-scatter', 'all-gather') : []),
    ...(ep > 1 ? travels.map((operation) => ({ ...operation, name: 'moe.combine' })) : []),
    ...traffic('moe.unpermute', { forward: sorted, backward: sorted, kernels: [2, 2] }),
  ]
}

type Gathering = 'all-gather' | 'reduce-scatter'

function widthExchange(name: string, bytes: number, forward: Gathering, backward: Gathering): Operation[] {
  return exchange(name, 'etp', bytes, { forward, backward, hidden: 0 })
}

/**
 * Copies of a token on the wire over one per chosen expert. An all-to-all sends one per expert; DeepEP and HybridEP send
 * one to each rank that holds any of them: of n ranks, n·(1 − (1 − 1/n)^k) are hit by k choices.
 */
function copies(dispatcher: string, ep: number, { topK }: MoeShape): number {
  return dispatcher === 'alltoall' ? 1 : (ep * (1 - (1 - 1 / ep) ** topK)) / topK
}

/** A dense block for all tokens of the rank, beside the experts. */
function shared(job: Job, shape: LocalShape, sharding: Sharding, moe: MoeShape): Operation[] {
  const bytes = job.precision.activationBytes * shape.tokens * job.model.hidden
  const gathered = sharding.tp > 1 && sharding.sp
  return [
    ...(gathered
      ? exchange('moe.shared.gather', 'tp', bytes, { forward: 'all-gather', backward: 'reduce-scatter', hidden: 0 })
      : []),
    ...gatedMatmuls('moe.shared', job, shape.tokens, moe.sharedFfn / sharding.tp),
    ...(gathered
      ? exchange('moe.shared.scatter', 'tp', bytes, { forward: 'reduce-scatter', backward: 'all-gather', hidden: 0 })
      : []),
    ...(sharding.tp > 1 && !sharding.sp
      ? exchange('moe.shared.allReduce', 'tp', bytes, { forward: 'all-reduce', hidden: 0 })
      : []),
  ]
}
