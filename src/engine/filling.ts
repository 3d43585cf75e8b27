/** The memory half of a step: what the stages of one strategy after another hold at their worst moment. */
import { heldAtOnce, heldBytes, type LayerBytes, momentBytes, returnedBytes } from './activations.ts'
import { bytesPerStage, type HeldStage, type Row } from './holding.ts'
import { type Reserve, reservedBytes, workingBytes } from './memory.ts'
import type { PipelineShape, Schedule } from './schedule/schedule.ts'

export const shortages = ['states', 'activations', 'working'] as const
/** What takes most of the memory where it does not suffice. */
export type Shortage = (typeof shortages)[number]

export class Filling {
  private stages: readonly HeldStage[] = []
  private shape: PipelineShape = { pp: 1, vpp: 1, microBatches: 1 }
  private reserve: Reserve = { fixed: 0, share: 0 }
  private again = 0
  private held = new Float64Array(0)
  private returned = new Float64Array(0)
  private moment = new Float64Array(0)
  private activations = new Float64Array(0)
  private bytes: Float64Array = new Float64Array(0)
  private from = 0
  /** Of the last `fillAll`. */
  fitting = new Int32Array(0)
  /** Of every `fillAll`, by shortage. */
  readonly counts = new Float64Array(shortages.length)
  /** The fullest stage, after `fill`. */
  worst = 0

  place(bytes: LayerBytes, stages: readonly HeldStage[], shape: PipelineShape, reserve: Reserve): void {
    this.stages = stages
    this.shape = shape
    this.reserve = reserve
    this.again = bytes.again
    if (this.held.length < stages.length) {
      this.held = new Float64Array(stages.length)
      this.returned = new Float64Array(stages.length)
      this.moment = new Float64Array(stages.length)
      this.activations = new Float64Array(stages.length)
    }
    for (let i = 0; i < stages.length; i++) {
      this.held[i] = heldBytes(bytes, stages[i] as HeldStage, shape.pp)
      this.returned[i] = returnedBytes(bytes, stages[i] as HeldStage, shape)
      this.moment[i] = momentBytes(bytes, stages[i] as HeldStage)
    }
  }

  order({ inFlight }: Schedule): void {
    const { shape, stages, activations, held, returned, again } = this
    for (let i = 0; i < stages.length; i++) {
      const stage = stages[i] as HeldStage
      const atOnce = heldAtOnce(inFlight(shape, stage.first), stage, shape.microBatches)
      activations[i] = atOnce * (held[i] as number) + again + (returned[i] as number)
    }
  }

  /** The weights shared out. The peak of the fullest stage, in bytes. */
  fill({ bytes, from }: Row): number {
    const { activations, moment, reserve } = this
    const count = this.stages.length
    this.bytes = bytes
    this.from = from
    let most = -1
    let peak = 0
    for (let i = 0, at = from; i < count; i++, at += bytesPerStage) {
      const held = activations[i] as number
      const beside = (moment[i] as number) + (bytes[at + 1] as number)
      const working = workingBytes(beside, bytes[at + 2] as number, held)
      const tensors = (bytes[at] as number) + held
      const allocated = tensors + working
      const reserved = reservedBytes(reserve, held + (moment[i] as number))
      if (allocated + reserved <= most) continue
      most = allocated + reserved
      peak = tensors + (working + reserved)
      this.worst = i
    }
    return peak
  }

  /** How many rows of a table fit, and in `fitting` which. The others are counted. */
  fillAll(table: Float64Array, rows: number, hbmBytes: number): number {
    const width = this.stages.length * bytesPerStage
    if (this.fitting.length < rows) this.fitting = new Int32Array(rows)
    const { fitting, counts } = this
    const row = { bytes: table, from: 0 }
    let count = 0
    for (let i = 0; i < rows; i++, row.from += width) {
      if (this.fill(row) > hbmBytes) {
        const most = this.largest()
        counts[most] = (counts[most] as number) + 1
      } else fitting[count++] = i
    }
    return count
  }

  /** What takes most of the memory of the fullest stage, by its place among `shortages`. */
  largest(): number {
    const { activationBytes: held, workingBytes: working } = this
    const states = this.bytes[this.from + this.worst * bytesPerStage] as number
    if (states >= held && states >= working) return 0
    return held >= working ? 1 : 2
  }

  /** Of the fullest stage, as are those below. */
  get activationBytes(): number {
    return this.activations[this.worst] as number
  }

  get workingBytes(): number {
    const { bytes } = this
    const at = this.from + this.worst * bytesPerStage
    const beside = (this.moment[this.worst] as number) + (bytes[at + 1] as number)
    return workingBytes(beside, bytes[at + 2] as number, this.activationBytes)
  }

  get reservedBytes(): number {
    return reservedBytes(this.reserve, this.activationBytes + (this.moment[this.worst] as number))
  }
}
