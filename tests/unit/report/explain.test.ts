import { expect, test } from 'vitest'
import { catalogue } from '../../../src/engine/catalogue.ts'
import { factsTable } from '../../../src/engine/facts.ts'
import { namesIn, withValues } from '../../../src/report/compose/explain/formula.ts'
import { inputPath } from '../../../src/report/compose/explain/inputs.ts'
import { explain } from '../../../src/report/compose/explain.ts'
import { render } from '../../../src/report/render/render.ts'
import { plainTheme } from '../../../src/report/report.ts'
import { scenarioSchema } from '../../../src/scenario/schema.ts'
import { runInput, tool } from './fixture.ts'

const run = runInput()

function say(subject: string | undefined, depth = 1): string {
  const answer = explain({ ...(subject === undefined ? {} : { subject }), run, depth, tool })
  return answer.kind === 'report'
    ? render([answer.report], 'text', plainTheme(100, true))
    : `unknown: ${answer.suggestion}`
}

test('names of a formula: dotted ones whole, functions and numbers left out, each once', () => {
  expect(namesIn('max(1, 2e6 * step.time) / log2(gpus / gpusPerNode) + step.time and x1')).toEqual([
    'step.time',
    'gpus',
    'gpusPerNode',
    'x1',
  ])
  expect(withValues('min(a, a.b) + c', (name) => ({ a: '16,384', 'a.b': '2 s' })[name])).toBe('min(16384, 2 s) + c')
})

test('each name in each metric formula is a metric or a fact, so that no tree has a blank leaf', () => {
  const known = new Set([...Object.keys(catalogue), ...Object.keys(factsTable)])
  for (const { text } of Object.values(catalogue)) expect(namesIn(text).filter((name) => !known.has(name))).toEqual([])
})

test('a metric: formula, the same with numbers, the tree with places, sources once', () => {
  const text = say('mfu')
  expect(text).toContain('= flop.model_per_step / (step.time * gpus * peakFlopPerSecond)')
  expect(text).toMatch(/= 42\.3 EFLOP \/ \(\d\.\d\d s \* 16384 \* 989 TFLOP\/s\)/)
  expect(text).toMatch(/gpus +16,384 +cluster\.gpus +plan\.yaml:7 \[1\]/)
  expect(text.match(/a data sheet/g)).toHaveLength(1)
})

test('a deeper tree holds the formulas of the metrics in it, each once', () => {
  expect(say('mfu', 1)).not.toContain('globalBatch')
  const deep = say('run.cost', 4)
  expect(deep).toContain('globalBatch')
  expect(deep.match(/= run\.steps \* step\.time/g)).toHaveLength(1)
  expect(deep).toContain('see above')
})

test('an operation: by its whole name, or all under a part of it', () => {
  const one = say('attention.qkv.forward')
  expect(one).toContain('matmulSeconds')
  expect(one).toMatch(/efficiency +73\.5 % +.*cluster\.gpu\.sustained\.matmul\.bf16 +plan\.yaml:7/)
  const all = say('attention')
  expect(all).toMatch(/attention\.core\.forward/)
  expect(all).toMatch(/attention\.output\.scatter\.inputGradient/)
})

test('the paths that inputs of operations come from exist in the schema', () => {
  const schema = JSON.stringify(scenarioSchema.parse({ parallel: { tp: 8 } }))
  expect(schema).toContain('"parallel"')
  for (const { timing } of run.simulation.operations) {
    for (const name of Object.keys(timing.inputs)) {
      const path = inputPath(name, timing, run)
      if (path !== undefined) expect(() => keyOf(path)).not.toThrow()
    }
  }
})

/** Walks the shape of the schema through its wrappers. */
function keyOf(path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, key) => {
    const shape = shapeOf(at)
    if (!Object.hasOwn(shape, key)) throw new Error(`the scenario has no ${path.join('.')}`)
    return shape[key]
  }, scenarioSchema)
}

function shapeOf(schema: unknown): Record<string, unknown> {
  const { shape, _zod } = schema as {
    shape?: Record<string, unknown>
    _zod: { def: { innerType?: unknown; in?: unknown } }
  }
  return shape ?? shapeOf(_zod.def.innerType ?? _zod.def.in)
}

test('a problem, all metrics, and a word that is nothing', () => {
  expect(say('strategy/tp-splits-heads')).toContain('What it says')
  expect(say(undefined)).toContain('utilization.effective')
  expect(say('step.tme')).toBe('unknown: step.time')
  expect(explain({ subject: 'mfu', depth: 1, tool }).kind).toBe('report')
})
