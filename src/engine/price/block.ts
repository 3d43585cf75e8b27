/** A block (a layer, the embedding, the head) in seconds: the sums of its operations, pass by pass. */
import type { Job } from '../job.ts'
import type { Layout } from '../layout.ts'
import { lowerEnds, lowerLayer } from '../lower/block.ts'
import { type LayerKind, layerKinds } from '../lower/shape.ts'
import type { Attention, Operation, Phase, Recurrence, Scan } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import type { Timing } from '../timing.ts'
import { price } from './operation.ts'

/** Seconds of one pass by cause; communication also in full, hidden part included. */
export interface PassCost {
  readonly matmulSeconds: number
  readonly attentionSeconds: number
  readonly memoryBoundSeconds: number
  readonly tpSeconds: number
  readonly tpExposedSeconds: number
  readonly tpBytes: number
  readonly cpSeconds: number
  readonly cpExposedSeconds: number
  readonly cpBytes: number
  readonly epSeconds: number
  readonly epExposedSeconds: number
  readonly epBytes: number
  readonly flop: number
}

export interface BlockCost {
  readonly name: string
  readonly timings: readonly Timing[]
  readonly passes: Readonly<Record<Phase, PassCost>>
  /** What the host adds where it issues work more slowly than the GPU does it. */
  readonly host: { readonly forward: number; readonly backward: number; readonly weight: number }
}

/** All that the split multiplies and adds. */
export interface BlockCosts {
  readonly layers: readonly BlockCost[]
  /** Kind of each layer, first to last, as an index into `layers`. */
  readonly pattern: readonly number[]
  readonly embedding: BlockCost
  readonly head: BlockCost
}

export function priceBlocks(job: Job, sharding: Sharding, layout: Layout): BlockCosts {
  const { kinds, pattern } = layerKinds(job.model)
  const { embedding, head } = lowerEnds(job, sharding)
  return {
    layers: kinds.map((kind) => {
      const host = hostOf(job, sharding, kind)
      return priceBlock({ name: kind.name, operations: lowerLayer(job, sharding, kind), host }, job, sharding, layout)
    }),
    pattern,
    embedding: priceBlock({ name: 'embedding', operations: embedding, host: NO_HOST }, job, sharding, layout),
    head: priceBlock({ name: 'head', operations: head, host: NO_HOST }, job, sharding, layout),
  }
}

/** Ten small calls an expert for both passes of its bias, over the two products of each: about 6 against 10 µs a call. */
const HOST_PER_BIAS = 0.6

/**
 * Where the exchange of one micro-batch hides behind the compute of another, Megatron-Core issues a layer as four pieces,
 * each with its own stream, events and call of autograd (models/common/model_chunk_schedule_plan.py,
 * pipeline_parallel/utils.py). How much longer that takes is a clusterwise fit to the runs of NVIDIA Megatron-Bridge
 * 25.11 to 26.04 on H100, B300 and GB200.
 */
const HOST_IN_PIECES = 1.5

/** A layer that is one block has half of a layer's work to issue; a scan is as many kernels as the other half. */
function hostOf({ software, model, precision }: Job, { ep }: Sharding, kind: LayerKind): Host {
  const { hostSecondsPerLayer, hostSecondsPerMoeLayer, moe } = software
  const half = hostSecondsPerLayer / 2
  const missing = kind.feedForward && kind.mixer !== 'none' ? 0 : kind.mixer === 'mamba' ? 0 : half
  if (!kind.experts) {
    const seconds = hostSecondsPerLayer - missing
    return { seconds, collectiveSeconds: HOST_PER_COLLECTIVE.dense * seconds }
  }
  const local = (model.moe?.experts ?? 0) / ep
  // Where matmuls are narrow, the rows of each expert are scaled before each of its two products.
  const kernels = (precision.quantizeBytes > 0 ? 2 : 1) + (model.moe?.bias ? HOST_PER_BIAS : 0)
  const pieces = moe.hidden > 0 ? HOST_IN_PIECES : 1
  const layer = pieces * Math.max(0, hostSecondsPerMoeLayer - missing)
  return {
    seconds: layer + pieces * local * kernels * moe.hostSecondsPerExpert,
    collectiveSeconds: HOST_PER_COLLECTIVE.experts * layer,
  }
}

interface Block {
  readonly name: string
  readonly operations: readonly Operation[]
  readonly host: Host
}

/** What it takes to issue one pass. */
interface Host {
  readonly seconds: number
  readonly collectiveSeconds: number
}

/** Embedding and head are a few large kernels. */
const NO_HOST: Host = { seconds: 0, collectiveSeconds: 0 }

function priceBlock(block: Block, job: Job, sharding: Sharding, layout: Layout): BlockCost {
  const priced = block.operations.map((operation) => price(operation, job, layout))
  const timings = sharding.cp > 1 && sharding.cpMode === 'ring' ? hideRing(priced, job.calibration.cpExposed) : priced
  const passes = {
    forward: sum(timings, 'forward'),
    recompute: sum(timings, 'recompute'),
    inputGradient: sum(timings, 'inputGradient'),
    weightGradient: sum(timings, 'weightGradient'),
  }
  return { name: block.name, timings, passes, host: waitForHost(block.host, passes, timings, sharding) }
}

/**
 * Some stretches of a layer wait for the host and others for the GPU, so the two join smoothly: a 3-norm, as compute and
 * traffic in a matmul. The host issues the two halves of the backward pass in equal time, a recomputed forward pass like
 * any other, and a collective at the price of a kernel.
 */
function waitForHost(
  { seconds, collectiveSeconds }: Host,
  passes: BlockCost['passes'],
  timings: readonly Timing[],
  { recompute }: Sharding,
): BlockCost['host'] {
  const issue = (phase: Phase, share: number) => {
    const sent = timings.filter(({ operation }) => operation.kind === 'collective' && operation.phase === phase).length
    return seconds * share + collectiveSeconds * sent
  }
  const again = recompute === 'full' ? issue('recompute', 1) : 0
  const backward = gpuSeconds(passes.recompute) + gpuSeconds(passes.inputGradient)
  return {
    forward: joined(gpuSeconds(passes.forward), issue('forward', 1)),
    backward: joined(backward, again + issue('inputGradient', 0.5)),
    weight: joined(gpuSeconds(passes.weightGradient), issue('weightGradient', 0.5)),
  }
}

/**
 * Of the host's time for a layer without any: a launch (fitted to the single-node runs of vTrain, arXiv:2312.12391, whose
 * layers wait for the host as long with tensor ranks as without). Where there are experts, more: their tokens are counted,
 * sorted and waited for around each.
 */
const HOST_PER_COLLECTIVE = { dense: 0.03, experts: 0.25 } as const

/** What the slower of two interleaved streams adds to the first. */
function joined(gpu: number, host: number): number {
  return Math.cbrt(gpu ** 3 + host ** 3) - gpu
}

/** Blocks of keys travel while attention works on the block before; the first has nothing to hide behind. */
function hideRing(timings: readonly Timing[], least: number): Timing[] {
  const inPhase = (phase: Operation['phase'], kind: Operation['kind']) =>
    timings.filter(({ operation }) => operation.phase === phase && operation.kind === kind)
  return timings.map((timing) => {
    const { operation } = timing
    if (operation.kind !== 'collective' || operation.dimension !== 'cp') return timing
    const exchanged = inPhase(operation.phase, 'collective').filter(isContext).reduce(addSeconds, 0)
    const window = inPhase(operation.phase, 'attention').reduce(addSeconds, 0)
    const exposed = Math.max(least, 1 - window / exchanged)
    return { ...timing, exposedSeconds: timing.seconds * exposed }
  })
}

function isContext({ operation }: Timing): boolean {
  return operation.kind === 'collective' && operation.dimension === 'cp'
}

function addSeconds(sum: number, timing: Timing): number {
  return sum + timing.seconds
}

/** Time that a pass takes on the GPU's critical path. */
export function gpuSeconds(pass: PassCost): number {
  return computeSeconds(pass) + pass.tpExposedSeconds + pass.cpExposedSeconds + pass.epExposedSeconds
}

export function computeSeconds(pass: PassCost): number {
  return pass.matmulSeconds + pass.attentionSeconds + pass.memoryBoundSeconds
}

/** Attention, or what a layer has in its place. */
function isMixing(operation: Operation): operation is Attention | Scan | Recurrence {
  return operation.kind === 'attention' || operation.kind === 'scan' || operation.kind === 'recurrence'
}

function sum(timings: readonly Timing[], phase: Phase): PassCost {
  const cost = {
    matmulSeconds: 0,
    attentionSeconds: 0,
    memoryBoundSeconds: 0,
    tpSeconds: 0,
    tpExposedSeconds: 0,
    tpBytes: 0,
    cpSeconds: 0,
    cpExposedSeconds: 0,
    cpBytes: 0,
    epSeconds: 0,
    epExposedSeconds: 0,
    epBytes: 0,
    flop: 0,
  }
  for (const { operation, seconds, exposedSeconds, flop } of timings) {
    if (operation.phase !== phase) continue
    cost.flop += flop
    if (operation.kind === 'matmul') cost.matmulSeconds += seconds
    else if (isMixing(operation)) cost.attentionSeconds += seconds
    else if (operation.kind !== 'collective') cost.memoryBoundSeconds += seconds
    else if (operation.dimension === 'tp') {
      cost.tpSeconds += seconds
      cost.tpExposedSeconds += exposedSeconds
      cost.tpBytes += operation.bytes
    } else if (operation.dimension !== 'cp') {
      cost.epSeconds += seconds
      cost.epExposedSeconds += exposedSeconds
      cost.epBytes += operation.bytes
    } else {
      cost.cpSeconds += seconds
      cost.cpExposedSeconds += exposedSeconds
      cost.cpBytes += operation.bytes
    }
  }
  return cost
}
