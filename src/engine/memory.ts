/** What fills the memory of a GPU at the worst moment of a step, stage by stage. Byte counts are those of one rank. */
import type { Job, ModelShape, MoeShape } from './job.ts'
import { localMamba } from './lower/mamba.ts'
import { convolutionOf, lstmOf, type Mixer, mambaOf } from './lower/pattern.ts'
import { expertWidth, type LayerKind, type LocalShape, layerKinds, localShape } from './lower/shape.ts'
import { optimizerStateBytes } from './optimizer/state.ts'
import { countParameters } from './parameters.ts'
import { scheduleTable } from './schedule/table.ts'
import type { Chunk, Stage } from './stages.ts'
import { microBatchesOf, type RecomputeModule, type Sharding, type Strategy } from './strategy.ts'

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
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const shape = { pp: strategy.pp, vpp: strategy.vpp, microBatches }
  const needs = layerBytes(job, strategy)
  const shapes = weightShapes(job.model)
  return stages.map((stage, index) => {
    const inFlight = scheduleTable[strategy.schedule].inFlight(shape, index)
    const activations = inFlight * heldBytes(needs, stage, strategy.pp) + needs.again
    const working = momentBytes(needs, stage) + gatheredBytes(job, strategy, stage, shapes)
    return fillStage(job, index, stateBytes(job, strategy, stage), activations, working)
  })
}

type States = Pick<StageMemory, 'weights' | 'gradients' | 'optimizerState'>

function fillStage(job: Job, stage: number, states: States, activations: number, working: number): StageMemory {
  const { weights, gradients, optimizerState } = states
  const allocated = weights + gradients + optimizerState + activations + working
  const reserved = reservedBytes(job, allocated)
  return {
    stage,
    weights,
    gradients,
    optimizerState,
    activations,
    working,
    reserved,
    allocated,
    peak: allocated + reserved,
  }
}

export function reservedBytes({ calibration, cluster }: Job, allocated: number): number {
  return allocated * calibration.fragmentation + cluster.device.reservedBytes
}

/** ZeRO 1 shards the optimizer's state, 2 the gradients too, 3 the weights too: Rajbhandari et al. 2019, arXiv:1910.02054. */
export function stateBytes(job: Job, strategy: Strategy, stage: Stage): States {
  const { precision } = job
  const { zero, shardRanks, tp, cp, dp, ep, etp } = strategy
  const expertRanks = (tp * cp * dp) / (ep * etp)
  const held = ({ parameters, expertParameters }: Stage['trained'], from: number) =>
    zero >= from ? parameters / shardRanks + expertParameters / expertRanks : parameters + expertParameters
  return {
    weights: held(stage, 3) * precision.weightBytes,
    gradients: held(stage.trained, 2) * precision.gradientBytes,
    optimizerState: optimizerStateBytes(job, strategy, stage),
  }
}

/** Bytes that one micro-batch needs in a layer or at the head. They depend on the sharding alone. */
export interface LayerBytes {
  /** Kept for the backward pass, by kind of layer: under full recomputation its input alone. */
  readonly kept: readonly number[]
  /** The input of a layer, and what a stage sends on. */
  readonly input: number
  /** The one layer that full recomputation has at work, with all the rest. */
  readonly again: number
  /** Gradients of activations while a layer is at work. */
  readonly gradients: number
  readonly logits: number
}

export function layerBytes(job: Job, sharding: Sharding): LayerBytes {
  const shape = localShape(job, sharding)
  const { model, tokens, ownTokens, vocabulary } = shape
  const { activationBytes } = job.precision
  const saved = layerKinds(model).kinds.map((kind) => savedTensors(job, sharding, shape, kind))
  const input = ownTokens * model.hidden * activationBytes
  const full = sharding.recompute === 'full'
  return {
    kept: full ? saved.map(() => input) : saved,
    input,
    again: full ? Math.max(...saved) : 0,
    gradients: tokens * (innerGradients(shape, sharding) + 2 * model.hidden) * activationBytes,
    logits:
      (tokens * (vocabulary * LOGIT_COPIES[job.software.loss] + model.hidden) + vocabulary * model.hidden) *
      activationBytes,
  }
}

/** Widest of what a block has inside: the MLP's, or what a scan or a recurrence is given. */
function innerGradients({ model, ffn }: LocalShape, { tp }: Sharding): number {
  const { gated, mamba, lstm, convolution } = model
  return Math.max(
    ffn * (gated ? 3 : 2),
    mamba ? localMamba(mamba, tp).projected + localMamba(mamba, tp).inner : 0,
    lstm ? (5 * lstm.cells) / tp : 0,
    convolution ? (3 * convolution.channels) / tp : 0,
  )
}

/** Kept by a stage for one micro-batch in flight. */
export function heldBytes({ kept, input }: LayerBytes, stage: Chunk, pp: number): number {
  let held = 0
  for (let kind = 0; kind < kept.length; kind++) held += (stage.layers[kind] as number) * (kept[kind] as number)
  // A stage keeps what it sends until the transfer is done.
  return held + (pp > 1 && stage.head === 0 ? input : 0)
}

/** The largest tensors of the moment. */
export function momentBytes({ gradients, logits }: LayerBytes, { head }: Chunk): number {
  return Math.max(gradients, head * logits)
}

/** Beside its output, attention keeps one fp32 number per row and head: as wide as two activations. */
const ROW_SUMS = 2

/**
 * What backward needs of a layer, in elements: of each block the input of its norm (hidden) and of the matmul after it
 * (hidden) and a dropout mask at half the width; query, key and value, the output of attention and its row sums, the MLP's
 * inner results (gate, up and product, or before and after GELU). With unfused attention and dropout this is Korthikanti et
 * al. 2022, arXiv:2205.05198, eq. 1: s·b·h·(34 + 5·a·s/h) bytes.
 */
function savedTensors(job: Job, strategy: Sharding, shape: LocalShape, kind: LayerKind): number {
  const { model, ownTokens } = shape
  const { activationBytes, matmulBytes } = job.precision
  const again = (module: RecomputeModule) =>
    strategy.recompute === 'selective' && strategy.recomputeModules.includes(module)
  const parts: SavedByBlock[] = []
  if (kind.mixer !== 'none') parts.push(savers[kind.mixer](job, strategy, shape, again))
  if (kind.feedForward) parts.push(savedByFeedForward(shape, strategy, kind, again))
  const stream = ownTokens * model.hidden
  const own = (stream * (2 + (model.dropout ? 1 : 0) + (model.normsPerLayer - 2))) / 2
  // Inputs of the linear layers: in fp8 where these run in fp8.
  const normed = again('layernorm') || again('every_other_matmul') ? 0 : stream
  return parts.reduce(
    (sum, { inner, inputs }) => sum + (own + inner) * activationBytes + (normed + inputs) * matmulBytes,
    0,
  )
}

type SavedBy = (job: Job, sharding: Sharding, shape: LocalShape, again: Again) => SavedByBlock

const savers = {
  attention: savedByAttention,
  mamba: savedByMamba,
  lstm: savedByLstm,
  convolution: savedByConvolution,
} satisfies Record<Mixer, SavedBy>

function savedByAttention(job: Job, _: Sharding, shape: LocalShape, again: Again): SavedByBlock {
  const { model, tokens, ownTokens, heads, queryWidth, keyValueWidth, outputWidth } = shape
  const attention = tokens * (queryWidth + keyValueWidth) + ROW_SUMS * tokens * heads
  const latent = model.mla ? 2 * ownTokens * (model.mla.queryRank + model.mla.keyValueRank) : 0
  const scores = job.software.attention === 'unfused' && !again('core_attn') ? savedScores(job, shape) : 0
  return {
    inner: (again('mla_up_proj') ? latent : attention + latent) + scores,
    inputs: tokens * outputWidth,
  }
}

/** The convolution is computed again; what the scan says is kept before and after its gate (mamba_ssm, ssd_combined.py). */
function savedByMamba(_: Job, { tp }: Sharding, { model, tokens }: LocalShape): SavedByBlock {
  const { inner, projected } = localMamba(mambaOf(model), tp)
  return { inner: tokens * (projected + inner), inputs: tokens * inner }
}

/** Gates, cells before and after the squashing; what the layer says is the input of the next token. */
function savedByLstm(_: Job, { tp }: Sharding, { model, tokens }: LocalShape): SavedByBlock {
  return { inner: (tokens * 6 * lstmOf(model).cells) / tp, inputs: tokens * model.hidden }
}

/** Before and after each activation and gate. */
function savedByConvolution(_: Job, { tp }: Sharding, { model, tokens }: LocalShape): SavedByBlock {
  const { channels, gated } = convolutionOf(model)
  const made = gated ? 2 : 1
  if (channels === 0) return { inner: (tokens * made * model.hidden) / tp, inputs: 0 }
  return { inner: (tokens * channels * (1 + made)) / tp, inputs: (2 * tokens * channels) / tp }
}

function savedByFeedForward(shape: LocalShape, sharding: Sharding, kind: LayerKind, again: Again): SavedByBlock {
  const { moe } = shape.model
  return kind.experts && moe ? savedByExperts(shape, sharding, moe, again) : savedByMlp(shape, again)
}

interface SavedByBlock {
  readonly inner: number
  readonly inputs: number
}

type Again = (module: RecomputeModule) => boolean

function savedByMlp({ model, tokens, ffn }: LocalShape, again: Again): SavedByBlock {
  if (again('mlp')) return { inner: 0, inputs: 0 }
  return again('every_other_matmul')
    ? { inner: tokens * ffn * (model.gated ? 2 : 1), inputs: 0 }
    : { inner: tokens * ffn * (model.gated ? 2 : 1), inputs: tokens * ffn }
}

/** Rows that came to this rank and what its experts made of them, the router's scores, the shared block. */
function savedByExperts(shape: LocalShape, { tp, etp }: Sharding, moe: MoeShape, again: Again): SavedByBlock {
  const { model, tokens, ownTokens } = shape
  const scores = ROW_SUMS * ownTokens * moe.experts
  if (again('moe')) return { inner: scores, inputs: 0 }
  const rows = ownTokens * moe.topK * etp * moe.imbalance
  const shared = again('shared_experts') ? 0 : (tokens * moe.sharedFfn) / tp
  const routed = (rows * moe.ffn) / etp
  return {
    // The weights of the experts are applied inside the activation, so that what comes back need not be kept.
    inner: (routed + shared) * (model.gated ? 2 : 1) + scores,
    inputs: (again('moe_act') ? 0 : routed) + shared + rows * expertWidth(model),
  }
}

/** Softmax's result, and with dropout its result and mask. */
function savedScores(job: Job, { model, sequences, localSeqLen, heads }: LocalShape): number {
  const scores = sequences * localSeqLen * job.batch.seqLen * heads
  return scores * (model.dropout ? 2.5 : 1)
}

/** Elements per logit on the last stage: logits and gradient in place; with copies in fp32 unless the loss is fused. */
const LOGIT_COPIES = { fused: 2, eager: 5, unfused: 5 } as const

/** Layers gathered at once by ZeRO 3: the one at work and the next. */
const GATHERED_LAYERS = 2

/** What stands beside them: layers that ZeRO 3 has gathered, gradients that a chunk has not scattered, placeholders. */
export function gatheredBytes({ precision }: Job, strategy: Strategy, stage: Stage, shapes: number): number {
  const { weightBytes, gradientBytes, gradientWireBytes, activationBytes } = precision
  const depth = stage.layers.reduce((sum, n) => sum + n, 0)
  const layer = depth > 0 ? (stage.layerParameters + stage.expertParameters) / depth : 0
  const gathered = strategy.zero === 3 ? layer * (GATHERED_LAYERS * weightBytes + gradientWireBytes) : 0
  // A chunk of a pipeline sums its micro-batches before it scatters.
  const kept = strategy.zero === 2 && strategy.pp > 1 ? stage.layerParameters / strategy.vpp : 0
  const summed = Math.min(kept, stage.parameters * (1 - 1 / strategy.shardRanks)) * gradientBytes
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
