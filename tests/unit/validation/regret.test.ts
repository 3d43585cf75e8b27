import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JudgedRun } from '../../../src/validation/accuracy.ts'
import { choicesOf } from '../../../src/validation/regret.ts'

const run = (id: string, measuredSeconds: number, predictedSeconds: number): JudgedRun => ({
  id,
  sourceKey: 'paper',
  moe: false,
  sweep: 'one model, one machine',
  unit: 'step_time',
  suspect: false,
  notes: [],
  measuredSeconds,
  predictedSeconds,
})

const seconds = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 8, maxLength: 20 })

describe('regret', () => {
  test('whoever orders layouts rightly has none, and whoever turns the order round has the most', () =>
    fc.assert(
      fc.property(seconds, (times) => {
        const [right] = choicesOf(times.map((time, at) => run(`${at}`, time, 2 * time)))
        expect(right).toMatchObject({ layouts: times.length, regret: 0 })
        expect(right?.rank).toBeCloseTo(1)
        const [wrong] = choicesOf(times.map((time, at) => run(`${at}`, time, 1 / time)))
        expect(wrong?.rank).toBeCloseTo(-1)
        expect(wrong?.regret).toBeCloseTo(Math.max(...times) / Math.min(...times) - 1)
      }),
    ))

  test('the order of the runs changes nothing', () =>
    fc.assert(
      fc.property(
        seconds,
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 20, maxLength: 20 }),
        (times, guesses) => {
          const runs = times.map((time, at) => run(`${at}`, time, guesses[at] as number))
          const figures = (list: readonly JudgedRun[]) => choicesOf(list).map(({ regret, rank }) => [regret, rank])
          expect(figures(runs.toReversed())).toEqual(figures(runs))
        },
      ),
    ))

  test('a layout run again counts once, at its median; seven layouts are no choice', () => {
    const layouts = [10, 20, 30, 40, 50, 60, 70, 80].map((time) => run(`${time}`, time, time))
    const lucky = [run('again', 1, 20), run('and again', 20, 20)]
    expect(choicesOf([...layouts, ...lucky])).toMatchObject([{ runs: 10, layouts: 8, regret: 0, best: '10' }])
    expect(choicesOf([...layouts.slice(1), ...lucky])).toEqual([])
  })
})
