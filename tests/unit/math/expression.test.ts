/** What may be asked of a plan, what it means, and what is refused: the door through which strangers' formulas come. */
import { expect, test } from 'vitest'
import { compileExpression, type Expression, isFaulty, type Scope } from '../../../src/math/expression.ts'
import type { ExpressionFault } from '../../../src/math/fault.ts'
import type { Names } from '../../../src/math/names.ts'
import { hostile } from './hostile.ts'

const names: Names = new Map([
  ['mfu', 'ratio'],
  ['memory.peak', 'bytes'],
  ['cluster.gpu.hbm.capacity', 'bytes'],
  ['cluster.scale_up.bandwidth', 'bytesPerSecond'],
  ['step.time', 'seconds'],
  ['run.time', 'seconds'],
  ['run.cost', 'usd'],
  ['flop.run', 'flop'],
  ['throughput.tokens_per_second', 'tokensPerSecond'],
  ['parameters.total', 'count'],
  ['training.tokens', 'tokens'],
  ['parallel.tp', 'count'],
  ['parallel.sp', 'flag'],
  ['training.precision', 'word'],
  ['model.moe.experts', 'count'],
])

const scope: Scope = new Map<string, number | boolean>([
  ['mfu', 0.41],
  ['memory.peak', 71.3e9],
  ['cluster.gpu.hbm.capacity', 80e9],
  ['cluster.scale_up.bandwidth', 450e9],
  ['step.time', 6.28],
  ['run.time', 67.6 * 86_400],
  ['run.cost', 55.7e6],
  ['flop.run', 3.8e25],
  ['throughput.tokens_per_second', 2.67e6],
  ['parameters.total', 405e9],
  ['training.tokens', 15.6e12],
  ['parallel.tp', 8],
  ['parallel.sp', true],
])

function compiled(text: string): Expression {
  const made = compileExpression(text, names)
  if (isFaulty(made)) throw new Error(`${text}: ${JSON.stringify(made)}`)
  return made
}

function fault(text: string): ExpressionFault {
  const made = compileExpression(text, names)
  if (!isFaulty(made)) throw new Error(`${text} was taken`)
  return made
}

test.each<[string, number | boolean]>([
  ['mfu >= 41%', true],
  ['mfu >= 0.42', false],
  ['memory.peak < 72 GB', true],
  ['memory.peak <= 66.5 GiB', true],
  ['memory.peak < 0.92 cluster.gpu.hbm.capacity', true],
  ['memory.peak / 80 GB', 71.3 / 80],
  ['0.38 <= mfu <= 0.6', true],
  ['0.38 <= mfu <= 0.4', false],
  ['cluster.scale_up.bandwidth >= 3.6 Tb/s', true],
  ['cluster.scale_up.bandwidth >= 3.6 Tbps', true],
  ['run.cost <= 60 M USD and run.time <= 90 days', true],
  ['run.cost / run.time < 1 M USD/day', true],
  ['step.time < 6280 ms or parallel.tp == 8', true],
  ['step.time <= 7000000 µs', true],
  ['not parallel.sp', false],
  ['parallel.sp == true and parallel.tp > 1', true],
  ['parallel.sp ? step.time : 2 step.time', 6.28],
  ['training.tokens >= 15e12', true],
  ['training.tokens >= 15 T tokens', true],
  ['throughput.tokens_per_second > 2.6 M tokens/s', true],
  ['6 FLOP * parameters.total * training.tokens / 1 tokens <= flop.run', true],
  ['max(step.time, 10 s) == 10 s', true],
  ['sqrt(memory.peak * memory.peak) == memory.peak', true],
  ['run.time > 5 min', true],
  ['mod(parallel.tp, 3) == 2 and 5 % 3 == 2', true],
  ['2 ^ 3 ^ 2', 512],
  ['1/2 GB < 1 GB', true],
  ['mfu > 38% + 2%', true],
  ['mfu > 38 % + 4 %', false],
  ['38% <= mfu <= 60% and mfu != 10% or parallel.sp', true],
  ['mfu / 50% < 1 and max(10%, 5%) == 0.1', true],
  ['7 % parallel.tp == 7', true],
])('%s is %s', (text, value) => {
  const found = compiled(text).evaluate(scope)
  if (typeof value === 'number') expect(found).toBeCloseTo(value, 9)
  else expect(found).toBe(value)
})

test.each<[string, string, string]>([
  ['memory.peak < 72', 'compares bytes with a bare number', 'did you mean 72 GB?'],
  ['72 > memory.peak', 'compares a bare number with bytes', 'did you mean 72 GB?'],
  ['parallel.tp < 8 GB', 'compares a bare number with bytes', 'leave the unit away'],
  ['step.time + memory.peak > 3 s', 'adds a time and bytes', 'units'],
  ['throughput.tokens_per_second > 400 TFLOP/s', 'compares tokens/s with FLOP/s', ''],
  ['throughput.tokens_per_second > 400', 'compares tokens/s with a bare number', 'did you mean 400 tokens/s?'],
  ['log(memory.peak) > 3', 'has bytes where what log takes', 'divide'],
  ['mfu > (step.time ^ mfu)', 'to a power that is not a plain number', ''],
  ['mfu and parallel.sp', 'takes mfu for a yes or no', 'compare'],
  ['parallel.sp + 1 > 0', 'calculates with parallel.sp', 'join'],
])('%s: %s', (text, deed, meant) => {
  const { code, params } = fault(text)
  expect(code).toBe('check/wrong-dimension')
  expect(params['deed']).toContain(deed)
  expect(params['meant']).toContain(meant)
})

test.each([
  ['mfuu > 1', 'mfu', 0, 4],
  ['mfu > 1 and memory.peek < 2 GB', 'memory.peak', 12, 11],
  ['cost.run < 3 USD', 'run.cost', 0, 8],
  ['memory.peak < 0.9 gpu.hbm', 'cluster.gpu.hbm.capacity', 18, 7],
  ['memory.peak < 72 gb', 'GB', 17, 2],
  ['mfu.constructor > 1', '', 0, 15],
])('%s: did you mean %s?', (text, meant, start, length) => {
  const { code, params, at } = fault(text)
  expect(code).toBe('check/unknown-name')
  if (meant) expect(params['meant']).toBe(`did you mean ${meant}?`)
  expect(at).toEqual({ start, length })
})

test('clauses, their sides and their units', () => {
  const { clauses } = compiled('(mfu >= 38%) and 1 GB <= memory.peak < 72 GB and parallel.sp')
  expect(clauses.map(({ text }) => text)).toEqual([
    'mfu >= 38%',
    '1 GB <= memory.peak',
    'memory.peak < 72 GB',
    'parallel.sp',
  ])
  expect(clauses[0]?.comparison?.left).toMatchObject({ unit: 'ratio', names: ['mfu'] })
  expect(clauses[2]?.comparison?.right.evaluate(scope)).toBe(72e9)
  expect(clauses[3]?.comparison).toBeUndefined()
})

test('what has no answer is no number, and no exception', () => {
  for (const text of ['gcd(1.5, 2) > 0', 'sqrt(0 - 4) > 1', '0/0 > 1'])
    expect(compiled(text).evaluate(scope)).not.toBe(true)
})

test.each(hostile)('refused or right, at once: %s', (text) => {
  const tries = [1, 2, 3].map(() => {
    const start = performance.now()
    const made = compileExpression(text, names)
    const value = isFaulty(made) ? made.code : made.evaluate(scope)
    return { value, milliseconds: performance.now() - start }
  })
  const [{ value }] = tries as [(typeof tries)[number]]
  // The best of three: other work on the machine is not what is measured.
  expect(Math.min(...tries.map(({ milliseconds }) => milliseconds))).toBeLessThan(10)
  if (typeof value === 'string') expect(value).toMatch(/^check\//)
  else expect(['boolean', 'number']).toContain(typeof value)
})

test('there are 63 of them', () => expect(hostile).toHaveLength(63))
