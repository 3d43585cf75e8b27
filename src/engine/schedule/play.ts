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
  /** The same if transfers between stages were free. */
  readonly freeSeconds: number
  readonly stages: readonly PlayedStage[]
}

/** What a transfer between stages costs: on the way, and of the time of its sender. */
export interface Transfer {
  readonly seconds: number
  readonly blockingSeconds: number
}

/** Seconds of each chunk of the model, in model order. */
export type ChunkSeconds = readonly StageSeconds[]

/**
 * Each stage runs its passes in order; a pass starts when its stage is free and its input has arrived. Stages are
 * served in turn until all passes are done; an order that can never finish is a bug of ours. Two clocks run side by
 * side, with transfers as they are and with free ones.
 */
export function play(schedule: Schedule, shape: PipelineShape, chunks: ChunkSeconds, transfer: Transfer): Timeline {
  const { pp } = shape
  const stages = Array.from({ length: pp }, (_, stage): PlayedStage => {
    const passes = schedule.order(shape, stage)
    return { passes, startSeconds: new Float64Array(passes.length) }
  })
  const durations = passDurations(schedule, chunks)
  const inputs = new Inputs(shape)
  const size = inputs.size
  // End of each forward pass, then of each backward pass; NaN while it has not run.
  const ends = new Float64Array(2 * size).fill(Number.NaN)
  const freeEnds = new Float64Array(2 * size)
  const clocks = new Float64Array(pp)
  const freeClocks = new Float64Array(pp)
  const next = new Int32Array(pp)
  let left = stages.reduce((sum, { passes }) => sum + passes.length, 0)
  while (left > 0) {
    const before = left
    for (let stage = 0; stage < pp; stage++) {
      const { passes, startSeconds } = stages[stage] as PlayedStage
      let i = next[stage] as number
      for (; i < passes.length; i++) {
        const pass = passes[i] as Pass
        const input = inputs.of(pass, stage)
        const sent = inputs.crosses(pass, stage)
        const arrived = input < 0 ? 0 : (ends[input] as number) + (sent ? transfer.seconds : 0)
        if (Number.isNaN(arrived)) break
        const start = Math.max(clocks[stage] as number, arrived)
        const freeStart = Math.max(freeClocks[stage] as number, input < 0 ? 0 : (freeEnds[input] as number))
        const seconds = (durations[pass.kind] as Float64Array)[pass.chunk * pp + stage] as number
        const end = start + seconds + (pass.kind === 'weight' ? 0 : transfer.blockingSeconds)
        startSeconds[i] = start
        clocks[stage] = end
        freeClocks[stage] = freeStart + seconds
        if (pass.kind === 'weight') continue
        const output = inputs.slot(pass, stage) + (pass.kind === 'backward' ? size : 0)
        ends[output] = end
        freeEnds[output] = freeStart + seconds
      }
      left -= i - (next[stage] as number)
      next[stage] = i
    }
    invariant(left < before, `a pipeline of ${pp} stages waits for itself`)
  }
  return { seconds: Math.max(...clocks), freeSeconds: Math.max(...freeClocks), stages }
}

/** By kind of pass and position in the model. */
function passDurations({ splitsBackward }: Schedule, chunks: ChunkSeconds): Record<Pass['kind'], Float64Array> {
  const column = (seconds: (chunk: StageSeconds) => number) => Float64Array.from(chunks, seconds)
  return {
    forward: column(({ forward }) => forward),
    backward: column(({ backward, weight }) => (splitsBackward ? backward : backward + weight)),
    weight: column(({ weight }) => weight),
  }
}

/** Where the input of a pass is found: forward passes come first, backward passes after them. */
class Inputs {
  readonly size: number
  private readonly shape: PipelineShape

  constructor(shape: PipelineShape) {
    this.shape = shape
    this.size = shape.pp * shape.vpp * shape.microBatches
  }

  slot({ chunk, microBatch }: Pass, stage: number): number {
    return (chunk * this.shape.pp + stage) * this.shape.microBatches + microBatch
  }

  /** The pass whose end it waits for; negative: none. */
  of(pass: Pass, stage: number): number {
    const slot = this.slot(pass, stage)
    const { microBatches } = this.shape
    if (pass.kind === 'forward') return slot - microBatches
    if (pass.kind === 'weight') return this.size + slot
    return this.isLast(pass, stage) ? slot : this.size + slot + microBatches
  }

  /** Does it come from another stage? */
  crosses(pass: Pass, stage: number): boolean {
    return pass.kind === 'forward' || (pass.kind === 'backward' && !this.isLast(pass, stage))
  }

  private isLast({ chunk }: Pass, stage: number): boolean {
    return chunk * this.shape.pp + stage === this.shape.pp * this.shape.vpp - 1
  }
}
