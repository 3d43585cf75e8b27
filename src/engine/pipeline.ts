/** The stages at work: the schedule played out, what transfers add to it, and which stage sets the pace. */

import type { Windows } from './exchange.ts'
import type { Job } from './job.ts'
import type { Group, Layout } from './layout.ts'
import { priceCollective } from './price/collective.ts'
import { type ChunkSeconds, play, type Timeline, type Transfer } from './schedule/play.ts'
import { type PipelineShape, type Schedule, type StageSeconds, scheduleTable } from './schedule/schedule.ts'
import { microBatchesOf, type Strategy } from './strategy.ts'
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

export type RunPipeline = (job: Job, strategy: Strategy, layout: Layout, chunks: ChunkSeconds) => Pipeline

/** Pass by pass, over stages as unequal as they are. */
export const playPipeline: RunPipeline = (job, strategy, layout, chunks) =>
  assemble(job, strategy, layout, chunks, ({ schedule, shape, transfer }) => {
    const timeline = play(schedule, shape, chunks, transfer)
    return { timeline, delaySeconds: timeline.seconds - timeline.freeSeconds }
  })

/** By the schedule's closed form, as if every stage were as slow as the slowest: to rank many strategies. */
export const estimatePipeline: RunPipeline = (job, strategy, layout, chunks) =>
  assemble(job, strategy, layout, chunks, ({ schedule, shape, transfer, slowest }) => {
    const { pp, vpp, microBatches } = shape
    const delaySeconds = 2 * (pp - 1) * transfer.seconds + 2 * vpp * microBatches * transfer.blockingSeconds
    const freeSeconds = schedule.seconds(shape, slowest)
    return { timeline: { seconds: freeSeconds + delaySeconds, freeSeconds, stages: [] }, delaySeconds }
  })

interface Setting {
  readonly schedule: Schedule
  readonly shape: PipelineShape
  readonly transfer: Transfer
  readonly slowest: StageSeconds
}

type Run = (setting: Setting) => { readonly timeline: Timeline; readonly delaySeconds: number }

function assemble(job: Job, strategy: Strategy, layout: Layout, chunks: ChunkSeconds, run: Run): Pipeline {
  const { pp, vpp } = strategy
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const stages = stageSeconds(pp, chunks)
  const slowest = stages.reduce((most, stage) => (secondsOf(stage) > secondsOf(most) ? stage : most))
  const transfers = pp === 1 ? [] : [{ timing: priceTransfer(job, strategy, layout.pp), times: 2 * vpp * microBatches }]
  const sending = transfers[0]?.timing.seconds ?? 0
  const { ppBlocking, ppBlockingOverlapped } = job.calibration
  const transfer = {
    seconds: sending,
    blockingSeconds: sending * (strategy.overlapPp ? ppBlockingOverlapped : ppBlocking),
  }
  const shape = { pp, vpp, microBatches }
  const { timeline, delaySeconds } = run({ schedule: scheduleTable[strategy.schedule], shape, transfer, slowest })
  // A late transfer can hold up several stages; what it costs beyond its own time counts as idling.
  const exposedSeconds = Math.min(2 * vpp * microBatches * sending, delaySeconds)
  const idleSeconds = timeline.seconds - exposedSeconds - microBatches * secondsOf(slowest)
  return {
    timeline,
    busiestStage: stages.indexOf(slowest),
    bubbleSeconds: pp === 1 ? 0 : Math.max(0, idleSeconds),
    transfers,
    exposedSeconds,
    windows: { forwardSeconds: slowest.forward, backwardSeconds: slowest.backward + slowest.weight },
  }
}

function secondsOf({ forward, backward, weight }: StageSeconds): number {
  return forward + backward + weight
}

function stageSeconds(pp: number, chunks: ChunkSeconds): StageSeconds[] {
  return Array.from({ length: pp }, (_, stage) => {
    const own = chunks.filter((_, chunk) => chunk % pp === stage)
    return {
      forward: own.reduce((sum, { forward }) => sum + forward, 0),
      backward: own.reduce((sum, { backward }) => sum + backward, 0),
      weight: own.reduce((sum, { weight }) => sum + weight, 0),
    }
  })
}

/** One micro-batch's activations to the next stage; tensor-parallel ranks each send their share (scatter/gather). */
function priceTransfer(job: Job, { tp, cp, microBatch }: Strategy, group: Group): Timing {
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
  } as const
  return priceCollective(operation, group, job.cluster, job.calibration)
}
