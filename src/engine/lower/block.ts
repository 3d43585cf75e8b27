/** The blocks a model is made of, each as the operations of one pass, forward to weight gradient. */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { RecomputeModule, Sharding } from '../strategy.ts'
import { lowerAttention } from './attention.ts'
import { lowerConvolution } from './convolution.ts'
import { lowerEmbedding, lowerHead } from './embedding.ts'
import { lowerLstm } from './lstm.ts'
import { lowerMamba } from './mamba.ts'
import { lowerMlp } from './mlp.ts'
import { lowerMoe } from './moe.ts'
import type { Mixer } from './pattern.ts'
import { type LayerKind, type LocalShape, localShape } from './shape.ts'

export function lowerLayer(job: Job, sharding: Sharding, kind: LayerKind): Operation[] {
  const shape = localShape(job, sharding)
  const mixing = kind.mixer === 'none' ? [] : mixers[kind.mixer](job, shape, sharding, kind)
  const operations = kind.feedForward ? [...mixing, ...lowerFeedForward(job, shape, sharding, kind)] : mixing
  return [...operations, ...recomputed(operations, job, sharding)]
}

type Lower = (job: Job, shape: LocalShape, sharding: Sharding, kind: LayerKind) => Operation[]

const mixers = {
  attention: lowerAttention,
  mamba: lowerMamba,
  lstm: lowerLstm,
  convolution: lowerConvolution,
} satisfies Record<Mixer, Lower>

const lowerFeedForward: Lower = (job, shape, sharding, { experts }) => {
  const { moe } = job.model
  return moe && experts ? lowerMoe(job, shape, sharding, moe) : lowerMlp(job, shape, sharding)
}

export function lowerEnds(job: Job, sharding: Sharding): { embedding: Operation[]; head: Operation[] } {
  const shape = localShape(job, sharding)
  return { embedding: lowerEmbedding(job, shape, sharding), head: lowerHead(job, shape, sharding) }
}

/**
 * What backward does again. full: the whole forward pass of the layer, its communication included; selective: the
 * modules named (Korthikanti et al. 2022, arXiv:2205.05198 §5: the core of attention, whose scores are large and cheap).
 */
function recomputed(operations: readonly Operation[], job: Job, sharding: Sharding): Operation[] {
  const { recompute, recomputeModules } = sharding
  if (recompute === 'none') return []
  // A norm behind the last product wants its result after all.
  const stops = job.software.recomputeStops && job.model.normsPerLayer <= 2
  const again = (name: string) =>
    recompute === 'full'
      ? !(stops && NOT_NEEDED.test(name))
      : recomputeModules.some((module) => REDONE[module].test(name))
  return operations
    .filter(({ phase, name }) => phase === 'forward' && again(name))
    .map((operation) => ({ ...operation, phase: 'recompute' }))
}

/**
 * What follows the last input that a gradient needs. PyTorch's checkpoint without reentrance stops once it has that
 * (github.com/pytorch/pytorch, pull request 96866, in 2.1); Megatron runs the whole layer.
 */
const NOT_NEEDED = /^mlp\.(down(\.scatter|\.allReduce)?|residual(\.dropout)?)$/

/** The operations of each module, by name. */
const REDONE: Record<RecomputeModule, RegExp> = {
  core_attn: /^attention\.(core|softmax)$/,
  mla_up_proj: /^attention\.(query\.up|keyValue\.up|rotary)$/,
  layernorm: /\.(norm|postNorm|qkNorm)$/,
  mlp: /^mlp\.(up|activation|down)/,
  moe: /^moe\./,
  moe_act: /^moe\.activation(\.clamp)?$/,
  shared_experts: /^moe\.shared\./,
  every_other_matmul: /\.(norm|rotary|activation)$|^attention\.qkv$|^mlp\.down$/,
}
