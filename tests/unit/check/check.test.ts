/** The parts of the gate by themselves: what changed, what a budget allows, what a baseline keeps, whose work it is. */
import { describe, expect, test } from 'vitest'
import { attribute } from '../../../src/check/attribute.ts'
import { readBaseline, writeBaseline } from '../../../src/check/baseline.ts'
import { type Change, changesBetween, undo } from '../../../src/check/changes.ts'
import { type CheckSpec, readCheck } from '../../../src/check/check.ts'
import { judge } from '../../../src/check/judge.ts'
import type { Answer, Inputs, InputValue } from '../../../src/check/plan.ts'
import { modelVersion } from '../../../src/engine/version.ts'
import type { Names } from '../../../src/math/expression.ts'

const inputs = (values: Readonly<Record<string, InputValue>>): Inputs => new Map(Object.entries(values))

describe('changes', () => {
  test('what is new, gone and different, one by one', () => {
    const changes = changesBetween(
      inputs({ 'parallel.tp': 8, 'parallel.dp': 'auto', 'training.steps': 100, 'parallel.pp': 4 }),
      inputs({ 'parallel.tp': 4, 'parallel.dp': 'auto', 'training.tokens': 1e12, 'parallel.pp': 4 }),
    )
    expect(changes.map(({ path, before, after }) => [path, before, after])).toEqual([
      ['parallel.tp', 8, 4],
      ['training.tokens', undefined, 1e12],
      ['training.steps', 100, undefined],
    ])
    expect(undo(changes)).toEqual([
      { path: 'parallel.tp', value: 8 },
      { path: 'training.tokens', value: undefined },
      { path: 'training.steps', value: 100 },
    ])
  })

  test('six digits of a measure, every digit of a count', () => {
    const before = inputs({ bandwidth: 450_000_000_123, layers: 123_456_7, share: 0.123456712 })
    const after = inputs({ bandwidth: 450_000_000_456, layers: 123_456_8, share: 0.123456734 })
    expect(changesBetween(before, after).map(({ path }) => path)).toEqual(['layers'])
  })

  test('another model, GPU or cluster is one change; how many GPUs is another', () => {
    const before = {
      'model.name': 'A',
      'model.layers': 32,
      'model.hidden': 4096,
      'cluster.name': 'X',
      'cluster.gpus': 64,
    }
    const after = {
      'model.name': 'B',
      'model.layers': 36,
      'model.hidden': 4096,
      'cluster.name': 'Y',
      'cluster.gpus': 128,
    }
    const gpu = { 'cluster.gpu.tdp': 700, 'cluster.gpu.hbm.capacity': 80e9 }
    const changes = changesBetween(inputs({ ...before, ...gpu }), inputs({ ...after, ...gpu, 'cluster.gpu.tdp': 1000 }))
    expect(changes.map(({ path, parts }) => [path, parts.map((part) => part.path)])).toEqual([
      ['model.name', ['model.name', 'model.layers']],
      ['cluster.name', ['cluster.name', 'cluster.gpu.tdp']],
      ['cluster.gpus', ['cluster.gpus']],
    ])
  })
})

const names: Names = new Map([
  ['step.time', 'seconds'],
  ['mfu', 'ratio'],
  ['memory.peak', 'bytes'],
  ['ratio.compute_to_exposed', 'count'],
])

function check(spec: Partial<CheckSpec>) {
  const read = readCheck({ severity: 'error', ...spec }, names)
  if ('code' in read) throw new Error(read.code)
  return read
}

const scope = (values: Readonly<Record<string, number>>) => new Map(Object.entries(values))

describe('judging', () => {
  test.each([
    [{ max_increase: 0.05 }, 10.5, 'passed'],
    [{ max_increase: 0.05 }, 10.6, 'failed'],
    [{ max_increase: 0.05 }, 1, 'passed'],
    [{ max_decrease: 0.05 }, 9.5, 'passed'],
    [{ max_decrease: 0.05 }, 9.4, 'failed'],
    [{ max_decrease: 0.05 }, 99, 'passed'],
    [{ max_increase: 0, max_decrease: 0 }, 10.000001, 'passed'],
    [{ max_increase: 0, max_decrease: 0 }, 10.001, 'failed'],
  ] as const)('a budget of %j, from 10 to %f: %s', (budget, value, state) => {
    const verdict = judge(
      check({ expr: 'step.time', ...budget }),
      scope({ 'step.time': value }),
      scope({ 'step.time': 10 }),
    )
    expect(verdict.state).toBe(state)
  })

  test('without a baseline, or without that number in it, a budget is skipped', () => {
    const budget = check({ expr: 'step.time', max_increase: 0.05 })
    expect(judge(budget, scope({ 'step.time': 1 }), undefined).state).toBe('skipped')
    expect(judge(budget, scope({ 'step.time': 1 }), scope({})).state).toBe('skipped')
  })

  test('the clause that fails is the one that is read, whichever side the number stands on', () => {
    const { state, reading, clause } = judge(
      check({ expr: 'mfu > 10% and 72 GB > memory.peak' }),
      scope({ mfu: 0.4, 'memory.peak': 75e9 }),
      scope({ mfu: 0.4, 'memory.peak': 70e9 }),
    )
    expect(state).toBe('failed')
    expect(clause).toBe('72 GB > memory.peak')
    expect(reading).toMatchObject({ sign: '<', value: 75e9, limit: 72e9, unit: 'bytes', room: -3e9, before: 70e9 })
  })

  test('no communication is no obstacle, no number is', () => {
    const exposed = check({ expr: 'ratio.compute_to_exposed > 4' })
    expect(judge(exposed, scope({ 'ratio.compute_to_exposed': Number.POSITIVE_INFINITY }), undefined).state).toBe(
      'passed',
    )
    expect(judge(exposed, scope({ 'ratio.compute_to_exposed': Number.NaN }), undefined).state).toBe('failed')
  })
})

test('a baseline keeps what it is given, to six digits, in order', () => {
  const metrics = { mfu: 0.4123456789, 'step.time': 6.28, 'ratio.compute_to_exposed': Number.POSITIVE_INFINITY }
  const plan = { inputs: inputs({ b: 1.23456789, a: 'x', list: [1, 2] }), metrics }
  const text = writeBaseline(
    new Map([
      ['z.yaml', plan],
      ['a.yaml', plan],
    ]),
  )
  expect(text.indexOf('a.yaml')).toBeLessThan(text.indexOf('z.yaml'))
  const read = readBaseline(text)
  if (typeof read === 'string') throw new Error(read)
  expect(read.model).toBe(modelVersion)
  expect(read.plans.get('z.yaml')).toEqual({
    inputs: inputs({ a: 'x', b: 1.23457, list: [1, 2] }),
    metrics: { ...metrics, mfu: 0.412346 },
  })
  expect(writeBaseline(read.plans)).toBe(text)
})

describe('attribution', () => {
  const change = (path: string): Change => {
    const difference = { path, before: 1, after: 2 }
    return { ...difference, parts: [difference] }
  }
  const changes = ['x', 'y'].map(change)
  const answer = (time: number) =>
    ({ simulation: { metrics: { 'step.time': time } }, metrics: { 'step.time': time } }) as unknown as Answer

  // The step takes x · y seconds, from 1 · 1 to 2 · 2.
  const whatIf = (assignments: readonly { readonly path: string }[]) => {
    const undone = (path: string) => assignments.some((each) => each.path === path)
    return answer((undone('x') ? 1 : 2) * (undone('y') ? 1 : 2))
  }

  test('alone, in order, and what they do together', () => {
    const found = attribute('step.time', { before: answer(1), now: answer(4), changes, whatIf })
    expect(found).toMatchObject({ total: 3, interaction: 1, unexplained: 0 })
    expect(found.shares.map(({ alone, inOrder }) => [alone, inOrder])).toEqual([
      [1, 1],
      [1, 2],
    ])
  })

  test('a plan in between that cannot run leaves its part to the next', () => {
    const partly = (assignments: readonly { readonly path: string }[]) =>
      assignments.length === 1 && assignments[0]?.path === 'y' ? undefined : whatIf(assignments)
    const found = attribute('step.time', { before: answer(1), now: answer(4), changes, whatIf: partly })
    expect(found.interaction).toBeUndefined()
    expect(found.shares.map(({ alone, inOrder }) => [alone, inOrder])).toEqual([
      [undefined, undefined],
      [1, 3],
    ])
  })
})
