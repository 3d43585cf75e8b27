/**
 * The homogeneity test: change the size of a byte and of a second, and each metric must move by its own dimension and by
 * nothing else. A latency or an element size written into the engine would show here.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogue } from '../../src/engine/catalogue.ts'
import type { Job } from '../../src/engine/job.ts'
import { metricNames } from '../../src/engine/metrics.ts'
import { simulate } from '../../src/engine/simulate.ts'
import { units } from '../../src/units/unit.ts'
import { plan } from '../support/arbitraries.ts'

/** Dimensions by the unit that a field's name ends in, longest first. */
const SUFFIXES: readonly (readonly [RegExp, byte: number, second: number])[] = [
  [/BytesPerSecond$|^bytesPerSecond$/, 1, -1],
  [/FlopPerSecond$/, 0, -1],
  [/PerGpuSecond$/, 0, -1],
  [/Watts$|^watts$/, 0, -1],
  [/Bytes$/, 1, 0],
  [/Seconds$|SecondsPer(\w*Layer|Expert)$/, 0, 1],
]

function scaled<T>(value: T, byte: number, second: number, name = ''): T {
  if (typeof value === 'number') {
    const [, b, s] = SUFFIXES.find(([suffix]) => suffix.test(name)) ?? ['', 0, 0]
    return (value * byte ** b * second ** s) as T
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  // The members of a table by datatype carry the unit of the table.
  const inner = (key: string) => (SUFFIXES.some(([suffix]) => suffix.test(name)) ? name : key)
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, scaled(v, byte, second, inner(key))])) as T
}

/** Counted in days and hours, whatever a second is. */
const CALENDAR = new Set(['run.days', 'run.gpu_hours'])

test('changing the size of a byte or a second changes each metric by its dimension only', () => {
  const size = fc.constantFrom(0.125, 0.5, 8, 1024)
  fc.assert(
    fc.property(plan, size, size, ({ job, strategy }, byte, second) => {
      const before = simulate(job, strategy).metrics
      const after = simulate(scaled<Job>(job, byte, second), strategy).metrics
      for (const name of metricNames) {
        if (CALENDAR.has(name)) continue
        const unit = units[catalogue[name].unit]
        const expected = before[name] * byte ** unit.byte * second ** unit.second
        // Headroom is a small difference of large numbers.
        const tolerance =
          1e-9 *
          Math.max(
            Math.abs(expected),
            name === 'memory.headroom' ? 1e11 * byte : 0,
            name === 'step.bubble' || name === 'bubble.fraction' ? second : 0,
          )
        if (Number.isFinite(expected)) expect(Math.abs(after[name] - expected), name).toBeLessThanOrEqual(tolerance)
        else expect(after[name], name).toBe(expected)
      }
    }),
    { numRuns: 200 },
  )
})
