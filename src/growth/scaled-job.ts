/** The job of a model that has no file: the scenario's own, drawn to another size on another number of chips. */
import type { Job, ModelShape } from '../engine/job.ts'
import { optimizerFor } from '../engine/optimizer/kinds.ts'
import { computers } from './computer.ts'
import { familyOf } from './family.ts'
import type { Ask } from './frontier.ts'

/** What divides the numbers of a scaled job, so that degrees of 2ⁿ fit. */
export interface ScaledJob {
  readonly job: Job
  /** Active parameters of its layers. */
  readonly parameters: number
}

const bits = (value: number, count: number): number => {
  const unit = 2 ** Math.max(0, Math.floor(Math.log2(value)) - count + 1)
  return Math.max(1, Math.round(value / unit) * unit)
}

/** Whole nodes, and as few odd factors as this many binary digits leave. */
export function roundChips(chips: number, gpusPerNode: number, digits: number): number {
  if (chips < gpusPerNode) return 2 ** Math.max(0, Math.round(Math.log2(chips)))
  return bits(chips / gpusPerNode, digits) * gpusPerNode
}

/** A batch of few sequences cannot be dealt to an odd number of replicas: then a power of two stands for the chips. */
function chipsAndBatch({ chips, batchTokens, seqLen }: Ask, gpusPerNode: number) {
  const sequences = batchTokens / seqLen
  const near = roundChips(chips, gpusPerNode, 4)
  const gpus = sequences < oddPart(near) ? roundChips(chips, gpusPerNode, 1) : near
  return { gpus, globalBatch: roundSequences(sequences, gpus) }
}

const oddPart = (whole: number): number => {
  let odd = whole
  while (odd % 2 === 0) odd /= 2
  return odd
}

/** Replicas divide it: the odd factor of the chips times a power of two, so that pipelines can interleave. */
function roundSequences(sequences: number, gpus: number): number {
  const odd = oddPart(gpus)
  return odd * 2 ** Math.round(Math.log2(Math.max(1, sequences / odd)))
}

export function scaledJob(base: Job, ask: Ask): ScaledJob {
  const { gpus, globalBatch } = chipsAndBatch(ask, base.cluster.gpusPerNode)
  const model = scaledModel(base.model, ask)
  const parameters = computers[ask.recipe.architecture].perLayer * evenLayers(ask) * model.hidden ** 2
  const job: Job = {
    ...base,
    model,
    cluster: clusterOf(base, ask, gpus),
    batch: { seqLen: ask.seqLen, globalBatch, tokens: 1e3 * globalBatch * ask.seqLen },
    optimizer: optimizerOf(base, ask),
  }
  return { job, parameters }
}

/** The scenario's own keeps the bytes that it says. */
function optimizerOf({ optimizer }: Job, { recipe }: Ask): Job['optimizer'] {
  return optimizer.kind === recipe.optimizer ? optimizer : optimizerFor(recipe.optimizer, 4)
}

/** Whatever a lever changed of the machine is changed here too. */
function clusterOf({ cluster }: Job, { machine }: Ask, gpus: number): Job['cluster'] {
  const { device, scaleUp, scaleOut, gpusPerNode, nodeWatts } = cluster
  return {
    gpus,
    gpusPerNode: Math.min(gpusPerNode, gpus),
    nodeWatts,
    device: { ...device, hbmBytes: machine.hbmBytes, hbmBytesPerSecond: machine.hbmBytesPerSecond },
    scaleUp: { ...scaleUp, bytesPerSecond: machine.scaleUpBytesPerSecond, domain: machine.scaleUpDomain },
    scaleOut: { ...scaleOut, bytesPerSecond: machine.scaleOutBytesPerSecond },
  }
}

/** Four squares of attention and eight of the MLP: what a family's layers are made of, or half of it, or a part. */
const PER_LAYER = 12
const NARROWEST = 64
const USUAL_HEAD_DIM = 128

/** Layers that pipelines divide; the width makes up for what that takes from the depth. */
const evenLayers = ({ layers }: Ask): number => bits(layers, 3)

function scaledModel(base: ModelShape, ask: Ask): ModelShape {
  const { seqLen, recipe } = ask
  const layers = evenLayers(ask)
  const width = ask.hidden * Math.sqrt(ask.layers / layers)
  // A model without attention says nothing of heads.
  const headDim = base.heads > 0 ? Math.min(base.headDim, USUAL_HEAD_DIM) : USUAL_HEAD_DIM
  const hidden = Math.max(
    NARROWEST,
    width < 8 * headDim ? 2 ** Math.round(Math.log2(width)) : stepped(width, 8 * headDim),
  )
  const heads = Math.max(1, hidden / headDim)
  const kvHeads = base.kvHeads > 0 && heads % base.kvHeads === 0 ? Math.min(base.kvHeads, heads) : heads
  const mlp = PER_LAYER * hidden - 2 * hidden - 2 * kvHeads * headDim
  const { moe: _, mla: __, pattern: ___, mamba: ____, lstm: _____, convolution: ______, ...rest } = base
  const transformer = {
    ...rest,
    layers,
    hidden,
    heads,
    kvHeads,
    headDim: hidden / heads,
    ffn: stepped(mlp / (base.gated ? 3 : 2), Math.min(1024, hidden)),
    maxPositions: base.positions === 'learned' ? seqLen : base.maxPositions,
  }
  return familyOf(recipe.architecture, transformer, recipe.activeFraction)
}

const stepped = (value: number, step: number): number => Math.max(1, Math.round(value / step)) * step
