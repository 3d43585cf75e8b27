import { describe, expect, test } from 'vitest'
import { accuracyOf, type JudgedRun } from '../../../src/validation/accuracy.ts'
import { median, quantile, rankCorrelation } from '../../../src/validation/statistics.ts'

describe('statistics', () => {
  test('quantiles lie between ranks, in any order', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(quantile([0, 10], 0.9)).toBeCloseTo(9)
    expect(median([])).toBeNaN()
  })

  test('rank correlation sees order, not size; ties share a rank', () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 1000])).toBe(1)
    expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBe(-1)
    expect(rankCorrelation([1, 1, 2], [5, 6, 7])).toBeCloseTo(Math.sqrt(3) / 2)
    expect(rankCorrelation([1, 1], [1, 2])).toBeNaN()
  })
})

const run = (sourceKey: string, error: number | undefined, more: Partial<JudgedRun> = {}): JudgedRun => ({
  id: 'run',
  sourceKey,
  moe: false,
  sweep: 'one',
  unit: 'step_time',
  suspect: false,
  notes: [],
  ...(error !== undefined && { error, measuredSeconds: 1, predictedSeconds: 1 + error }),
  ...more,
})

describe('accuracy', () => {
  test('sources count alike, however many rows each has', () => {
    const runs = [...Array.from({ length: 9 }, () => run('large', 0.1)), run('small', -0.3)]
    const { dense, all } = accuracyOf(runs)
    expect(dense.median).toBeCloseTo(0.2)
    expect(all.median).toBeCloseTo(0.1)
    expect(dense.bias).toBeCloseTo(-0.1)
  })

  test('models with experts stand apart, doubtful runs and those without prediction are listed but not counted', () => {
    const { sources, moe } = accuracyOf([
      run('a', 0.1),
      run('a', 0.5, { moe: true }),
      run('a', 9, { suspect: true }),
      run('a', undefined),
    ])
    expect(sources.map(({ moe: experts, runs, judged }) => [experts, runs, judged])).toEqual([
      [false, 3, 1],
      [true, 1, 1],
    ])
    expect(moe.median).toBeCloseTo(0.5)
  })
})
