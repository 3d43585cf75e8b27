/**
 * Two chunks a stage, laid out as a V: down the stages and back, so that the first stage has both ends of the model. Each
 * schedule repeats one block of passes every six slots (a slot is a forward pass, the backward pass for the inputs or that
 * for the weights, of one chunk); the slower a micro-batch goes from stage to stage, the fewer bubbles and the more of them
 * in flight.
 */
import { Player } from './play.ts'
import type { PipelineShape, Playable, StageSeconds } from './schedule.ts'

/** Slots from one stage to the next: forward down, forward up, backward down, backward up. */
type Pace = readonly [number, number, number, number]

const SLOTS = 6
const CHUNKS = 2

export const vMin = folded([1, 1, 1, 1])
export const vHalf = folded([2, 1, 2, 1])
export const zeroBubbleV = folded([4, 2, 4, 2])

function folded(pace: Pace): Playable {
  const schedule: Playable = {
    source: 'Qi et al. 2024, arXiv:2405.15362 §4 (building blocks)',
    splitsBackward: true,
    placement: 'fold',
    copies: 1,
    order: (shape, stage) => orderOf(pace, shape, stage),
    // No closed form is published: equal stages are played.
    seconds: (shape, stage) => new Player(schedule, shape).play(equal(shape, stage), FREE).seconds,
    // All stages hold about the same.
    inFlight: (shape) => {
      const held = Array.from({ length: shape.pp }, (_, stage) => mostHeld(orderOf(pace, shape, stage), shape))
      return Math.max(...held) / CHUNKS
    },
  }
  return schedule
}

const FREE = { seconds: 0, blockingSeconds: 0 }

function equal({ pp }: PipelineShape, { forward, backward, weight }: StageSeconds): StageSeconds[] {
  const chunk = { forward: forward / CHUNKS, backward: backward / CHUNKS, weight: weight / CHUNKS }
  return Array.from({ length: CHUNKS * pp }, () => chunk)
}

/** The passes of the block where they stand; in the slots between them those for the weights, oldest first. */
function orderOf(pace: Pace, { pp, microBatches }: PipelineShape, stage: number): Int32Array {
  const starts = startsOf(pace, pp, stage, turnsOf(pace, pp))
  const order = new Int32Array(3 * CHUNKS * microBatches)
  const waiting: number[] = []
  let [count, served] = [0, 0]
  for (let slot = stage * pace[0]; count < order.length; slot++) {
    const row = starts.findIndex((start) => {
      const since = slot - start
      return since >= 0 && since % SLOTS === 0 && since / SLOTS < microBatches
    })
    if (row < 0) {
      if (served < waiting.length) order[count++] = waiting[served++] as number
      continue
    }
    const pass = row * microBatches + (slot - (starts[row] as number)) / SLOTS
    order[count++] = pass
    if (row >= CHUNKS) waiting.push(pass + CHUNKS * microBatches)
  }
  return order
}

/** Slots of the first micro-batch on a stage, in the order of rows: forward of both chunks, then backward of both. */
function startsOf([down, up, backDown, backUp]: Pace, pp: number, stage: number, turns: readonly number[]): number[] {
  const [bottom = 0, top = 0, back = 0] = turns
  const rest = pp - 1 - stage
  const turned = down * (pp - 1) + bottom
  const topped = turned + up * (pp - 1) + top
  const returned = topped + backDown * (pp - 1) + back
  return [down * stage, turned + up * rest, returned + backUp * rest, topped + backDown * stage]
}

/** The shortest waits at the three turns of the V with which no stage has two passes in one slot. */
function turnsOf(pace: Pace, pp: number): readonly number[] {
  for (let sum = 3; sum <= 3 * SLOTS; sum++)
    for (let bottom = 1; bottom <= Math.min(SLOTS, sum - 2); bottom++)
      for (let top = 1; top <= Math.min(SLOTS, sum - bottom - 1); top++) {
        const turns = [bottom, top, sum - bottom - top]
        if (isFree(pace, pp, turns)) return turns
      }
  throw new Error(`no V of pace ${pace} over ${pp} stages`)
}

/** Slots come back every six, and so do stages. */
function isFree(pace: Pace, pp: number, turns: readonly number[]): boolean {
  for (let stage = 0; stage < Math.min(pp, SLOTS); stage++) {
    const taken = new Set(startsOf(pace, pp, stage, turns).map((start) => start % SLOTS))
    if (taken.size < 2 * CHUNKS) return false
  }
  return true
}

function mostHeld(order: Int32Array, { microBatches }: PipelineShape): number {
  const [forward, weight] = [CHUNKS * microBatches, 2 * CHUNKS * microBatches]
  let [held, most] = [0, 0]
  for (const pass of order) {
    if (pass < forward) held++
    if (pass >= weight) held--
    most = Math.max(most, held)
  }
  return most
}
