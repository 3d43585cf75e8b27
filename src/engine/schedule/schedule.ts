/** Pipeline schedules: the order of passes on each stage, and its closed form for equal stages, side by side. */
import type { ScheduleKind } from '../strategy.ts'
import { gpipe } from './gpipe.ts'
import { interleaved } from './interleaved.ts'
import { oneForwardOneBackward } from './one-f-one-b.ts'
import { zeroBubble } from './zero-bubble.ts'

export interface PipelineShape {
  readonly pp: number
  readonly vpp: number
  readonly microBatches: number
}

/** `weight` stands apart only where the schedule splits the backward pass; else it is part of `backward`. */
export const passKinds = ['forward', 'backward', 'weight'] as const
export type PassKind = (typeof passKinds)[number]

/** Seconds that a whole stage takes for one micro-batch. */
export interface StageSeconds {
  readonly forward: number
  /** For the inputs, recomputation included. */
  readonly backward: number
  readonly weight: number
}

export interface Schedule {
  readonly source: string
  readonly splitsBackward: boolean
  /**
   * Passes of one stage, in order, by number: `(kind × vpp + chunk) × microBatches + microBatch`, with kinds as in
   * `passKinds` and chunks of this stage, first to last: the chunk of the model is `chunk × pp + stage`.
   */
  order(shape: PipelineShape, stage: number): Int32Array
  /** From the first pass to the last, for equal stages and free transfers. */
  seconds(shape: PipelineShape, stage: StageSeconds): number
  /** Micro-batches whose activations a stage holds at once, at most. */
  inFlight(shape: PipelineShape, stage: number): number
}

export const scheduleTable = {
  gpipe,
  '1f1b': oneForwardOneBackward,
  interleaved,
  'zero-bubble': zeroBubble,
} satisfies Record<ScheduleKind, Schedule>
