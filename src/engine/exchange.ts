/** What data-parallel replicas say to each other, and how much of it compute hides. */
import type { Job } from './job.ts'
import type { Group, Layout } from './layout.ts'
import type { Collective } from './operation.ts'
import { exposedSeconds } from './overlap.ts'
import { priceCollective } from './price/collective.ts'
import { type Stage, tiesAcross } from './stages.ts'
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

/** Compute that can run beside the exchange. */
export interface Windows {
  /** Of one micro-batch. */
  readonly forwardSeconds: number
  readonly backwardSeconds: number
  /** Micro-batches of it beside which buckets travel. */
  readonly bucketPasses: number
}

interface Context {
  readonly job: Job
  readonly strategy: Strategy
  readonly layout: Layout
  readonly stage: Stage
}

export function exchangeData(context: Context & { readonly windows: Windows }): Exchange {
  const { job, strategy, windows } = context
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const rounds = roundsOf(strategy, microBatches)
  const settled = quoteExchange(context).map((bundle) => {
    const seconds = bundleSeconds(bundle, rounds)
    const exposed = settle(job, bundle, { microBatches, rounds, windows })
    const share = seconds > 0 ? exposed / seconds : 0
    const operations = bundle.parts.map(({ timing, perRound, once }) => ({
      timing: { ...timing, exposedSeconds: timing.seconds * share },
      times: perRound * rounds + once,
    }))
    return { operations, seconds, exposed, bytes: bundleBytes(bundle, rounds) }
  })
  return {
    operations: settled.flatMap(({ operations }) => operations),
    seconds: settled.reduce((sum, { seconds }) => sum + seconds, 0),
    exposedSeconds: settled.reduce((sum, { exposed }) => sum + exposed, 0),
    bytes: settled.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** One collective, and how often a step runs it: in each round of micro-batches, or once. */
interface Quoted {
  readonly timing: Timing
  readonly perRound: number
  readonly once: number
}

/** Collectives that hide behind the same compute. None of it depends on how fast that compute is. */
interface Bundle extends Sums {
  readonly parts: readonly Quoted[]
}

/** What a bundle comes to. */
export interface Sums {
  readonly behind: 'nothing' | 'forward' | 'backward'
  /** `bucket`: behind one pass; `stream`: behind all of a step. */
  readonly how: 'bucket' | 'stream'
  readonly roundSeconds: number
  readonly onceSeconds: number
  /** Of the first part, which has no cover. */
  readonly firstSeconds: number
  readonly roundBytes: number
  readonly onceBytes: number
}

/** What a stage's replicas will say to each other, and what that takes on its own. */
export function quoteExchange(context: Context): readonly Bundle[] {
  const { zero } = context.strategy
  const bundles = zero < 2 ? [perStep(context)] : perMicroBatch(context)
  if (zero === 1 || zero === 2) bundles.push(gatherWeights(context))
  return [...bundles, tieEmbeddings(context)].filter(({ parts }) => parts.length > 0)
}

function bundle(parts: readonly Quoted[], behind: Bundle['behind'], how: Bundle['how']): Bundle {
  const sum = (amount: (part: Quoted) => number) => parts.reduce((total, part) => total + amount(part), 0)
  const bytes = ({ timing }: Quoted) => timing.inputs['bytes'] ?? 0
  return {
    parts,
    behind,
    how,
    roundSeconds: sum((part) => part.perRound * part.timing.seconds),
    onceSeconds: sum((part) => part.once * part.timing.seconds),
    firstSeconds: parts[0]?.timing.seconds ?? 0,
    roundBytes: sum((part) => part.perRound * bytes(part)),
    onceBytes: sum((part) => part.once * bytes(part)),
  }
}

function priced({ job }: Context, name: string, collective: Collective, group: Group, bytes: number): Quoted[] {
  if (group.ranks === 1 || bytes === 0) return []
  const operation = {
    kind: 'collective',
    name,
    phase: 'step',
    collective,
    dimension: 'dp',
    bytes,
    hidden: 0,
    rate: job.software.dataParallelRate,
  } as const
  return [{ timing: priceCollective(operation, group, job.cluster, job.calibration), perRound: 0, once: 1 }]
}

/**
 * Replicas sum all gradients once a step (ZeRO 0), or each keeps the sum of its shard (ZeRO 1: Rajbhandari et al. 2019,
 * arXiv:1910.02054), behind the backward pass of the last micro-batch where the stack overlaps.
 */
function perStep(context: Context): Bundle {
  const { job, strategy, layout, stage } = context
  const bytes = job.precision.gradientWireBytes * stage.trained.parameters
  const expertBytes = job.precision.gradientWireBytes * stage.trained.expertParameters
  const reduced =
    strategy.zero === 0
      ? [
          ...priced(context, 'dp.gradients.allReduce', 'all-reduce', layout.dp, bytes),
          ...priced(context, 'dp.experts.allReduce', 'all-reduce', layout.expertDp, expertBytes),
        ]
      : [
          ...priced(context, 'dp.gradients.reduceScatter', 'reduce-scatter', layout.shard, bytes),
          ...priced(context, 'dp.experts.reduceScatter', 'reduce-scatter', layout.expertDp, expertBytes),
          ...sumReplicas(context),
        ]
  return bundle(reduced, strategy.overlapGradients ? 'backward' : 'nothing', 'bucket')
}

/** Shards that are themselves replicated are summed across replicas, once a step (HSDP). */
function sumReplicas(context: Context): Quoted[] {
  const { job, strategy, layout, stage } = context
  const bytes = (job.precision.gradientWireBytes * stage.trained.parameters) / strategy.shardRanks
  return priced(context, 'dp.replicas.allReduce', 'all-reduce', layout.replica, bytes)
}

/** After the optimizer's step each rank fetches the shards of the others, behind the next forward pass. */
function gatherWeights(context: Context): Bundle {
  const { job, strategy, layout, stage } = context
  const { weightBytes } = job.precision
  const { parameters, expertParameters } = stage.trained
  const gather = [
    ...priced(context, 'dp.weights.allGather', 'all-gather', layout.shard, weightBytes * parameters),
    ...priced(context, 'dp.experts.allGather', 'all-gather', layout.expertDp, weightBytes * expertParameters),
  ]
  return bundle(gather, strategy.overlapWeights ? 'forward' : 'nothing', 'bucket')
}

/** First and last stage hold copies of an embedding and sum their gradients (Megatron-LM). */
function tieEmbeddings(context: Context): Bundle {
  const { job, strategy, layout } = context
  if (!tiesAcross(job, strategy) || job.adapter) return bundle([], 'nothing', 'bucket')
  const bytes = (job.precision.gradientWireBytes * job.model.vocabulary * job.model.hidden) / strategy.tp
  const together = layout.pp.domains === 1
  const ends: Group = { ranks: 2, stride: layout.pp.stride, local: together ? 2 : 1, domains: together ? 1 : 2 }
  return bundle(priced(context, 'dp.embedding.allReduce', 'all-reduce', ends, bytes), 'nothing', 'bucket')
}

/**
 * ZeRO 2 scatters gradients after every backward pass; ZeRO 3 (FSDP) also gathers the weights of each layer before it is
 * used, forward and again backward, one layer ahead of compute (Zhao et al. 2023, arXiv:2304.11277 §3.3). In a pipeline
 * a chunk gathers once for each round of pp micro-batches (Llama 3, arXiv:2407.21783 §3.3.2) and scatters with the last
 * micro-batch (torch/distributed/pipelining/stage.py, backward_maybe_with_nosync: sums on all steps, reduces on the last).
 */
function perMicroBatch(context: Context): Bundle[] {
  const { job, strategy, layout, stage } = context
  const layers = stage.layers.reduce((sum, n) => sum + n, 0)
  const { shardedPieces } = job.software
  const pieces = layers * shardedPieces
  const units = [
    { name: 'dp.layer', group: layout.shard, parameters: stage.layerParameters / pieces, times: pieces },
    { name: 'dp.experts', group: layout.expertDp, parameters: stage.expertParameters / layers, times: layers },
    { name: 'dp.ends', group: layout.shard, parameters: stage.parameters - stage.layerParameters, times: 1 },
  ]
  const parts = (name: string, collective: Collective, elementBytes: number, per: 'round' | 'step'): Quoted[] =>
    units.flatMap((unit) =>
      priced(context, `${unit.name}.${name}`, collective, unit.group, elementBytes * unit.parameters).map(
        ({ timing }) => ({ timing, perRound: per === 'round' ? unit.times : 0, once: per === 'step' ? unit.times : 0 }),
      ),
    )
  const { weightBytes, gradientWireBytes } = job.precision
  const gather = (pass: string) =>
    strategy.zero === 3 ? parts(`weights.allGather.${pass}`, 'all-gather', weightBytes, 'round') : []
  const trainedShare =
    (stage.trained.parameters + stage.trained.expertParameters) / (stage.parameters + stage.expertParameters)
  const scattered = strategy.pp > 1 ? 'step' : 'round'
  const scatter = parts('gradients.reduceScatter', 'reduce-scatter', gradientWireBytes * trainedShare, scattered)
  const backward = [...gather('backward'), ...scatter, ...sumReplicas(context)]
  return [
    bundle(gather('forward'), strategy.overlapWeights ? 'forward' : 'nothing', 'stream'),
    bundle(backward, strategy.overlapGradients ? 'backward' : 'nothing', 'stream'),
  ]
}

/** Rounds of micro-batches in a step: a pipeline takes pp of them at a time. */
export function roundsOf({ pp }: Pick<Strategy, 'pp'>, microBatches: number): number {
  return pp === 1 ? microBatches : Math.ceil(microBatches / pp)
}

/** Without its parts, of which a search would keep ten thousands. */
export function sumsOf({ behind, how, roundSeconds, onceSeconds, firstSeconds, roundBytes, onceBytes }: Bundle): Sums {
  return { behind, how, roundSeconds, onceSeconds, firstSeconds, roundBytes, onceBytes }
}

export function bundleSeconds({ roundSeconds, onceSeconds }: Sums, rounds: number): number {
  return rounds * roundSeconds + onceSeconds
}

export function bundleBytes({ roundBytes, onceBytes }: Sums, rounds: number): number {
  return rounds * roundBytes + onceBytes
}

interface Cover {
  readonly microBatches: number
  readonly rounds: number
  readonly windows: Windows
}

/** The seconds of a bundle that stay exposed. No overlap costs more than none. */
export function settle(job: Job, quoted: Sums, { microBatches, rounds, windows }: Cover): number {
  const seconds = bundleSeconds(quoted, rounds)
  if (quoted.behind === 'nothing' || seconds === 0) return seconds
  const windowSeconds = quoted.behind === 'forward' ? windows.forwardSeconds : windows.backwardSeconds
  return Math.min(
    seconds,
    quoted.how === 'bucket'
      ? bucketed(job, seconds, windows.bucketPasses * windowSeconds)
      : streamed(job, seconds, microBatches * windowSeconds) + quoted.firstSeconds,
  )
}

/** Buckets leave as they fill; the last has no compute left to hide behind. */
function bucketed({ calibration, software }: Job, seconds: number, windowSeconds: number): number {
  const { dpExposed: least, dpWindow: usable } = calibration
  return exposedSeconds.compute({ seconds, windowSeconds, least, usable, contention: software.contention })
}

/** A stream of collectives beside a stream of compute: the longer of the two counts, and the first has no cover. */
function streamed({ software }: Job, seconds: number, windowSeconds: number): number {
  const slowed = windowSeconds + software.contention * Math.min(windowSeconds, seconds)
  return Math.max(slowed, seconds) - windowSeconds
}
