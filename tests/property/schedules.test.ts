import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Player } from '../../src/engine/schedule/play.ts'
import {
  isPlayable,
  type PassKind,
  type PipelineShape,
  type Playable,
  passKinds,
  type StageSeconds,
  stageOf,
} from '../../src/engine/schedule/schedule.ts'
import { scheduleTable } from '../../src/engine/schedule/table.ts'

const free = { seconds: 0, blockingSeconds: 0 }
const seconds = fc.double({ min: 0.1, max: 3, noNaN: true })
const stage = fc.record({ forward: seconds, backward: seconds, weight: seconds })

/** Whole rounds of micro-batches, as the interleaved schedule needs them; any number for the others. */
const shapes = (name: string): fc.Arbitrary<PipelineShape> =>
  fc
    .record({
      pp: fc.integer({ min: 1, max: 9 }),
      vpp: fc.integer({ min: 2, max: 4 }),
      rounds: fc.integer({ min: 1, max: 4 }),
      extra: fc.nat(8),
    })
    .map(({ pp, vpp, rounds, extra }) =>
      name === 'v-min' || name === 'v-half' || name === 'zb-v'
        ? { pp: Math.max(2, pp), vpp: 2, microBatches: rounds * pp + extra + 1 }
        : name === 'interleaved'
          ? { pp: Math.max(2, pp), vpp, microBatches: Math.max(2, pp) * rounds }
          : { pp, vpp: 1, microBatches: pp * (rounds - 1) + extra + 1 },
    )

const equalChunks = ({ pp, vpp }: PipelineShape, { forward, backward, weight }: StageSeconds) =>
  Array.from({ length: pp * vpp }, () => ({ forward: forward / vpp, backward: backward / vpp, weight: weight / vpp }))

interface Pass {
  readonly kind: PassKind
  readonly chunk: number
  readonly microBatch: number
}

function passesOf(schedule: Playable, shape: PipelineShape, stage: number): Pass[] {
  return Array.from(schedule.order(shape, stage), (pass) => {
    const row = Math.floor(pass / shape.microBatches)
    const kind = passKinds[Math.floor(row / shape.vpp)] as PassKind
    return { kind, chunk: row % shape.vpp, microBatch: pass % shape.microBatches }
  })
}

/** The definition, pass by pass: each ends its own length after the pass before it on its stage and the one it needs. */
function longestChain(
  schedule: Playable,
  shape: PipelineShape,
  chunks: readonly StageSeconds[],
  transferSeconds: number,
  blockingSeconds: number,
): number {
  const { pp, vpp } = shape
  const orders = Array.from({ length: pp }, (_, stage) => passesOf(schedule, shape, stage))
  const known = new Map<string, number>()
  const placeOf = (stage: number, chunk: number) =>
    Array.from({ length: pp }, (_, at) => chunk * pp + at).find(
      (place) => stageOf(schedule, place, pp) === stage,
    ) as number
  const sentTo = (place: number, from: number) =>
    stageOf(schedule, place, pp) === stageOf(schedule, from, pp) ? 0 : transferSeconds
  const end = (stage: number, at: number): number => {
    const pass = orders[stage]?.[at]
    if (!pass) return 0
    const key = `${stage} ${at}`
    const old = known.get(key)
    if (old !== undefined) return old
    const place = placeOf(stage, pass.chunk)
    const { forward, backward, weight } = chunks[place] as StageSeconds
    const length = { forward, backward: schedule.splitsBackward ? backward : backward + weight, weight }[pass.kind]
    const made =
      Math.max(end(stage, at - 1), needed(pass, place)) + length + (pass.kind === 'weight' ? 0 : blockingSeconds)
    known.set(key, made)
    return made
  }
  const endOf = (kind: PassKind, place: number, microBatch: number): number => {
    const [stage, chunk] = [stageOf(schedule, place, pp), Math.floor(place / pp)]
    const same = (pass: Pass) => pass.kind === kind && pass.chunk === chunk && pass.microBatch === microBatch
    return end(stage, (orders[stage] as Pass[]).findIndex(same))
  }
  const needed = ({ kind, microBatch }: Pass, place: number): number => {
    if (kind === 'weight') return endOf('backward', place, microBatch)
    if (kind === 'forward') return place === 0 ? 0 : endOf('forward', place - 1, microBatch) + sentTo(place, place - 1)
    const last = place === pp * vpp - 1
    return last
      ? endOf('forward', place, microBatch)
      : endOf('backward', place + 1, microBatch) + sentTo(place, place + 1)
  }
  return Math.max(...orders.map((passes, stage) => end(stage, passes.length - 1)))
}

/** The closed form of ZB-H1 is its paper's, for weight gradients no longer than the other passes. */
const regular = ({ forward, backward, weight }: StageSeconds) => weight <= Math.min(forward, backward)

const playable = Object.entries(scheduleTable).filter((entry): entry is [string, Playable] => isPlayable(entry[1]))

describe.each(playable)('%s', (name, schedule) => {
  test('the closed form is the time of equal stages played out', () => {
    fc.assert(
      fc.property(shapes(name), stage.filter(name === 'zero-bubble' ? regular : () => true), (shape, each) => {
        const played = new Player(schedule, shape).play(equalChunks(shape, each), free).seconds
        expect(played).toBeCloseTo(schedule.seconds(shape, each), 6)
      }),
    )
  })

  test('unequal stages take as long as the longest chain of passes, and no less than the busiest', () => {
    fc.assert(
      fc.property(
        shapes(name),
        fc.array(stage, { minLength: 36, maxLength: 36 }),
        seconds,
        (shape, stages, transferSeconds) => {
          const chunks = stages.slice(0, shape.pp * shape.vpp)
          const timeline = new Player(schedule, shape).play(chunks, { seconds: transferSeconds, blockingSeconds: 0.1 })
          const busy = Array.from({ length: shape.pp }, (_, s) =>
            chunks
              .filter((_, c) => stageOf(schedule, c, shape.pp) === s)
              .reduce((sum, c) => sum + c.forward + c.backward + c.weight, 0),
          )
          expect(timeline.seconds).toBeCloseTo(longestChain(schedule, shape, chunks, transferSeconds, 0.1), 9)
          expect(timeline.freeSeconds).toBeCloseTo(longestChain(schedule, shape, chunks, 0, 0), 9)
          expect(timeline.freeSeconds).toBeGreaterThanOrEqual(shape.microBatches * Math.max(...busy) - 1e-9)
        },
      ),
    )
  })

  test('no stage holds more micro-batches than it says', () => {
    fc.assert(
      fc.property(shapes(name), (shape) => {
        let fullest = 0
        for (let s = 0; s < shape.pp; s++) {
          let [held, most] = [0, 0]
          const passes = passesOf(schedule, shape, s)
          expect(passes).toHaveLength((schedule.splitsBackward ? 3 : 2) * shape.vpp * shape.microBatches)
          for (const { kind } of passes) {
            if (kind === 'forward') held++
            if (kind === (schedule.splitsBackward ? 'weight' : 'backward')) held--
            most = Math.max(most, held)
          }
          expect(held).toBe(0)
          fullest = Math.max(fullest, most / shape.vpp)
          if (schedule.placement === 'loop') expect(most / shape.vpp).toBe(schedule.inFlight(shape, s))
        }
        // The stages of a V hold about the same, and what is said is the most of them.
        if (schedule.placement === 'fold') expect(fullest).toBe(schedule.inFlight(shape, 0))
      }),
    )
  })
})
