/**
 * A feed-forward block of experts as operations: route, send tokens to their experts, compute, bring them back. Each rank
 * dispatches its own tokens (Megatron-Core MoE, arXiv:2504.14960; DeepSeek-V3, arXiv:2412.19437 §3.2).
 */
import type { Job, MoeShape, MoeSoftware } from '../job.ts'
import { groupOf } from '../layout.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, type Linear, linear, traffic } from './build.ts'
import { activation, norm, quantize, residual } from './elementwise.ts'
import { gatedMatmuls } from './mlp.ts'
import { expertWidth, type LocalShape } from './shape.ts'

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

/**
 * Rows are read and written to sort them, one by one: at three quarters of the rate of a stream where one kernel does it
 * (0.51 against 0.67 of the peak on B200, https://github.com/MooreThreads/SimuMax, configs/system), and at half of it in
 * PyTorch operators.
 */
const PERMUTE_PASSES = { unfused: 4, fused: 2.6 } as const

/**
 * An all-to-all wants rows sorted by rank, and what arrives sorted again by expert where a rank has several
 * (Megatron-Core, MoEAlltoAllTokenDispatcher); HybridEP sorts in its own kernels.
 */
function permutePasses({ dispatcher, permute }: MoeSoftware, expertsPerRank: number): number {
  if (dispatcher === 'hybridep') return PERMUTE_PASSES.fused
  return PERMUTE_PASSES[permute] * (dispatcher === 'alltoall' && expertsPerRank > 1 ? 2 : 1)
}

function routed(job: Job, ownTokens: number, sharding: Sharding, moe: MoeShape): Operation[] {
  const width = expertWidth(job.model)
  const { ep, etp } = sharding
  const elementBytes = job.precision.activationBytes
  // With a split width each rank also works on the rows of its partners.
  const rows = ownTokens * moe.topK * etp * moe.imbalance
  const travels = ep > 1 ? travel(job, ownTokens, sharding, moe) : []
  return [
    ...narrowing(job, 'moe.latent.down', { tokens: ownTokens, n: moe.latent, k: job.model.hidden }),
    ...sorting('moe.permute', job, ownTokens, ep),
    ...travels,
    ...(etp > 1 ? widthExchange('moe.gather', elementBytes * rows * width, 'all-gather', 'reduce-scatter') : []),
    ...experts(job, rows, sharding, moe),
    ...(etp > 1 ? widthExchange('moe.scatter', elementBytes * rows * width, 'reduce-scatter', 'all-gather') : []),
    ...travels.map((operation) => ({ ...operation, name: 'moe.combine' })),
    ...sorting('moe.unpermute', job, ownTokens, ep),
    ...narrowing(job, 'moe.latent.up', { tokens: ownTokens, n: job.model.hidden, k: moe.latent }),
  ]
}

/** Into the narrower stream of the experts and back (Nemotron 3 white paper, LatentMoE), where there is one. */
function narrowing(job: Job, name: string, shape: Linear): Operation[] {
  if (shape.n * shape.k === 0) return []
  return [...quantize(`${name}.quantize`, job, shape.tokens * shape.k), ...linear(job, name, shape)]
}

/** The two products of each expert and what stands between them. */
function experts(job: Job, rows: number, { ep, etp }: Sharding, moe: MoeShape): Operation[] {
  const { gated } = job.model
  const width = expertWidth(job.model)
  const groups = moe.experts / ep
  const ffn = moe.ffn / etp
  return [
    ...quantize('moe.quantize', job, rows * width),
    ...linear(job, 'moe.up', { tokens: rows / groups, n: (gated ? 2 : 1) * ffn, k: width, groups }),
    ...(moe.clamp ? clamp(job, rows * ffn) : []),
    ...activation('moe.activation', job, rows * ffn),
    ...weighting(job, rows * ffn),
    ...quantize('moe.down.quantize', job, rows * ffn, (gated ? 2 : 1) * rows * ffn),
    ...linear(job, 'moe.down', { tokens: rows / groups, n: width, k: ffn, groups }),
    ...(moe.bias ? bias(job, rows * width, groups) : []),
  ]
}

/**
 * The activation is multiplied by the router's score in the same kernel; the gradient of that score is a sum over the
 * row, for which a second kernel reads the activation's input and gradient again (Megatron-Core,
 * fusions/fused_bias_swiglu.py, weighted_swiglu_back).
 */
function weighting(job: Job, elements: number): Operation[] {
  const passes = job.model.gated ? 3 : 2
  const bytes = passes * elements * job.precision.activationBytes
  return traffic('moe.activation.score', { forward: 0, backward: bytes, kernels: [0, 1] })
}

/**
 * Megatron-Core clamps gate and value one by one and puts them together again before its fused activation
 * (fusions/fused_bias_geglu.py): twice the width is read and written twice, backward two and a half times.
 */
function clamp(job: Job, elements: number): Operation[] {
  const bytes = 2 * elements * job.precision.activationBytes
  return traffic('moe.activation.clamp', { forward: 4 * bytes, backward: 5 * bytes, kernels: [3, 3] })
}

/**
 * The bias of the second product is weighted by the router's fp32 scores, so Megatron-Core adds it expert by expert in
 * fp32 (transformer/moe/experts.py, _apply_bias). Per element, in activations of half that width. Forward: 2 written for
 * the product, 5 moved by the sum, 4 by the concatenation, 3 by the way back; backward: 6 for two conversions, 6 for each
 * of two sums, 2 to join.
 */
const BIAS_PASSES = { forward: 14, backward: 20 } as const
const BIAS_KERNELS = { forward: 3, backward: 7 } as const

function bias(job: Job, elements: number, experts: number): Operation[] {
  const bytes = elements * job.precision.activationBytes
  return traffic('moe.bias', {
    forward: BIAS_PASSES.forward * bytes,
    backward: BIAS_PASSES.backward * bytes,
    kernels: [BIAS_KERNELS.forward * experts, BIAS_KERNELS.backward * experts],
  })
}

/**
 * With a mask of one-hot rows, tokens × (experts × capacity), sorting is a product, and so is its gradient; the way back
 * also has one for the scores in the mask (GShard, Lepikhin et al. 2020, arXiv:2006.16668, Algorithm 2). A sequence is
 * sorted by itself.
 */
function sorting(name: string, job: Job, ownTokens: number, ep: number): Operation[] {
  const moe = job.model.moe as MoeShape
  const width = expertWidth(job.model)
  const { dispatcher } = job.software.moe
  if (dispatcher === 'einsum') {
    const slots = ownTokens * moe.topK * moe.imbalance
    const products = linear(job, name, {
      tokens: slots,
      n: width,
      k: job.batch.seqLen,
      datatype: job.precision.activation,
    })
    return name === 'moe.permute' ? products.filter(({ phase }) => phase !== 'weightGradient') : products
  }
  const sorted =
    permutePasses(job.software.moe, moe.experts / ep) * job.precision.activationBytes * ownTokens * moe.topK * width
  return traffic(name, { forward: sorted, backward: sorted, kernels: [2, 2] })
}

function travel(job: Job, ownTokens: number, { ep, etp }: Sharding, moe: MoeShape): Operation[] {
  const { dispatcher, hidden } = job.software.moe
  const merging = dispatcher === 'deepep' || dispatcher === 'hybridep'
  const { domains } = groupOf(job.cluster, ep, etp)
  // Kernels made for it come to the rate of a ring: 643 to 740 of 900 GB/s on B200, 158 of 200 on H800 (DeepEP, README).
  const ringRate = 1 / job.cluster.scaleUp.allToAllEfficiency
  const copies = merging ? visited(ep, moe) : moe.topK
  return exchange('moe.dispatch', 'ep', job.precision.activationBytes * ownTokens * expertWidth(job.model) * copies, {
    forward: 'all-to-all',
    backward: 'all-to-all',
    // What hides slows the compute beside it.
    hidden: hidden * (1 - job.software.contention),
    rate: merging ? ringRate : 1,
    merged: merging ? visited(domains, moe) / copies : 1,
  })
}

/**
 * Of n places, those that hold any of k experts chosen: n·(1 − (1 − 1/n)^k). DeepEP and HybridEP send a token to a rank
 * once, and over the network once to a domain, whose ranks pass it on (DeepEP, README; NVIDIA HybridEP).
 */
function visited(places: number, { topK }: MoeShape): number {
  return places * (1 - (1 - 1 / places) ** topK)
}

type Gathering = 'all-gather' | 'reduce-scatter'

function widthExchange(name: string, bytes: number, forward: Gathering, backward: Gathering): Operation[] {
  return exchange(name, 'etp', bytes, { forward, backward, hidden: 0 })
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
