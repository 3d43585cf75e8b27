/** Laws of the room that turns compute into loss: printed formulas, and what no change of cluster may do. */
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { all, create, type FactoryFunctionMap } from 'mathjs'
import { describe, expect, test } from 'vitest'
import type { Formula } from '../../src/engine/formula.ts'
import { absorb, waterfall, withChips } from '../../src/growth/absorb.ts'
import { confidences } from '../../src/growth/cited.ts'
import { constantMfu, frontier } from '../../src/growth/frontier.ts'
import { grow } from '../../src/growth/grow.ts'
import type { Machine } from '../../src/growth/machine.ts'
import { type Recipe, standardRecipe } from '../../src/growth/recipe.ts'
import { type Settled, settle } from '../../src/growth/settle.ts'
import { h100 } from '../support/h100.ts'

const math = create(all as FactoryFunctionMap)
const room = new URL('../../src/growth/', import.meta.url)
const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const modules = await Promise.all(
  files.map(async (file) => (await import(new URL(file, room).href)) as Record<string, unknown>),
)
const exported = modules.flatMap((module) => Object.values(module))

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isFormula = (value: unknown): value is Formula<Record<string, number>> =>
  isRecord(value) && 'text' in value && 'compute' in value && 'id' in value

const formulas = [...new Map(exported.filter(isFormula).map((f) => [f.id, f])).values()]

const FUNCTIONS = new Set(['max', 'min', 'sqrt', 'exp', 'log'])
const namesIn = (text: string) =>
  [...new Set(text.match(/[A-Za-z_]\w*/g))].filter((name) => !FUNCTIONS.has(name) && !/^e\d/.test(name))

/** Exponents and shares stay below 1, so that powers stay finite and roots real. */
const drawOf = (name: string) =>
  /Exponent$|Fraction$|Density$|^exponent$|^growth$|^kvShare$/.test(name)
    ? fc.integer({ min: 100, max: 1000 }).map((n) => n / 1000)
    : fc.integer({ min: 1000, max: 64_000 }).map((n) => n / 1000)

describe('formulas', () => {
  test('are found', () => expect(formulas.length).toBeGreaterThan(40))

  test.each(formulas.map((f) => [f.id, f] as const))('%s: text equals code', (_, { text, compute, source }) => {
    expect(source.length).toBeGreaterThan(20)
    const names = namesIn(text)
    const compiled = math.compile(text)
    const inputs = fc.record(Object.fromEntries(names.map((name) => [name, drawOf(name)])))
    fc.assert(
      fc.property(inputs, (values) => {
        const printed = compiled.evaluate({ ...values }) as number
        expect(Math.abs(printed - compute(values))).toBeLessThanOrEqual(1e-9 * Math.abs(printed))
      }),
    )
  })
})

/** Every entry of every exported table that carries a label. */
const cited = exported
  .filter(isRecord)
  .flatMap((value) => [value, ...Object.values(value).filter(isRecord)])
  .filter((value) => 'label' in value && 'validity' in value)

test('every constant says whence it comes, where it holds and how far it was checked', () => {
  expect(cited.length).toBeGreaterThan(80)
  for (const entry of cited) {
    expect(String(entry['source']).length, String(entry['label'])).toBeGreaterThan(8)
    expect(String(entry['validity']).length, String(entry['label'])).toBeGreaterThan(3)
    expect(confidences, String(entry['label'])).toContain(entry['confidence'])
  }
})

const DAY = 86_400

const recipes = fc.record({
  optimizer: fc.constantFrom('adamw', 'muon', 'soap', 'sgd'),
  datatype: fc.constantFrom('bf16', 'fp8', 'fp4'),
  objective: fc.constantFrom('next-token', 'masked', 'diffusion'),
  architecture: fc.constantFrom('transformer', 'moe', 'hybrid', 'lstm'),
  batchLaw: fc.constantFrom('power-lines', 'zhang', 'step-law', 'cube-root', 'deepseek', 'constant'),
  shape: fc.constantFrom('aspect', 'levine'),
  uniqueTokens: fc.constantFrom(1e12, 3e14, Number.POSITIVE_INFINITY),
  batchTokens: fc.constantFrom(16e6, Number.POSITIVE_INFINITY),
})

const settings = fc
  .record({
    change: recipes,
    decades: fc.double({ min: 2, max: 7, noNaN: true }),
    days: fc.integer({ min: 10, max: 300 }),
  })
  .map(({ change, decades, days }): Settled => {
    const activeFraction = change.architecture === 'moe' ? 0.05 : 1
    const recipe = { ...standardRecipe, ...change, activeFraction } as Recipe
    const machine = { ...h100, chips: 10 ** decades }
    return { machine, seconds: days * DAY, recipe, mfu: 0.4, batchFactor: 1 }
  })

const better = {
  chips: (s: Settled) => withChips(s, 1.7),
  time: (s: Settled) => ({ ...s, seconds: s.seconds * 1.7 }),
  'tensor-parallel bandwidth': (s: Settled) => machine(s, { scaleUpBytesPerSecond: 900e9 }),
  'data-parallel bandwidth': (s: Settled) => machine(s, { scaleOutBytesPerSecond: 100e9 }),
  'memory bandwidth': (s: Settled) => machine(s, { hbmBytesPerSecond: 8e12 }),
  memory: (s: Settled) => machine(s, { hbmBytes: 192e9 }),
  latency: (s: Settled) => machine(s, { layerSeconds: 8e-6, cellSeconds: 1e-6 }),
  reliability: (s: Settled) => machine(s, { restartSeconds: 100 }),
  data: (s: Settled) => ({ ...s, recipe: { ...s.recipe, uniqueTokens: s.recipe.uniqueTokens * 3 } }),
}

function machine(settled: Settled, change: Partial<Machine>): Settled {
  return { ...settled, machine: { ...settled.machine, ...change } }
}

describe('more never makes a worse model', () => {
  test.each(Object.entries(better))('%s', (_, improve) => {
    fc.assert(
      fc.property(settings, (settled) => {
        const [before, after] = [settle(settled).reducibleNats, settle(improve(settled)).reducibleNats]
        expect(after).toBeLessThanOrEqual(before * (1 + 1e-6))
      }),
      { numRuns: 60 },
    )
  })
})

test('the waterfall adds up to the last digit', () => {
  fc.assert(
    fc.property(settings, (settled) => {
      const point = settle(settled)
      const sum = waterfall(point).reduce((all, { nats }) => all + nats, 0)
      expect(sum).toBeCloseTo(Math.log(point.peakFlop / point.equivalentFlop), 9)
      for (const { step, nats } of waterfall(point)) {
        if (!['architecture', 'optimizer', 'objective'].includes(step)) expect(nats, step).toBeGreaterThan(-1e-6)
      }
    }),
    { numRuns: 60 },
  )
})

test('AdamW, bf16 and one epoch absorb at most what is delivered', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 2, max: 8, noNaN: true }),
      fc.constantFrom('power-lines', 'cube-root'),
      (decades, batchLaw) => {
        const recipe = { ...standardRecipe, batchLaw, uniqueTokens: Number.POSITIVE_INFINITY } as const
        const point = settle({
          machine: { ...h100, chips: 10 ** decades },
          seconds: 90 * DAY,
          recipe,
          mfu: 0.4,
          batchFactor: 1,
        })
        const { ofDelivered, ofPeak } = absorb(point)
        expect(ofDelivered).toBeLessThanOrEqual(1)
        expect(ofPeak).toBeLessThanOrEqual(ofDelivered)
      },
    ),
  )
})

test('where only data limits, the finite difference at the margin is the closed form', () => {
  fc.assert(
    fc.property(fc.double({ min: 3, max: 8.5, noNaN: true }), (decades) => {
      const recipe = { ...standardRecipe, batchWorth: 1e12, effort: 'perfect' } as const
      const safe = { ...h100, chips: 10 ** decades, chipMeanSeconds: Number.POSITIVE_INFINITY }
      const { marginal, marginalOfLaw } = absorb(
        settle({ machine: safe, seconds: 365 * DAY, recipe, mfu: 0.5, batchFactor: 1 }),
      )
      expect(marginal).toBeCloseTo(marginalOfLaw, 2)
    }),
  )
})

test('with constant utilization the frontier is the settled answer', () => {
  const question = {
    machine: h100,
    seconds: 90 * DAY,
    recipe: standardRecipe,
    utilization: constantMfu(0.4),
    doublings: 3,
  }
  const outcome = frontier(question)
  const settled = settle({ machine: h100, seconds: 90 * DAY, recipe: standardRecipe, mfu: 0.4, batchFactor: 1 })
  expect(outcome.kind === 'reached' ? outcome.point.lossNats : 0).toBeCloseTo(settled.lossNats, 9)
})

test('utilization that asks for a larger batch gets one, and one that is nowhere to be had is an answer', () => {
  const question = { machine: h100, seconds: 90 * DAY, recipe: standardRecipe, doublings: 6 }
  const hungry = frontier({
    ...question,
    utilization: ({ batchTokens }) => ({ mfu: 0.5 * Math.min(1, batchTokens / 8e6) }),
  })
  expect(hungry.kind === 'reached' && hungry.point.batchTokens).toBeGreaterThan(4e6)
  const blocked = frontier({ ...question, utilization: () => ({ mfu: 0, why: 'no split fits' }) })
  expect(blocked).toEqual({ kind: 'blocked', why: 'no split fits' })
})

test('along the road of fixed time compute over communication falls near C^-0.3', () => {
  const calm = { ...h100, chipMeanSeconds: Number.POSITIVE_INFINITY }
  const recipe = { ...standardRecipe, uniqueTokens: Number.POSITIVE_INFINITY, batchTokens: 16e6 }
  const question = { machine: calm, seconds: 90 * DAY, recipe, utilization: constantMfu(0.4), doublings: 0 }
  const slopes = grow({ question, referenceMfu: 0.4 }, 1e23, 1e26).flatMap(({ gain }) =>
    gain ? [gain.ratioSlope] : [],
  )
  expect(slopes).toHaveLength(3)
  for (const slope of slopes) expect(slope).toBeCloseTo(-0.302, 1)
})
