/** What data-parallel replicas say to each other, how much of it compute hides, and the optimizer's step after it. */
import type { Job } from './job.ts'
import type { Group, Layout } from './layout.ts'
import type { Collective } from './operation.ts'
import { exposedSeconds } from './overlap.ts'
import { countParameters } from './parameters.ts'
import { priceCollective } from './price/collective.ts'
import { priceElementwise } from './price/memory-bound.ts'
import type { Stage } from './stages.ts'
import { microBatchesOf, type Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

export interface Exchanged {
  readonly timing: Timing
  readonly times: number
}

export interface Exchange {
  readonly operations: readonly Exchanged[]
  readonly seconds: number
  readonly exposedSeconds: number
  readonly bytes: number
}

/** Compute of one micro-batch that can run beside the exchange. */
export interface Windows {
  readonly forwardSeconds: number
  readonly backwardSeconds: number
}

interface Context {
  readonly job: Job
  readonly strategy: Strategy
  readonly layout: Layout
  readonly stage: Stage
  readonly windows: Windows
}

export function exchangeData(context: Context): Exchange {
  const parts = [
    ...(context.strategy.zero < 2 ? perStep(context) : perMicroBatch(context)),
    ...(context.strategy.zero === 1 || context.strategy.zero === 2 ? gatherWeights(context) : []),
    ...tieEmbeddings(context),
  ]
  return {
    operations: parts,
    seconds: parts.reduce((sum, { timing, times }) => sum + times * timing.seconds, 0),
    exposedSeconds: parts.reduce((sum, { timing, times }) => sum + times * timing.exposedSeconds, 0),
    bytes: parts.reduce((sum, { timing, times }) => sum + times * (timing.inputs['bytes'] ?? 0), 0),
  }
}

function priced({ job }: Context, name: string, collective: Collective, group: Group, bytes: number): Exchanged[] {
  if (group.ranks === 1 || bytes === 0) return []
  const operation = { kind: 'collective', name, phase: 'step', collective, dimension: 'dp', bytes, hidden: 0 } as const
  return [{ timing: priceCollective(operation, group, job.cluster, job.calibration), times: 1 }]
}

/**
 * Replicas sum all gradients once a step (ZeRO 0), or each keeps the sum of its shard (ZeRO 1: Rajbhandari et al. 2019,
 * arXiv:1910.02054), behind the backward pass of the last micro-batch where the stack overlaps.
 */
function perStep(context: Context): Exchanged[] {
  const { job, strategy, layout, stage, windows } = context
  const bytes = job.precision.gradientWireBytes * stage.parameters
  const reduced =
    strategy.zero === 0
      ? priced(context, 'dp.gradients.allReduce', 'all-reduce', layout.dp, bytes)
      : [
          ...priced(context, 'dp.gradients.reduceScatter', 'reduce-scatter', layout.shard, bytes),
          ...sumReplicas(context),
        ]
  return hide(reduced, strategy.overlapGradients ? bucketed(context, windows.backwardSeconds) : nothing)
}

/** Shards that are themselves replicated are summed across replicas, once a step (HSDP). */
function sumReplicas(context: Context): Exchanged[] {
  const { job, strategy, layout, stage } = context
  const bytes = (job.precision.gradientWireBytes * stage.parameters) / strategy.shardRanks
  return priced(context, 'dp.replicas.allReduce', 'all-reduce', layout.replica, bytes)
}

/** After the optimizer's step each rank fetches the shards of the others, behind the next forward pass. */
function gatherWeights(context: Context): Exchanged[] {
  const { job, strategy, layout, stage, windows } = context
  const bytes = job.precision.weightBytes * stage.parameters
  const gather = priced(context, 'dp.weights.allGather', 'all-gather', layout.shard, bytes)
  return hide(gather, strategy.overlapWeights ? bucketed(context, windows.forwardSeconds) : nothing)
}

/** First and last stage hold copies of a tied embedding and sum their gradients (Megatron-LM). */
function tieEmbeddings(context: Context): Exchanged[] {
  const { job, strategy, layout } = context
  if (!job.model.tiedEmbeddings || strategy.pp === 1) return []
  const bytes = (job.precision.gradientWireBytes * job.model.vocabulary * job.model.hidden) / strategy.tp
  const together = layout.pp.domains === 1
  const ends: Group = { ranks: 2, stride: layout.pp.stride, local: together ? 2 : 1, domains: together ? 1 : 2 }
  return priced(context, 'dp.embedding.allReduce', 'all-reduce', ends, bytes)
}

/**
 * ZeRO 2 scatters gradients after every backward pass; ZeRO 3 (FSDP) also gathers the weights of each layer before it is
 * used, forward and again backward, one layer ahead of compute (Zhao et al. 2023, arXiv:2304.11277 §3.3). In a pipeline
 * a chunk does so once for each round of pp micro-batches (Llama 3, arXiv:2407.21783 §3.3.2; torch pipelining defers
 * the gradient sync of FSDP to the last micro-batch).
 */
function perMicroBatch(context: Context): Exchanged[] {
  const { job, strategy, layout, stage, windows } = context
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const rounds = strategy.pp === 1 ? microBatches : Math.ceil(microBatches / strategy.pp)
  const layer = countParameters(job.model).layer / strategy.tp
  const layers = stage.layers.reduce((sum, n) => sum + n, 0) * rounds
  const ends = stage.parameters - stage.layerParameters
  const parts = (name: string, collective: Collective, elementBytes: number): Exchanged[] => [
    ...priced(context, `dp.layer.${name}`, collective, layout.shard, elementBytes * layer).map(({ timing }) => ({
      timing,
      times: layers,
    })),
    ...priced(context, `dp.ends.${name}`, collective, layout.shard, elementBytes * ends).map(({ timing }) => ({
      timing,
      times: rounds,
    })),
  ]
  const { weightBytes, gradientWireBytes } = job.precision
  const gather = (pass: string) =>
    strategy.zero === 3 ? parts(`weights.allGather.${pass}`, 'all-gather', weightBytes) : []
  const backward = [
    ...gather('backward'),
    ...parts('gradients.reduceScatter', 'reduce-scatter', gradientWireBytes),
    ...sumReplicas(context),
  ]
  const stream = (seconds: number) => streamed(context, microBatches * seconds)
  return [
    ...hide(gather('forward'), strategy.overlapWeights ? stream(windows.forwardSeconds) : nothing),
    ...hide(backward, strategy.overlapGradients ? stream(windows.backwardSeconds) : nothing),
  ]
}

/** From collectives that run one after the other to the seconds of them that stay exposed. */
type Overlap = (seconds: number, parts: readonly Exchanged[]) => number

const nothing: Overlap = (seconds) => seconds

/** Buckets leave as they fill; the last has no compute left to hide behind. */
function bucketed({ job }: Context, windowSeconds: number): Overlap {
  const { dpExposed: least, dpWindow: usable } = job.calibration
  const { contention } = job.software
  return (seconds) => exposedSeconds.compute({ seconds, windowSeconds, least, usable, contention })
}

/** A stream of collectives beside a stream of compute: the longer of the two counts, and the first has no cover. */
function streamed({ job }: Context, windowSeconds: number): Overlap {
  return (seconds, parts) => {
    const slowed = windowSeconds + job.software.contention * Math.min(windowSeconds, seconds)
    return Math.max(slowed, seconds) - windowSeconds + (parts[0] as Exchanged).timing.seconds
  }
}

/** No overlap costs more than none. */
function hide(parts: readonly Exchanged[], overlap: Overlap): Exchanged[] {
  const seconds = parts.reduce((sum, { timing, times }) => sum + times * timing.seconds, 0)
  if (seconds === 0) return []
  const share = Math.min(1, overlap(seconds, parts) / seconds)
  return parts.map(({ timing, times }) => ({ timing: { ...timing, exposedSeconds: timing.seconds * share }, times }))
}

/** Kernels of a fused optimizer over flat buffers: norm, clip, step, copy. */
const OPTIMIZER_KERNELS = 4

/**
 * Every state is read and written, the gradient read twice (its norm comes first), the weights written: 30 bytes per
 * parameter for AdamW in mixed precision and 4 for the norm.
 */
export function stepOptimizer(job: Job, strategy: Strategy, stage: Stage): Timing {
  const { masterBytes, weightBytes, gradientBytes } = job.precision
  const shard = strategy.zero === 0 ? 1 : strategy.shardRanks
  const updated = masterBytes > 0 ? 2 * masterBytes + weightBytes : 2 * weightBytes
  const bytes = (stage.parameters / shard) * (updated + 2 * job.optimizer.stateBytes + 2 * gradientBytes)
  const operation = {
    kind: 'elementwise',
    name: 'optimizer',
    phase: 'step',
    bytes,
    kernels: OPTIMIZER_KERNELS,
  } as const
  return priceElementwise(operation, job.cluster.device, job.calibration)
}
