/** Any order of passes over any stages, played out pass by pass. */
import { invariant } from '../../base/problem.ts'
import type { Pass, PipelineShape, Schedule, StageSeconds } from './schedule.ts'

/** The passes of one stage, in order, and when each starts. */
export interface PlayedStage {
  readonly passes: readonly Pass[]
  readonly startSeconds: Float64Array
}

export interface Timeline {
  /** From the first pass to the end of the last. */
  readonly seconds: number
  readonly stages: readonly PlayedStage[]
}

/** What a transfer between stages costs: on the way, and of the time of its sender. */
export interface Transfer {
  readonly seconds: number
  readonly blockingSeconds: number
}

export const freeTransfer: Transfer = { seconds: 0, blockingSeconds: 0 }

/** Seconds of each chunk of the model, in model order. */
export type ChunkSeconds = readonly StageSeconds[]

/**
 * Each stage runs its passes in order; a pass starts when its stage is free and its input has arrived. Stages are
 * served in turn until all passes are done; an order that can never finish is a bug of ours.
 */
export function play(schedule: Schedule, shape: PipelineShape, chunks: ChunkSeconds, transfer: Transfer): Timeline {
  const { pp } = shape
  const orders = Array.from({ length: pp }, (_, stage) => schedule.order(shape, stage))
  const stages = orders.map((passes): PlayedStage => ({ passes, startSeconds: new Float64Array(passes.length) }))
  const done = new Finished(shape, transfer.seconds)
  const clocks = new Float64Array(pp)
  const next = new Int32Array(pp)
  let left = orders.reduce((sum, order) => sum + order.length, 0)
  while (left > 0) {
    const before = left
    for (let stage = 0; stage < pp; stage++) {
      const { passes, startSeconds } = stages[stage] as PlayedStage
      for (let i = next[stage] as number; i < passes.length; i++) {
        const pass = passes[i] as Pass
        const ready = done.inputReady(pass, stage)
        if (Number.isNaN(ready)) break
        const start = Math.max(clocks[stage] as number, ready)
        const end = start + passSeconds(chunks, pass, stage + pass.chunk * pp, schedule, transfer)
        startSeconds[i] = start
        clocks[stage] = end
        next[stage] = i + 1
        done.finish(pass, stage, end)
        left--
      }
    }
    invariant(left < before, `a pipeline of ${pp} stages waits for itself`)
  }
  return { seconds: Math.max(...clocks), stages }
}

function passSeconds(
  chunks: ChunkSeconds,
  { kind }: Pass,
  position: number,
  { splitsBackward }: Schedule,
  transfer: Transfer,
): number {
  const { forward, backward, weight } = chunks[position] as StageSeconds
  if (kind === 'forward') return forward + transfer.blockingSeconds
  if (kind === 'weight') return weight
  return (splitsBackward ? backward : backward + weight) + transfer.blockingSeconds
}

/** End of each forward and backward pass; NaN while it has not run. */
class Finished {
  private readonly shape: PipelineShape
  private readonly transferSeconds: number
  private readonly forward: Float64Array
  private readonly backward: Float64Array

  constructor(shape: PipelineShape, transferSeconds: number) {
    const size = shape.pp * shape.vpp * shape.microBatches
    this.shape = shape
    this.transferSeconds = transferSeconds
    this.forward = new Float64Array(size).fill(Number.NaN)
    this.backward = new Float64Array(size).fill(Number.NaN)
  }

  finish({ kind, chunk, microBatch }: Pass, stage: number, end: number): void {
    if (kind === 'weight') return
    const ends = kind === 'forward' ? this.forward : this.backward
    ends[this.index(chunk * this.shape.pp + stage, microBatch)] = end
  }

  /** When its input is there; NaN while the pass that makes it has not run. */
  inputReady({ kind, chunk, microBatch }: Pass, stage: number): number {
    const { pp, vpp } = this.shape
    const position = chunk * pp + stage
    if (kind === 'forward') {
      return position === 0 ? 0 : (this.forward[this.index(position - 1, microBatch)] as number) + this.transferSeconds
    }
    if (kind === 'weight') return this.backward[this.index(position, microBatch)] as number
    return position === pp * vpp - 1
      ? (this.forward[this.index(position, microBatch)] as number)
      : (this.backward[this.index(position + 1, microBatch)] as number) + this.transferSeconds
  }

  private index(position: number, microBatch: number): number {
    return position * this.shape.microBatches + microBatch
  }
}
