/** Knees, floors and goals on made-up numbers. */
import { expect, test } from 'vitest'
import type { Simulation } from '../../../src/engine/simulation.ts'
import { kneeOf, largestThat, type ScalePoint, withGains } from '../../../src/search/scale.ts'
import { seek, swingsOf } from '../../../src/search/sensitivity.ts'

const point = (gpus: number, tokens: number): ScalePoint => ({
  gpus,
  globalBatch: 1,
  best: {
    metrics: { 'throughput.tokens_per_second': tokens, goodput: 1, 'utilization.effective': tokens / gpus },
  } as unknown as Simulation,
})

const points = withGains([point(1, 1), point(2, 2), point(4, 3), point(8, 3.5), point(16, 3.5)])

test('the gain of a chip is the slope of throughput over size', () => {
  expect(points.map(({ gain }) => gain?.toFixed(3))).toEqual([undefined, '1.000', '0.585', '0.222', '0.000'])
})

test('the knee lies where the gain falls below a half', () => {
  expect(kneeOf(points)).toBe(5)
  expect(kneeOf(points.slice(0, 3))).toBeUndefined()
})

test('the floor keeps the largest size before it is broken', () => {
  expect(largestThat(points, (metrics) => metrics['utilization.effective'] >= 0.7)?.gpus).toBe(4)
  expect(largestThat(points, () => false)).toBeUndefined()
})

test('a size where nothing fits interrupts no curve', () => {
  const gap = withGains([point(1, 1), { gpus: 2, globalBatch: 1 }, point(4, 4)])
  expect(gap.map(({ gain }) => gain)).toEqual([undefined, undefined, 1])
})

test('a goal is sought both ways, to the digit', () => {
  expect(seek(100, (x) => x >= 371, false)).toMatchObject({ kind: 'found', holdsNow: false })
  const up = seek(100, (x) => x >= 371, false)
  expect(up.kind === 'found' && up.value).toBeCloseTo(371, 4)
  const slack = seek(100, (x) => x >= 37, false)
  expect(slack).toMatchObject({ kind: 'found', holdsNow: true })
  expect(slack.kind === 'found' && slack.value).toBeCloseTo(37, 4)
  expect(seek(8, (x) => x >= 13, true)).toEqual({ kind: 'found', holdsNow: false, value: 13 })
  expect(seek(8, () => false, false).kind).toBe('never')
  expect(seek(8, () => true, true).kind).toBe('always')
})

test('inputs by effect, and what does nothing is left out', () => {
  const inputs = new Map([
    ['a', 10],
    ['b', 10],
    ['c', 10],
    ['none', 0],
  ])
  const value = { a: (x: number) => x, b: (x: number) => x ** 2, c: () => 10, none: () => 10 }
  const now = 10
  const swings = swingsOf(inputs, now, 0.1, (path, x) => (value[path as 'a'](x) * now) / value[path as 'a'](10))
  expect(swings.map(({ path, elasticity }) => [path, Number(elasticity.toFixed(6))])).toEqual([
    ['b', 2],
    ['a', 1],
  ])
})
