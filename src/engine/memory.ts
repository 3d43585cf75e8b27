/** What fills the memory of a GPU at the worst moment of a step, stage by stage. Byte counts are those of one rank. */
import type { Job } from './job.ts'
import { type LocalShape, localShape } from './lower/shape.ts'
import { countParameters } from './parameters.ts'
import { scheduleTable } from './schedule/schedule.ts'
import type { Stage } from './stages.ts'
import { microBatchesOf, type Strategy } from './strategy.ts'

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
  /** Tensors alone, as `torch.cuda.max_memory_allocated` counts them. */
  readonly allocated: number
  readonly peak: number
}

export function fillMemory(job: Job, strategy: Strategy, stages: readonly Stage[]): StageMemory[] {
  const shape = localShape(job, strategy)
  return stages.map((stage, index) => fillStage(job, strategy, shape, stage, index))
}

function fillStage(job: Job, strategy: Strategy, shape: LocalShape, stage: Stage, index: number): StageMemory {
  const states = stateBytes(job, strategy, stage)
  const activations = heldActivations(job, strategy, shape, stage, index)
  const working = workingBytes(job, strategy, shape, stage)
  const allocated = states.weights + states.gradients + states.optimizerState + activations + working
  const reserved = allocated * job.calibration.fragmentation + job.cluster.device.reservedBytes
  return { stage: index, ...states, activations, working, reserved, allocated, peak: allocated + reserved }
}

/** ZeRO 1 shards the optimizer's state, 2 the gradients too, 3 the weights too: Rajbhandari et al. 2019, arXiv:1910.02054. */
function stateBytes({ precision, optimizer }: Job, { zero, shardRanks }: Strategy, { parameters }: Stage) {
  const share = (stage: number) => (zero >= stage ? 1 / shardRanks : 1)
  return {
    weights: parameters * precision.weightBytes * share(3),
    gradients: parameters * precision.gradientBytes * share(2),
    optimizerState: parameters * (precision.masterBytes + optimizer.stateBytes) * share(1),
  }
}

function heldActivations(job: Job, strategy: Strategy, shape: LocalShape, stage: Stage, index: number): number {
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const inFlight = scheduleTable[strategy.schedule].inFlight(
    { pp: strategy.pp, vpp: strategy.vpp, microBatches },
    index,
  )
  const layers = stage.layers.reduce((sum, n) => sum + n, 0)
  const perLayer = layerActivations(job, strategy, shape)
  // A stage keeps what it sends until the transfer is done.
  const output =
    strategy.pp > 1 && stage.head === 0 ? shape.ownTokens * shape.model.hidden * job.precision.activationBytes : 0
  const oneLayer = strategy.recompute === 'full' ? savedTensors(job, strategy, shape) : 0
  return inFlight * (layers * perLayer + output) + oneLayer
}

/** Of one layer and micro-batch: its input alone under full recomputation. */
function layerActivations(job: Job, strategy: Strategy, shape: LocalShape): number {
  return strategy.recompute === 'full'
    ? shape.ownTokens * shape.model.hidden * job.precision.activationBytes
    : savedTensors(job, strategy, shape)
}

/** Beside its output, attention keeps one fp32 number per row and head: as wide as two activations. */
const ROW_SUMS = 2

/**
 * What backward needs of a layer, in elements: inputs of norms (2 hidden) and of the matmuls after them (2 hidden), query,
 * key and value, the output of attention and its row sums, the MLP's inner results (gate, up and product, or before and
 * after GELU), dropout masks at half the width. With unfused attention and dropout this is Korthikanti et al. 2022,
 * arXiv:2205.05198, eq. 1: s·b·h·(34 + 5·a·s/h) bytes.
 */
function savedTensors(job: Job, strategy: Strategy, shape: LocalShape): number {
  const { model, tokens, ownTokens, queryWidth, keyValueWidth, ffn } = shape
  const { activationBytes, matmulBytes } = job.precision
  const stream = ownTokens * model.hidden
  const own = stream * (2 + (model.dropout ? 1 : 0) + (model.normsPerLayer - 2))
  const attention = tokens * (queryWidth + keyValueWidth) + (ROW_SUMS * tokens * queryWidth) / model.headDim
  const inner = tokens * ffn * (model.gated ? 2 : 1)
  const scores = job.software.attention === 'unfused' && strategy.recompute === 'none' ? savedScores(job, shape) : 0
  // Inputs of the linear layers: in fp8 where these run in fp8.
  const inputs = 2 * stream + tokens * (queryWidth + ffn)
  return (own + attention + inner + scores) * activationBytes + inputs * matmulBytes
}

/** Softmax's result, and with dropout its result and mask. */
function savedScores(job: Job, { model, sequences, localSeqLen, queryWidth }: LocalShape): number {
  const scores = (sequences * localSeqLen * job.batch.seqLen * queryWidth) / model.headDim
  return scores * (model.dropout ? 2.5 : 1)
}

/** Elements per logit on the last stage: logits and gradient in place; with copies in fp32 unless the loss is fused. */
const LOGIT_COPIES = { fused: 2, eager: 5, unfused: 5 } as const

/** Layers gathered at once by ZeRO 3: the one at work and the next. */
const GATHERED_LAYERS = 2

function workingBytes(job: Job, strategy: Strategy, shape: LocalShape, stage: Stage): number {
  const { model, tokens, ffn, vocabulary } = shape
  const { activationBytes, weightBytes, gradientBytes, gradientWireBytes } = job.precision
  const layer = countParameters(model).layer / strategy.tp
  const widest = (model.hidden * model.ffn * (model.gated ? 2 : 1)) / strategy.tp
  const gradients = tokens * (ffn * (model.gated ? 3 : 2) + 2 * model.hidden) + widest
  const logits = stage.head * (tokens * vocabulary * LOGIT_COPIES[job.software.loss] + tokens * model.hidden)
  const gathered = strategy.zero === 3 ? layer * (GATHERED_LAYERS * weightBytes + gradientWireBytes) : 0
  // A chunk of a pipeline sums its micro-batches before it scatters.
  const kept = strategy.zero === 2 && strategy.pp > 1 ? stage.layerParameters / strategy.vpp : 0
  const summed = Math.min(kept, stage.parameters * (1 - 1 / strategy.shardRanks)) * gradientBytes
  return Math.max(gradients, logits) * activationBytes + gathered + summed
}
