/** What fills the memory of a GPU at the worst moment of a step, stage by stage. Byte counts are those of one rank. */
import { heldAtOnce, heldBytes, layerBytes, momentBytes, returnedBytes } from './activations.ts'
import type { Job, ModelShape } from './job.ts'
import { expertWidth } from './lower/shape.ts'
import { optimizerStateBytes, shardsOf } from './optimizer/state.ts'
import { countParameters } from './parameters.ts'
import { scheduleTable } from './schedule/table.ts'
import type { Stage } from './stages.ts'
import { microBatchesOf, type Sharding, type Strategy } from './strategy.ts'

export interface StageMemory {
  readonly stage: number
  readonly weights: number
  readonly gradients: number
  readonly optimizerState: number
  /** Kept for the backward pass, by all micro-batches in flight. */
  readonly activations: number
  /** Of the moment: gathered layers, gradients of activations, logits. */
  readonly working: number
  /** What the allocator loses to rounding, and what driver and communicators hold. */
  readonly reserved: number
  /** Blocks that the allocator keeps from earlier in the step: it gives them back before it runs out. */
  readonly cached: number
  /** Tensors alone, as `torch.cuda.max_memory_allocated` counts them. */
  readonly allocated: number
  readonly peak: number
}

export function fillMemory(job: Job, strategy: Strategy, stages: readonly Stage[]): StageMemory[] {
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const shape = { pp: strategy.pp, vpp: strategy.vpp, microBatches }
  const needs = layerBytes(job, strategy)
  const shapes = weightShapes(job.model)
  const reserve = reserveOf(job, strategy, strategy)
  return stages.map((stage, index) => {
    const inFlight = heldAtOnce(scheduleTable[strategy.schedule].inFlight(shape, index), stage, microBatches)
    const held = inFlight * heldBytes(needs, stage, strategy.pp) + needs.again
    const activations = held + returnedBytes(needs, stage, shape)
    const moment = momentBytes(needs, stage)
    const beside = moment + gatheredBytes(job, strategy, stage, shapes)
    const widened = widenedBytes(job, strategy, stage)
    const working = workingBytes(beside, widened, activations)
    const reserved = reservedBytes(reserve, activations + moment)
    // A flat copy finds no block of its size among those of activations, and gets one from the device.
    const cached = job.software.ownGradients ? beside + widened - working : 0
    return fillStage(index, stateBytes(job, strategy, stage), { activations, working, reserved, cached })
  })
}

export type States = Pick<StageMemory, 'weights' | 'gradients' | 'optimizerState'>
type Others = Pick<StageMemory, 'activations' | 'working' | 'reserved' | 'cached'>

function fillStage(stage: number, states: States, others: Others): StageMemory {
  const { weights, gradients, optimizerState } = states
  const { activations, working, reserved, cached } = others
  const allocated = weights + gradients + optimizerState + activations + working
  return {
    stage,
    weights,
    gradients,
    optimizerState,
    activations,
    working,
    reserved,
    cached,
    allocated,
    peak: allocated + reserved,
  }
}

/** What lies beside the tensors. */
export interface Reserve {
  /** Driver context, communicators, buckets. */
  readonly fixed: number
  /** Lost to gaps, as a share of activations and what goes with them: states are allocated once and leave none. */
  readonly share: number
}

/**
 * Each group of ranks has a communicator with buffers of its own; the first is in what the device reserves. Passes that
 * take turns (pipeline, recomputation) free tensors in another order than they made them, and leave gaps, and so do
 * experts, whose rows differ from step to step; one forward and one backward pass do not: GMLake (Guo et al. 2024,
 * arXiv:2401.08156) §2.3.
 */
export function reserveOf(
  { model, cluster, software, calibration }: Job,
  { tp, cp, ep, recompute }: Sharding,
  { pp, dp }: Pick<Strategy, 'pp' | 'dp'>,
): Reserve {
  // XLA plans where tensors lie, and its collectives need no buffers of their own.
  const planned = software.tensors === 'xla'
  const groups = planned ? 0 : Number(tp > 1) + Number(cp > 1) + Number(ep > 1) + Number(pp > 1) + Number(dp > 1)
  const communicators = groups * calibration.communicatorBytes
  return {
    fixed: cluster.device.reservedBytes + software.moduleBytes + software.bufferBytes + communicators,
    share: planned || pp > 1 || recompute === 'full' || model.moe ? software.fragmentation : calibration.fragmentation,
  }
}

export const reservedBytes = ({ fixed, share }: Reserve, moving: number): number => fixed + share * moving

/** The update comes when the activations are gone: what it needs may take their room. */
export function workingBytes(beside: number, widened: number, activations: number): number {
  return Math.max(beside, widened - activations)
}

/** ZeRO 1 shards the optimizer's state, 2 the gradients too, 3 the weights too: Rajbhandari et al. 2019, arXiv:1910.02054. */
export function stateBytes(job: Job, strategy: Strategy, stage: Stage): States {
  const { weightBytes, gradientBytes } = job.precision
  const { zero, shardRanks, tp, cp, dp, ep, etp } = strategy
  const expertRanks = (tp * cp * dp) / (ep * etp)
  const held = ({ parameters, expertParameters }: Stage['trained'], from: number) =>
    zero >= from ? parameters / shardRanks + expertParameters / expertRanks : parameters + expertParameters
  const own = job.software.ownGradients && gradientBytes > weightBytes ? weightBytes : 0
  return {
    weights: held(stage, 3) * weightBytes,
    gradients: held(stage.trained, 2) * (gradientBytes + own),
    optimizerState: optimizerStateBytes(job, strategy, stage),
  }
}

/**
 * Gradients that are summed in 16 bits become fp32 for the update, as many as a rank updates: main_param.grad in
 * megatron/optimizer. DeepSpeed makes one flat tensor of them first (stage_1_and_2.py, step), and sends sums in fp32 as
 * bf16, from one copy of them all (communication_data_type and allreduce_bucket in runtime/engine.py).
 */
export function widenedBytes({ precision, software }: Job, strategy: Strategy, stage: Stage): number {
  const { gradientBytes, masterBytes, weightBytes } = precision
  const flat = software.ownGradients
  if (masterBytes > gradientBytes) {
    const { parameters, expertParameters } = shardsOf(strategy, stage)
    return (parameters + expertParameters) * (masterBytes + (flat ? gradientBytes : 0))
  }
  const sent = flat && gradientBytes > weightBytes && strategy.zero < 2 && strategy.dp * strategy.cp > 1
  return sent ? (stage.trained.parameters + stage.trained.expertParameters) * weightBytes : 0
}

/** Gathered at once by ZeRO 3: what is at work and the next. */
const GATHERED = 2

/**
 * The partitioner of XLA works operation by operation (GSPMD, Xu et al. 2021, arXiv:2105.04663), so that matrices are
 * gathered, not layers. That the gradient of one is as wide before it is scattered is our reading: no public page says
 * what stands at once.
 */
function largestMatrix({ hidden, ffn, heads, headDim, moe }: ModelShape, { tp, ep }: Sharding): number {
  const experts = moe ? (moe.experts * hidden * moe.ffn) / ep : 0
  return Math.max(hidden * Math.max(ffn, heads * headDim), experts) / tp
}

/** What stands beside them: layers that ZeRO 3 has gathered, gradients that a chunk has not scattered, placeholders. */
export function gatheredBytes(job: Job, strategy: Strategy, stage: Stage, shapes: number): number {
  const { precision, software, model } = job
  const { weightBytes, gradientBytes, gradientWireBytes, activationBytes } = precision
  const others = 1 - 1 / strategy.shardRanks
  const depth = stage.layers.reduce((sum, n) => sum + n, 0)
  const layer = depth > 0 ? (stage.layerParameters + stage.expertParameters) / depth : 0
  if (software.tensors === 'xla' && strategy.zero === 3 && strategy.pp === 1)
    return others * largestMatrix(model, strategy) * (GATHERED + 1) * weightBytes
  const inTurn = strategy.zero === 3 && strategy.pp === 1 ? GATHERED * weightBytes + gradientWireBytes : 0
  // In a pipeline FSDP gathers a stage once a step: PyTorch's stages reshard and reduce after the last micro-batch alone.
  const atOnce = strategy.zero === 3 && strategy.pp > 1 ? stage.parameters * others : 0
  const sent = atOnce > 0 ? layer * gradientWireBytes : 0
  const gathered = layer * inTurn + atOnce * (weightBytes + gradientBytes) + sent
  // A chunk of a pipeline sums its micro-batches before it scatters.
  const kept = strategy.zero === 2 && strategy.pp > 1 ? stage.layerParameters / strategy.vpp : 0
  const summed = Math.min(kept, stage.parameters * others) * gradientBytes
  const placeholders = strategy.zero < 3 ? shapes / strategy.tp : 0
  return gathered + summed + placeholders * activationBytes
}

/**
 * Where the weight gradient is summed in place, autograd still wants a tensor of its shape: Transformer Engine keeps one
 * for each shape of weight in a layer (get_dummy_wgrad), and the output matrix makes one of its own while it runs.
 */
export function weightShapes(model: ModelShape): number {
  const { layers } = countParameters(model)
  const expert = model.moe ? (model.gated ? 3 : 2) * expertWidth(model) * model.moe.ffn : 0
  return Math.max(...layers.map(({ dense, experts }) => dense + (experts > 0 ? expert : 0)))
}
