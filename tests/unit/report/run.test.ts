import { describe, expect, test } from 'vitest'
import { stepParts } from '../../../src/report/compose/run/steps.ts'
import { runDrops, stepDrops } from '../../../src/report/compose/run/waterfall.ts'
import { composeRun } from '../../../src/report/compose/run.ts'
import { widthOf } from '../../../src/report/render/characters.ts'
import { render } from '../../../src/report/render/render.ts'
import { plainTheme } from '../../../src/report/report.ts'
import { runInput } from './fixture.ts'

const plans = {
  flagship: runInput(),
  'one stage': runInput({ strategy: { pp: 1, vpp: 1, schedule: '1f1b', dp: 2048, shardRanks: 2048, zero: 3 } }),
  recomputing: runInput({ strategy: { recompute: 'full' } }),
  alone: runInput({
    strategy: { tp: 1, sp: false, pp: 1, vpp: 1, schedule: '1f1b', dp: 2048, shardRanks: 1, zero: 0 },
  }),
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

describe.each(Object.entries(plans))('%s', (_, input) => {
  const { metrics } = input.simulation

  test('the parts of the step add up to the step', () => {
    expect(sum(stepParts(input).map(({ seconds }) => seconds)) / metrics['step.time']).toBeCloseTo(1, 9)
  })

  test('the waterfall falls from the peak to MFU and on to effective utilization, and never rises', () => {
    const step = stepDrops(input.simulation).map(({ share }) => share)
    const run = runDrops(input.simulation).map(({ share }) => share)
    expect(1 - sum(step)).toBeCloseTo(metrics.mfu, 9)
    expect(metrics.mfu - sum(run)).toBeCloseTo(metrics['utilization.effective'], 9)
    expect(Math.min(...step, ...run)).toBeGreaterThanOrEqual(-1e-12)
  })

  test.each([60, 72, 80, 100, 140])('no line is wider than %i columns', (width) => {
    const text = render([composeRun(input)], 'text', plainTheme(width, true))
    expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(width)
  })

  test('without Unicode every character is ASCII', () => {
    expect(render([composeRun(input)], 'text', plainTheme(100, false))).toMatch(/^[\n -~]*$/)
  })
})

test('whether it fits is said before any number', () => {
  const { sections } = composeRun(plans.flagship)
  expect(sections.slice(0, 3).map(({ kind }) => kind)).toEqual(['title', 'verdict', 'tiles'])
  const [, verdict] = sections
  expect(verdict).toMatchObject({ role: 'bad', word: 'DOES NOT FIT' })
  expect(composeRun(plans.recomputing).sections[1]).toMatchObject({ role: 'good', word: 'FITS' })
})

test('a run without failures has no drop below MFU', () => {
  const reliability = {
    failuresPerGpuSecond: 0,
    checkpointSeconds: 5,
    restartSeconds: 600,
    checkpointIntervalSeconds: 0,
  }
  const { simulation } = runInput({ job: { reliability } })
  expect(runDrops(simulation).map(({ share }) => share)).toEqual([0, 0, 0])
})
