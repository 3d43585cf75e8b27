/**
 * A Mamba-2 block as operations: norm, one projection into everything, a short convolution, the scan over chunks, gate and
 * norm, output (Dao and Gu 2024, arXiv:2405.21060 §7 and figure 6). Heads and groups are split over tensor-parallel ranks
 * (§8.1); where there are fewer groups than ranks, each rank keeps a copy of one.
 */
import type { Job, MambaShape } from '../job.ts'
import type { Operation, Phase, Scan } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, linear, traffic } from './build.ts'
import { norm, quantize, residual } from './elementwise.ts'
import { mambaOf } from './pattern.ts'
import type { LocalShape } from './shape.ts'
import { enterBlock, leaveBlock } from './tensor-parallel.ts'

/** Of a rank. */
export interface LocalMamba {
  /** Channels of all its heads. */
  readonly inner: number
  /** Width of what is written to the state and of what is read from it, over its groups. */
  readonly shared: number
  /** All that the first projection makes: gate, input, both of those, a step for each head. */
  readonly projected: number
  readonly groups: number
}

export function localMamba({ heads, headDim, state, groups }: MambaShape, tp: number): LocalMamba {
  const inner = (heads * headDim) / tp
  const local = Math.max(1, groups / tp)
  return { inner, shared: local * state, projected: 2 * inner + 2 * local * state + heads / tp, groups: local }
}

export function lowerMamba(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const { model, tokens, ownTokens } = shape
  const { hidden } = model
  const mamba = mambaOf(model)
  const local = localMamba(mamba, sharding.tp)
  return [
    ...norm('mamba.norm', job, ownTokens * hidden),
    ...quantize('mamba.quantize', job, ownTokens * hidden),
    ...enterBlock('mamba', job, shape, sharding),
    ...linear(job, 'mamba.input', { tokens, n: local.projected, k: hidden }),
    ...contextExchange(job, shape, sharding, mamba),
    ...filter(job, shape, local),
    ...scan(job, shape, local, mamba),
    ...gate(job, tokens * local.inner),
    ...quantize('mamba.output.quantize', job, tokens * local.inner),
    ...linear(job, 'mamba.output', { tokens, n: hidden, k: local.inner }),
    ...leaveBlock('mamba.output', job, shape, sharding),
    ...residual('mamba.residual', job, ownTokens * hidden),
  ]
}

/**
 * Ulysses: heads are traded for tokens, as in attention (Megatron-LM, megatron/core/ssm/mamba_context_parallel.py). Else
 * each rank scans its own tokens and the states at their ends go round (Sun et al. 2025, LASP-2, arXiv:2502.07563), as do
 * the last tokens that the convolution of the next rank looks at.
 */
function contextExchange(job: Job, shape: LocalShape, sharding: Sharding, mamba: MambaShape): Operation[] {
  if (sharding.cp === 1) return []
  const { tokens, sequences } = shape
  const elementBytes = job.precision.activationBytes
  const { inner, shared, projected } = localMamba(mamba, sharding.tp)
  const both = (name: string, kind: 'all-to-all' | 'all-gather' | 'point-to-point', elements: number) =>
    exchange(`mamba.context.${name}`, 'cp', elementBytes * elements, { forward: kind, backward: kind, hidden: 0 })
  if (sharding.cpMode === 'ulysses')
    return [
      ...both('scatterHeads', 'all-to-all', tokens * projected),
      ...both('gatherHeads', 'all-to-all', tokens * inner),
    ]
  return [
    ...both('halo', 'point-to-point', sequences * (mamba.kernel - 1) * (inner + 2 * shared)),
    ...both('states', 'all-gather', WIDE * sharding.cp * sequences * inner * mamba.state),
  ]
}

/** States and scores are kept in fp32: as wide as two activations. */
const WIDE = 2

/** Reads and writes once; backward reads the input and a gradient, and writes two (causal-conv1d, Tri Dao). */
function filter(job: Job, { tokens }: LocalShape, { inner, shared }: LocalMamba): Operation[] {
  const bytes = job.precision.activationBytes * tokens * (inner + 2 * shared)
  return traffic('mamba.convolution', { forward: 2 * bytes, backward: 4 * bytes, kernels: [1, 2] })
}

/** Output times gate, normed in the same kernel. */
function gate(job: Job, elements: number): Operation[] {
  const bytes = job.precision.activationBytes * elements
  return traffic('mamba.gate', { forward: 3 * bytes, backward: 5 * bytes, kernels: [1, 1] })
}

/**
 * Passes over the channels, the states at the ends of chunks and the scores inside them, and kernels: counted from
 * mamba_ssm/ops/triton/ssd_combined.py (github.com/state-spaces/mamba), forward and backward.
 */
const PASSES = {
  forward: { channels: 3, states: 4, scores: 2, shared: 4, kernels: 5 },
  backward: { channels: 9, states: 9, scores: 5, shared: 10, kernels: 13 },
} as const

/**
 * Inside a chunk the scores of its tokens, of which a causal half meets the channels; then the state that it leaves and
 * what the state before it adds (arXiv:2405.21060 §6). Backward does each product twice, and the first and third again.
 */
function scan(job: Job, shape: LocalShape, local: LocalMamba, { state, chunk }: MambaShape): Operation[] {
  const { tokens, localSeqLen } = shape
  const { inner, shared } = local
  const length = Math.min(chunk, localSeqLen)
  const scores = 2 * length * shared
  const left = 2 * state * inner
  const forward = tokens * (scores + length * inner + 2 * left)
  const bytesOf = (passes: (typeof PASSES)[keyof typeof PASSES]) => {
    const narrow = passes.channels * inner + passes.shared * shared
    const wide = (passes.states * inner * state) / length + passes.scores * length * local.groups
    return job.precision.activationBytes * tokens * (narrow + WIDE * wide)
  }
  const pass = (phase: Phase, flop: number, passes: (typeof PASSES)[keyof typeof PASSES]): Scan => ({
    kind: 'scan',
    name: 'mamba.scan',
    phase,
    flop,
    bytes: bytesOf(passes),
    kernels: passes.kernels,
  })
  return [
    pass('forward', forward, PASSES.forward),
    pass('inputGradient', 2 * forward + tokens * (scores + left), PASSES.backward),
  ]
}
