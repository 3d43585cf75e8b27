/** Any order of passes over any stages, played out pass by pass. */
import { invariant } from '../../base/problem.ts'
import type { PassKind, PipelineShape, Schedule, StageSeconds } from './schedule.ts'

export interface Timeline {
  /** From the first pass to the end of the last. */
  readonly seconds: number
  /** The same if transfers between stages were free. */
  readonly freeSeconds: number
}

/** What a transfer between stages costs: on the way, and of the time of its sender. */
export interface Transfer {
  readonly seconds: number
  readonly blockingSeconds: number
}

/** Seconds of each chunk of the model, in model order. */
export type ChunkSeconds = readonly StageSeconds[]

export function play(schedule: Schedule, shape: PipelineShape, chunks: ChunkSeconds, transfer: Transfer): Timeline {
  return new Player(schedule, shape).play(chunks, transfer)
}

const FORWARD = 0
const BACKWARD = 1
const WEIGHT = 2
const numberOf = (kind: PassKind): number => (kind === 'forward' ? FORWARD : kind === 'backward' ? BACKWARD : WEIGHT)

/**
 * The passes of a pipeline in an order in which each comes after the one whose output it takes. That order hangs on the
 * shape alone: stages of any speed are played from it. Twenty bytes a pass, since search plays a million of them.
 */
export class Player {
  private readonly schedule: Schedule
  private readonly shape: PipelineShape
  private readonly size: number
  /** Pass by pass: its stage, its length in a table by kind and chunk, whose end it waits for, where its own end goes. */
  private readonly stages: Int32Array
  private readonly lengths: Int32Array
  private readonly inputs: Int32Array
  private readonly outputs: Int32Array
  /** 1: what it waits for comes from another stage. */
  private readonly crosses: Uint8Array
  private readonly ends: Float64Array
  private readonly freeEnds: Float64Array

  constructor(schedule: Schedule, shape: PipelineShape) {
    const { pp, vpp, microBatches } = shape
    const size = pp * vpp * microBatches
    const count = size * (schedule.splitsBackward ? 3 : 2)
    this.schedule = schedule
    this.shape = shape
    this.size = size
    this.stages = new Int32Array(count)
    this.lengths = new Int32Array(count)
    this.inputs = new Int32Array(count)
    this.outputs = new Int32Array(count)
    this.crosses = new Uint8Array(count)
    // Of forward passes, of backward passes, then one end that is there from the start and one that nobody waits for.
    this.ends = new Float64Array(2 * size + 2)
    this.freeEnds = new Float64Array(2 * size + 2)
    this.arrange(this.ordersOf(count / pp))
  }

  get passes(): number {
    return this.stages.length
  }

  /** A pass starts when its stage is free and its input has arrived. Two clocks, with transfers as they are and free. */
  play(chunks: ChunkSeconds, { seconds, blockingSeconds }: Transfer): Timeline {
    const { stages, lengths, inputs, outputs, crosses, ends, freeEnds, shape } = this
    const table = this.table(chunks)
    const blocking = Float64Array.from(table, (_, at) => (at < WEIGHT * chunks.length ? blockingSeconds : 0))
    const clocks = new Float64Array(shape.pp)
    const freeClocks = new Float64Array(shape.pp)
    for (let i = 0; i < stages.length; i++) {
      const stage = stages[i] as number
      const input = inputs[i] as number
      const output = outputs[i] as number
      const length = table[lengths[i] as number] as number
      const arrived = (ends[input] as number) + (crosses[i] as number) * seconds
      const end = Math.max(clocks[stage] as number, arrived) + length + (blocking[lengths[i] as number] as number)
      const freeEnd = Math.max(freeClocks[stage] as number, freeEnds[input] as number) + length
      clocks[stage] = end
      freeClocks[stage] = freeEnd
      ends[output] = end
      freeEnds[output] = freeEnd
    }
    return { seconds: Math.max(...clocks), freeSeconds: Math.max(...freeClocks) }
  }

  /** By kind of pass and position in the model. */
  private table(chunks: ChunkSeconds): Float64Array {
    const { splitsBackward } = this.schedule
    const table = new Float64Array(3 * chunks.length)
    chunks.forEach(({ forward, backward, weight }, at) => {
      table[FORWARD * chunks.length + at] = forward
      table[BACKWARD * chunks.length + at] = splitsBackward ? backward : backward + weight
      table[WEIGHT * chunks.length + at] = weight
    })
    return table
  }

  /** Kind, chunk and micro-batch of each pass as one number; stage after stage. */
  private ordersOf(each: number): Int32Array {
    const { pp, vpp, microBatches } = this.shape
    const codes = new Int32Array(pp * each)
    let filled = 0
    const write = (kind: PassKind, chunk: number, microBatch: number): void => {
      codes[filled++] = (numberOf(kind) * vpp + chunk) * microBatches + microBatch
    }
    for (let stage = 0; stage < pp; stage++) {
      this.schedule.order(this.shape, stage, write)
      invariant(filled === (stage + 1) * each, `stage ${stage} runs ${filled - stage * each} of ${each} passes`)
    }
    return codes
  }

  /** Stages are served in turn until all passes are done; an order that can never finish is a bug of ours. */
  private arrange(codes: Int32Array): void {
    const { pp, vpp, microBatches } = this.shape
    const { size } = this
    const chunks = pp * vpp
    const each = codes.length / pp
    const done = new Uint8Array(2 * size + 2)
    const next = new Int32Array(pp)
    const [ready, nobody] = [2 * size, 2 * size + 1]
    done[ready] = 1
    for (let at = 0, arranged = -1; at < codes.length; ) {
      invariant(at > arranged, `a pipeline of ${pp} stages waits for itself`)
      arranged = at
      for (let stage = 0; stage < pp; stage++) {
        let i = next[stage] as number
        for (; i < each; i++, at++) {
          const code = codes[stage * each + i] as number
          const kind = Math.floor(code / (vpp * microBatches))
          const chunk = (Math.floor(code / microBatches) % vpp) * pp + stage
          const slot = chunk * microBatches + (code % microBatches)
          const first = chunk === 0
          const last = chunk === chunks - 1
          const before = first ? ready : slot - microBatches
          const after = last ? slot : size + slot + microBatches
          const input = kind === FORWARD ? before : kind === BACKWARD ? after : size + slot
          if (done[input] === 0) break
          const output = kind === FORWARD ? slot : kind === BACKWARD ? size + slot : nobody
          done[output] = 1
          this.stages[at] = stage
          this.lengths[at] = kind * chunks + chunk
          this.inputs[at] = input
          this.outputs[at] = output
          this.crosses[at] = (kind === FORWARD && !first) || (kind === BACKWARD && !last) ? 1 : 0
        }
        next[stage] = i
      }
    }
  }
}
