/** What forward keeps for backward, layer by layer and at the head. Byte counts are those of one rank. */
import type { Job, ModelShape, MoeShape } from './job.ts'
import { localMamba } from './lower/mamba.ts'
import { convolutionOf, lstmOf, type Mixer, mambaOf } from './lower/pattern.ts'
import { expertWidth, type LayerKind, type LocalShape, layerKinds, localShape } from './lower/shape.ts'
import type { PipelineShape } from './schedule/schedule.ts'
import type { Chunk } from './stages.ts'
import type { RecomputeModule, Sharding } from './strategy.ts'

/** Bytes that one micro-batch needs in a layer or at the head. They depend on the sharding alone. */
export interface LayerBytes {
  /** Kept for the backward pass, by kind of layer: under full recomputation its input alone. */
  readonly kept: readonly number[]
  /** The input of a layer, and what a stage sends on. */
  readonly input: number
  /** The one layer that full recomputation has at work, with all the rest, and those on their way to or from the host. */
  readonly again: number
  /** Gradients of activations while a layer is at work. */
  readonly gradients: number
  readonly logits: number
  /** Kept at the head, for each micro-batch there, by predictions beyond the next token. */
  readonly predicted: number
  /** Logits of one micro-batch, where the pipeline hands those of all of them back at the end of the step. */
  readonly returned: number
}

/** A layer on its way to the host or back while another is at work (Transformer Engine, cpu_offload.py: two buffers). */
const IN_TRANSIT = 2

export function layerBytes(job: Job, sharding: Sharding): LayerBytes {
  const shape = localShape(job, sharding)
  const { model, tokens, ownTokens } = shape
  const { activationBytes } = job.precision
  const saved = layerKinds(model).kinds.map((kind) => savedTensors(job, sharding, shape, kind))
  const { offloaded, tensors } = job.software
  const compiled = tensors === 'xla'
  // The partitioner of XLA splits the stream over the ranks of a tensor group (logical_axis_rules in MaxText's base.yml).
  const input = (compiled ? tokens / sharding.tp : ownTokens) * model.hidden * activationBytes
  const full = sharding.recompute === 'full'
  const atWork = full ? Math.max(...saved) : 0
  const inner = tokens * (innerGradients(job, shape, sharding) + 2 * model.hidden) * activationBytes
  return {
    kept: (full ? saved.map(() => input) : saved).map((bytes) => bytes * (1 - offloaded)),
    input,
    again: (compiled ? 0 : atWork) + (offloaded > 0 ? IN_TRANSIT * (full ? input : Math.max(...saved)) : 0),
    // Where memory is planned ahead, the layer at work takes the room that the logits had.
    gradients: inner + (compiled ? atWork : 0),
    logits: logitElements(job, sharding, shape) * activationBytes,
    predicted: predictedElements(job, shape) * activationBytes,
    returned: tensors === 'dtensor' ? tokens * shape.vocabulary * activationBytes : 0,
  }
}

/** Logits, the vectors they come from and the placeholder of their matrix. Gathered, a rank has those of all words. */
function logitElements({ software }: Job, { tp }: Sharding, { model, tokens, vocabulary }: LocalShape): number {
  const { logits, loss, tensors } = software
  const whole = logits === 'gathered' ? model.vocabulary : vocabulary
  const parallel = loss === 'eager' && tensors === 'dtensor' && tp > 1
  const copies = tensors === 'xla' ? XLA_COPIES : parallel ? PARALLEL_LOSS_COPIES : LOGIT_COPIES[loss]
  return tokens * (whole * copies + model.hidden) + vocabulary * model.hidden
}

/**
 * What further predictions keep until the backward pass begins: in widths of the stream, what goes into their two norms,
 * both side by side, and what goes into the last norm and the output matrix; and of their logits what the loss needs
 * (Megatron-Core, transformer/multi_token_prediction.py: each one's loss is taken in turn, before that of the next token).
 */
function predictedElements({ software }: Job, { model, tokens, ownTokens, vocabulary }: LocalShape): number {
  const whole = software.logits === 'gathered' ? model.vocabulary : vocabulary
  const kept = tokens * whole * (software.tensors === 'xla' ? XLA_COPIES : KEPT_LOGITS[software.loss])
  return (model.predictions - 1) * (PREDICTED_STREAMS * ownTokens * model.hidden + kept)
}

const PREDICTED_STREAMS = 6

/** Widest of what a block has inside: the MLP's, the scores of unfused attention, what a scan or a recurrence is given. */
function innerGradients({ software, batch }: Job, { model, ffn, heads }: LocalShape, { tp }: Sharding): number {
  const { gated, mamba, lstm, convolution } = model
  return Math.max(
    ffn * (gated ? 3 : 2),
    // Of the probabilities, and before dropout; the softmax of Megatron works in place.
    software.attention === 'unfused' ? (model.dropout ? 2 : 1) * heads * batch.seqLen : 0,
    mamba ? localMamba(mamba, tp).projected + localMamba(mamba, tp).inner : 0,
    lstm ? (5 * lstm.cells) / tp : 0,
    convolution ? (3 * convolution.channels) / tp : 0,
  )
}

/**
 * Micro-batches in flight. A vocabulary spread over the stages has every stage wait for the others between the passes of its
 * part, with two more of them meanwhile (Yeung et al. 2024, arXiv:2411.05288, figure 10; one with their second algorithm).
 */
export function heldAtOnce(inFlight: number, { head }: Chunk, microBatches: number): number {
  return head > 0 && head < 1 ? Math.min(microBatches, inFlight + 2) : inFlight
}

/** PyTorch's pipeline stage keeps what the last one says until the step is over (output_chunks in pipelining/stage.py). */
export function returnedBytes({ returned }: LayerBytes, { head }: Chunk, { pp, microBatches }: PipelineShape): number {
  return pp > 1 ? microBatches * head * returned : 0
}

/** Kept by a stage for one micro-batch in flight. */
export function heldBytes({ kept, input }: LayerBytes, stage: Chunk, pp: number): number {
  let held = 0
  for (let kind = 0; kind < kept.length; kind++) held += (stage.layers[kind] as number) * (kept[kind] as number)
  // A stage keeps what it sends until the transfer is done.
  return held + (pp > 1 && stage.head === 0 ? input : 0)
}

/** The largest tensors of the moment, and what further predictions have kept until then. */
export function momentBytes({ gradients, logits, predicted }: LayerBytes, { head }: Chunk): number {
  return Math.max(gradients, head * logits) + head * predicted
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
  const { model, tokens, ownTokens } = shape
  const { activationBytes, matmulBytes } = job.precision
  if (everyOther(strategy) && kind.mixer === 'attention' && !kind.experts) return savedByOperators(job, shape)
  const again = (module: RecomputeModule) =>
    strategy.recompute === 'selective' && strategy.recomputeModules.includes(module)
  const parts: SavedByBlock[] = []
  if (kind.mixer !== 'none') parts.push(savers[kind.mixer](job, strategy, shape, again))
  if (kind.feedForward) parts.push(saversOfBlock(kind, model)(job, strategy, shape, again))
  const stream = ownTokens * model.hidden
  const normal = (stream * (2 + (model.dropout ? 1 : 0) + (model.normsPerLayer - 2))) / 2
  const own = normal + normWrittenOut(job, stream)
  // Inputs of the linear layers: in fp8 where these run in fp8.
  // Megatron gathers them again in backward; a DTensor is gathered before the module, and autograd keeps that
  // (PrepareModuleInput in torch/distributed/tensor/parallel/style.py), unless the gathering is part of the matmul.
  const gathered = job.software.tensors === 'dtensor' && !strategy.overlapTp ? tokens * model.hidden : stream
  const normed = again('layernorm') || again('every_other_matmul') ? 0 : gathered
  return parts.reduce(
    (sum, { inner, inputs }) => sum + (own + inner) * activationBytes + (normed + inputs) * matmulBytes,
    0,
  )
}

/** Of an RMSNorm: its input in fp32, and what it is before the product with the weight. */
const NORM_IN_FULL = 3

/** RMSNorm was many kernels until torch 2.4, and autograd keeps what lies between; LayerNorm is one kernel there too. */
function normWrittenOut({ model, software }: Job, stream: number): number {
  const full = model.norm === 'rmsnorm' && software.norms === 'eager'
  return full ? (NORM_IN_FULL * model.normsPerLayer * stream) / 2 : 0
}

const everyOther = ({ recompute, recomputeModules }: Sharding): boolean =>
  recompute === 'selective' && recomputeModules.includes('every_other_matmul')

/**
 * torchtitan's selective checkpointing by operator keeps the input of a layer, attention, and of the matmuls each second
 * result: query, value, the first and the last of the feed-forward block, in the order in which Llama calls them
 * (torchtitan/parallelisms/parallelize_llama.py, _get_custom_policy).
 */
function savedByOperators({ precision }: Job, shape: LocalShape): number {
  const { model, tokens, ownTokens, heads, queryWidth, keyValueWidth, outputWidth, ffn } = shape
  const kept = queryWidth + keyValueWidth / 2 + outputWidth + ROW_SUMS * heads + ffn
  return (2 * ownTokens * model.hidden + tokens * kept) * precision.activationBytes
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

const saversOfBlock = ({ experts }: LayerKind, { moe }: ModelShape): SavedBy =>
  experts && moe ? savedByExperts : savedByMlp

/** Before the activation, for each inner channel; where each operator is a kernel, the squashed gate too. */
const innerTensors = ({ model, software }: Job): number =>
  model.gated ? (software.elementwise === 'eager' ? 3 : 2) : 1

interface SavedByBlock {
  readonly inner: number
  readonly inputs: number
}

type Again = (module: RecomputeModule) => boolean

function savedByMlp(job: Job, _: Sharding, { tokens, ffn }: LocalShape, again: Again): SavedByBlock {
  if (again('mlp')) return { inner: 0, inputs: 0 }
  const inner = tokens * ffn * innerTensors(job)
  return { inner, inputs: again('every_other_matmul') ? 0 : tokens * ffn }
}

/** Rows that came to this rank and what its experts made of them, the router's scores, the shared block. */
function savedByExperts(job: Job, { tp, etp }: Sharding, shape: LocalShape, again: Again): SavedByBlock {
  const { model, tokens, ownTokens } = shape
  const moe = model.moe as MoeShape
  const scores = ROW_SUMS * ownTokens * moe.experts
  if (again('moe')) return { inner: scores, inputs: 0 }
  const rows = ownTokens * moe.topK * etp * moe.imbalance
  const shared = again('shared_experts') ? 0 : (tokens * moe.sharedFfn) / tp
  const routed = (rows * moe.ffn) / etp
  return {
    // The weights of the experts are applied inside the activation, so that what comes back need not be kept.
    inner: (routed + shared) * innerTensors(job) + scores,
    inputs: (again('moe_act') ? 0 : routed) + shared + rows * expertWidth(model),
  }
}

/** Softmax's result, and with dropout its result and mask. PyTorch's own takes and keeps it in fp32, beside the copy. */
function savedScores({ software, batch }: Job, { model, sequences, localSeqLen, heads }: LocalShape): number {
  const scores = sequences * localSeqLen * batch.seqLen * heads
  return scores * ((model.dropout ? 2.5 : 1) + (software.elementwise === 'eager' ? ROW_SUMS : 0))
}

/**
 * Elements per logit on the last stage. fused: logits and gradient. unfused, Megatron's chain: logits, their fp32 copy
 * and its exponential. eager, torch.nn.functional.cross_entropy of logits.float(): in its backward pass the logits, the
 * log-softmax that was kept, its gradient and that of the fp32 copy, three of them in fp32.
 */
const LOGIT_COPIES = { fused: 2, eager: 7, unfused: 5 } as const

/** Of these, kept from forward to backward: the gradient in place of the logits, or fp32 exponentials or log-softmax. */
const KEPT_LOGITS = { fused: 1, eager: 2, unfused: 2 } as const

/** XLA computes the gradient of the logits where a matmul reads it (fusion of producers, openxla.org/xla/tpu_fusion). */
const XLA_COPIES = 1

/** One more in fp32: of (grad_input + exp(x)) * grad_output, torch/distributed/tensor/parallel/loss.py. */
const PARALLEL_LOSS_COPIES = LOGIT_COPIES.eager + 2
