import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { play } from '../../src/engine/schedule/play.ts'
import {
  type PipelineShape,
  type Schedule,
  type StageSeconds,
  scheduleTable,
} from '../../src/engine/schedule/schedule.ts'

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
      name === 'interleaved'
        ? { pp: Math.max(2, pp), vpp, microBatches: Math.max(2, pp) * rounds }
        : { pp, vpp: 1, microBatches: pp * (rounds - 1) + extra + 1 },
    )

const equalChunks = ({ pp, vpp }: PipelineShape, { forward, backward, weight }: StageSeconds) =>
  Array.from({ length: pp * vpp }, () => ({ forward: forward / vpp, backward: backward / vpp, weight: weight / vpp }))

/** The closed form of ZB-H1 is its paper's, for weight gradients no longer than the other passes. */
const regular = ({ forward, backward, weight }: StageSeconds) => weight <= Math.min(forward, backward)

describe.each(Object.entries(scheduleTable) as [string, Schedule][])('%s', (name, schedule) => {
  test('the closed form is the time of equal stages played out', () => {
    fc.assert(
      fc.property(shapes(name), stage.filter(name === 'zero-bubble' ? regular : () => true), (shape, each) => {
        const played = play(schedule, shape, equalChunks(shape, each), free).seconds
        expect(played).toBeCloseTo(schedule.seconds(shape, each), 6)
      }),
    )
  })

  test('unequal stages take at least as long as the busiest, and every pass waits for its input', () => {
    fc.assert(
      fc.property(
        shapes(name),
        fc.array(stage, { minLength: 36, maxLength: 36 }),
        seconds,
        (shape, stages, transferSeconds) => {
          const chunks = stages.slice(0, shape.pp * shape.vpp)
          const timeline = play(schedule, shape, chunks, { seconds: transferSeconds, blockingSeconds: 0 })
          const { seconds: freeSeconds } = play(schedule, shape, chunks, free)
          const busy = Array.from({ length: shape.pp }, (_, s) =>
            chunks.filter((_, c) => c % shape.pp === s).reduce((sum, c) => sum + c.forward + c.backward + c.weight, 0),
          )
          expect(timeline.freeSeconds).toBeCloseTo(freeSeconds, 9)
          expect(freeSeconds).toBeGreaterThanOrEqual(shape.microBatches * Math.max(...busy) - 1e-9)
          expect(timeline.seconds).toBeGreaterThanOrEqual(freeSeconds - 1e-9)
          for (const [s, { passes, startSeconds }] of timeline.stages.entries()) {
            const kinds = schedule.splitsBackward ? 3 : 2
            expect(passes).toHaveLength(kinds * shape.vpp * shape.microBatches)
            if (s > 0 || shape.pp === 1) continue
            const first = passes.findIndex(({ kind }) => kind === 'backward')
            const slowest = chunks.reduce((sum, c) => sum + c.forward, 0) + 2 * (shape.pp - 1) * transferSeconds
            expect(startSeconds[first] as number).toBeGreaterThanOrEqual(slowest - 1e-9)
          }
        },
      ),
    )
  })

  test('no stage holds more micro-batches than it says', () => {
    fc.assert(
      fc.property(shapes(name), (shape) => {
        for (let s = 0; s < shape.pp; s++) {
          let [held, most] = [0, 0]
          for (const { kind } of schedule.order(shape, s)) {
            if (kind === 'forward') held++
            if (kind === (schedule.splitsBackward ? 'weight' : 'backward')) held--
            most = Math.max(most, held)
          }
          expect(held).toBe(0)
          expect(most / shape.vpp).toBe(schedule.inFlight(shape, s))
        }
      }),
    )
  })
})
