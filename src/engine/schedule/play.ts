/** Any order of passes over any stages, played out pass by pass. */
import { invariant } from '../../base/problem.ts'
import { type PipelineShape, type Playable, passKinds, type StageSeconds, stageOf } from './schedule.ts'

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

const [FORWARD, BACKWARD, WEIGHT] = [0, 1, 2] as const

/**
 * The passes of a pipeline in an order in which each comes after the one whose output it takes. That order hangs on the
 * shape alone: stages of any speed are played from it. A row is what a stage does with one chunk in one kind of pass; in a
 * row the micro-batches stand side by side, and a pass is its place there.
 */
export class Player {
  private readonly schedule: Playable
  private readonly shape: PipelineShape
  private readonly order: Int32Array
  /** By row: where the row starts whose ends it waits for, and whether (1) that is another stage's. */
  private readonly inputs: Int32Array
  private readonly crosses: Uint8Array
  /** When each pass ended. The last row belongs to nobody: passes that wait for none find zeros there. */
  private readonly ends: Float64Array
  private readonly freeEnds: Float64Array

  constructor(schedule: Playable, shape: PipelineShape) {
    const { pp, vpp, microBatches } = shape
    const rows = pp * passKinds.length * vpp
    this.schedule = schedule
    this.shape = shape
    this.inputs = new Int32Array(rows)
    this.crosses = new Uint8Array(rows)
    this.ends = new Float64Array((rows + 1) * microBatches)
    this.freeEnds = new Float64Array((rows + 1) * microBatches)
    this.connect()
    this.order = this.arrange(Array.from({ length: pp }, (_, stage) => schedule.order(shape, stage)))
  }

  get passes(): number {
    return this.order.length
  }

  /** A pass starts when its stage is free and its input has arrived. Two clocks, with transfers as they are and free. */
  play(chunks: ChunkSeconds, { seconds, blockingSeconds }: Transfer): Timeline {
    const { order, inputs, crosses, ends, freeEnds } = this
    const { pp, vpp, microBatches } = this.shape
    const perStage = passKinds.length * vpp
    const lengths = this.lengths(chunks)
    const clocks = new Float64Array(pp)
    const freeClocks = new Float64Array(pp)
    for (let i = 0; i < order.length; i++) {
      const pass = order[i] as number
      const row = Math.floor(pass / microBatches)
      const stage = Math.floor(row / perStage)
      const input = (inputs[row] as number) + pass - row * microBatches
      const length = lengths[row] as number
      const arrived = (ends[input] as number) + (crosses[row] as number) * seconds
      const sending = row - stage * perStage < WEIGHT * vpp ? blockingSeconds : 0
      const end = Math.max(clocks[stage] as number, arrived) + length + sending
      const freeEnd = Math.max(freeClocks[stage] as number, freeEnds[input] as number) + length
      clocks[stage] = end
      freeClocks[stage] = freeEnd
      ends[pass] = end
      freeEnds[pass] = freeEnd
    }
    return { seconds: Math.max(...clocks), freeSeconds: Math.max(...freeClocks) }
  }

  /** Seconds of a pass, by row. */
  private lengths(chunks: ChunkSeconds): Float64Array {
    const { splitsBackward } = this.schedule
    const lengths = new Float64Array(this.inputs.length)
    chunks.forEach(({ forward, backward, weight }, position) => {
      lengths[this.row(FORWARD, position)] = forward
      lengths[this.row(BACKWARD, position)] = splitsBackward ? backward : backward + weight
      lengths[this.row(WEIGHT, position)] = weight
    })
    return lengths
  }

  /** The row of a kind of pass over a chunk of the model. */
  private row(kind: number, position: number): number {
    const { pp, vpp } = this.shape
    const stage = stageOf(this.schedule, position, pp)
    return (stage * passKinds.length + kind) * vpp + Math.floor(position / pp)
  }

  /** Forward passes wait for the chunk before, backward passes for the chunk after, weights for their own backward pass. */
  private connect(): void {
    const { pp, vpp, microBatches } = this.shape
    const nobody = this.inputs.length
    const perStage = passKinds.length * vpp
    const stageAt = (row: number) => Math.floor(row / perStage)
    const wait = (row: number, other: number): void => {
      this.inputs[row] = other * microBatches
      this.crosses[row] = other !== nobody && stageAt(row) !== stageAt(other) ? 1 : 0
    }
    for (let position = 0; position < pp * vpp; position++) {
      const first = position === 0
      const last = position === pp * vpp - 1
      const backward = this.row(BACKWARD, position)
      const forward = this.row(FORWARD, position)
      wait(forward, first ? nobody : this.row(FORWARD, position - 1))
      wait(backward, last ? forward : this.row(BACKWARD, position + 1))
      wait(this.row(WEIGHT, position), backward)
    }
  }

  /** Stages are served in turn until all passes are done; an order that can never finish is a bug of ours. */
  private arrange(orders: readonly Int32Array[]): Int32Array {
    const { inputs } = this
    const { pp, vpp, microBatches } = this.shape
    const perStage = passKinds.length * vpp * microBatches
    const done = new Uint8Array(this.ends.length).fill(1, pp * perStage)
    const next = new Int32Array(pp)
    const arranged = new Int32Array(orders.reduce((sum, { length }) => sum + length, 0))
    for (let count = 0, before = -1; count < arranged.length; ) {
      invariant(count > before, `a pipeline of ${pp} stages waits for itself`)
      before = count
      for (let stage = 0; stage < pp; stage++) {
        const order = orders[stage] as Int32Array
        let i = next[stage] as number
        for (; i < order.length; i++) {
          const pass = stage * perStage + (order[i] as number)
          const row = Math.floor(pass / microBatches)
          if (done[(inputs[row] as number) + pass - row * microBatches] === 0) break
          done[pass] = 1
          arranged[count++] = pass
        }
        next[stage] = i
      }
    }
    return arranged
  }
}
