/** Printed formulas equal computed ones: each text is evaluated by mathjs on random inputs. */
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { all, create, type FactoryFunctionMap } from 'mathjs'
import { describe, expect, test } from 'vitest'
import { catalogue, type Scope } from '../../src/engine/catalogue.ts'
import { factsTable } from '../../src/engine/facts.ts'
import type { Formula } from '../../src/engine/formula.ts'
import { metricNames } from '../../src/engine/metrics.ts'

const math = create(all as FactoryFunctionMap)
const engine = new URL('../../src/engine/', import.meta.url)
const files = readdirSync(engine, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const modules = await Promise.all(
  files.map(async (file) => (await import(new URL(file, engine).href)) as Record<string, unknown>),
)

const isFormula = (value: unknown): value is Formula<Record<string, number>> =>
  typeof value === 'object' && value !== null && 'text' in value && 'compute' in value && 'id' in value

const formulas = modules.flatMap((module) => Object.values(module)).filter(isFormula)

/** mathjs reads `step.time` as a property: one flat name instead. */
const flat = (text: string) => text.replace(/\b([a-z][a-z_]*(?:\.[a-z_]+)+)\b/gi, (name) => name.replaceAll('.', '__'))
const FUNCTIONS = new Set(['max', 'min', 'cbrt', 'sqrt', 'log2', 'ceil', 'or', 'and'])
const namesIn = (text: string) =>
  [...new Set(text.match(/[A-Za-z_][\w.]*/g))].filter((name) => !FUNCTIONS.has(name) && !/^e\d/.test(name))

const values = (names: readonly string[]) =>
  fc.record(
    Object.fromEntries(names.map((name) => [name, fc.integer({ min: 1000, max: 64_000 }).map((n) => n / 1000)])),
  )

function expectSame(text: string, compute: (inputs: never) => number) {
  const names = namesIn(text)
  const compiled = math.compile(flat(text))
  fc.assert(
    fc.property(values(names), (inputs) => {
      const scope = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [flat(name), value]))
      const printed = compiled.evaluate(scope) as number
      const computed = compute(inputs as never)
      expect(Math.abs(printed - computed)).toBeLessThanOrEqual(1e-9 * Math.abs(printed))
    }),
  )
}

describe('formulas of operations', () => {
  test('are found', () => expect(formulas.map(({ id }) => id)).toContain('ringAllReduceSeconds'))
  test.each(formulas.map((f) => [f.id, f] as const))('%s', (_, { text, compute, source }) => {
    expect(source.length).toBeGreaterThan(20)
    expectSame(text, compute as (inputs: never) => number)
  })
})

describe('formulas of metrics', () => {
  test.each(Object.entries(catalogue))('%s', (_, { text, compute, source }) => {
    expect(source).not.toBe('')
    expectSame(text, compute as (f: Scope) => number)
  })

  test('use facts and metrics that exist, the metrics before they are used', () => {
    const known = new Set<string>(Object.keys(factsTable))
    for (const [name, { text }] of Object.entries(catalogue)) {
      for (const used of namesIn(text)) expect(known, `${name} uses ${used}`).toContain(used)
      known.add(name)
    }
    expect([...known].filter((name) => !(name in factsTable)).sort()).toEqual([...metricNames].sort())
  })
})
