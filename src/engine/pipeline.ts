/** The stages at work: the schedule played out, what transfers add to it, and which stage sets the pace. */

import type { Windows } from './exchange.ts'
import type { Job } from './job.ts'
import type { Group, Layout } from './layout.ts'
import { priceCollective } from './price/collective.ts'
import type { ChunkSeconds, Timeline, Transfer } from './schedule/play.ts'
import type { Players } from './schedule/players.ts'
import { isPlayable, type PipelineShape, type Schedule, type StageSeconds } from './schedule/schedule.ts'
import { scheduleTable } from './schedule/table.ts'
import { microBatchesOf, type Sharding, type Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

export interface Pipeline {
  readonly timeline: Timeline
  /** The stage with most work; its idle time is the bubble. */
  readonly busiestStage: number
  readonly bubbleSeconds: number
  readonly transfers: readonly { readonly timing: Timing; readonly times: number }[]
  readonly exposedSeconds: number
  /** Compute of the busiest stage for one micro-batch, behind which data-parallel communication can hide. */
  readonly windows: Windows
}

/** Seconds of one micro-batch, by chunk in model order and by stage. */
export interface Load {
  readonly chunks: ChunkSeconds
  readonly stages: readonly StageSeconds[]
}

export type RunPipeline = (job: Job, strategy: Strategy, layout: Layout, load: Load) => Pipeline

/** Pass by pass, over stages as unequal as they are. */
export const playPipeline =
  (players: Players): RunPipeline =>
  (job, strategy, layout, load) =>
    assemble(job, strategy, layout, load, ({ schedule, shape, transfer, slowest }) => {
      if (!isPlayable(schedule)) return closedForm({ schedule, shape, transfer, slowest })
      const timeline = players.of(strategy.schedule, schedule, shape).play(load.chunks, transfer)
      return { timeline, delaySeconds: timeline.seconds - timeline.freeSeconds }
    })

/** By the schedule's closed form, as if every stage were as slow as the slowest: to rank many strategies. */
export const estimatePipeline: RunPipeline = (job, strategy, layout, load) =>
  assemble(job, strategy, layout, load, closedForm)

function closedForm({ schedule, shape, transfer, slowest }: Setting): ReturnType<Run> {
  const delaySeconds = transferDelay(shape, transfer)
  const freeSeconds = schedule.seconds(shape, slowest)
  return { timeline: { seconds: freeSeconds + delaySeconds, freeSeconds }, delaySeconds }
}

/** On the way there and back once, and of the sender's time with every message. */
export function transferDelay({ pp, vpp, microBatches }: PipelineShape, transfer: Transfer): number {
  return 2 * (pp - 1) * transfer.seconds + 2 * vpp * microBatches * transfer.blockingSeconds
}

interface Setting {
  readonly schedule: Schedule
  readonly shape: PipelineShape
  readonly transfer: Transfer
  readonly slowest: StageSeconds
}

type Run = (setting: Setting) => { readonly timeline: Timeline; readonly delaySeconds: number }

function assemble(job: Job, strategy: Strategy, layout: Layout, load: Load, run: Run): Pipeline {
  const { pp, vpp } = strategy
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const { stages } = load
  const slowest = stages.reduce((most, stage) => (wholeOf(stage) > wholeOf(most) ? stage : most))
  const transfers = pp === 1 ? [] : [{ timing: priceTransfer(job, strategy, layout.pp), times: 2 * vpp * microBatches }]
  const transfer = transferOf(job, strategy, transfers[0]?.timing.seconds ?? 0)
  const shape = { pp, vpp, microBatches }
  const { timeline, delaySeconds } = run({ schedule: scheduleTable[strategy.schedule], shape, transfer, slowest })
  const exposedSeconds = exposedTransfers(shape, transfer, delaySeconds)
  return {
    timeline,
    busiestStage: stages.indexOf(slowest),
    bubbleSeconds: bubble(shape, slowest, timeline.seconds - exposedSeconds),
    transfers,
    exposedSeconds,
    windows: windowsOf(slowest, shape),
  }
}

export function transferOf(
  { calibration }: Job,
  { overlapPp }: Pick<Strategy, 'overlapPp'>,
  seconds: number,
): Transfer {
  const { ppBlocking, ppBlockingOverlapped } = calibration
  return { seconds, blockingSeconds: seconds * (overlapPp ? ppBlockingOverlapped : ppBlocking) }
}

/** A late transfer can hold up several stages; what it costs beyond its own time counts as idling. */
export function exposedTransfers({ vpp, microBatches }: PipelineShape, { seconds }: Transfer, delay: number): number {
  return Math.min(2 * vpp * microBatches * seconds, delay)
}

/** What the busiest stage idles between the first pass and the last. */
export function bubble({ pp, microBatches }: PipelineShape, slowest: StageSeconds, seconds: number): number {
  return pp === 1 ? 0 : Math.max(0, seconds - microBatches * wholeOf(slowest))
}

/**
 * Gradients are complete during the last backward pass. Interleaved, the chunks of a stage finish one after another, each
 * after the last pp micro-batches of it: all but the last chunk travel beside those of the next (Narayanan et al. 2021,
 * arXiv:2104.04473 §2.2, figure 4). Weights come back in the same order.
 */
export function windowsOf(
  { forward, backward, weight }: StageSeconds,
  { pp, vpp, microBatches }: PipelineShape,
): Windows {
  const bucketPasses = Math.max(1, (Math.min(pp, microBatches) * (vpp - 1)) / vpp)
  return { forwardSeconds: forward, backwardSeconds: backward + weight, bucketPasses }
}

export function wholeOf({ forward, backward, weight }: StageSeconds): number {
  return forward + backward + weight
}

/** One micro-batch's activations to the next stage; tensor-parallel ranks each send their share (scatter/gather). */
export function priceTransfer(job: Job, { tp, cp, microBatch }: Sharding, group: Group): Timing {
  const tokens = (microBatch * job.batch.seqLen) / cp
  const bytes = (tokens * job.model.hidden * job.precision.activationBytes) / tp
  const operation = {
    kind: 'collective',
    name: 'pp.activations',
    phase: 'step',
    collective: 'point-to-point',
    dimension: 'pp',
    bytes,
    hidden: 0,
    rate: 1,
  } as const
  return priceCollective(operation, group, job.cluster, job.calibration)
}
