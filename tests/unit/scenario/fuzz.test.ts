/** Whatever stands in a file: an answer or a ScenarioError with places, never a crash. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ScenarioError } from '../../../src/base/problem.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import { memoryFiles } from '../../support/memory-files.ts'

const plan = `extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]
cluster:
  gpus: 64
  scale_up: &link { bandwidth: 450 GB/s, latency: { value: 3 µs, source: us } }
  scale_out: { <<: *link, bandwidth: 400 Gb/s }
training: { sequence_length: 8192, global_batch: 128, tokens: 1T }
parallel:
  tp: 2
  pp: 2
  layers_per_stage: [16, 16]
  overlap: { tp: true }
reliability: { checkpoint_interval: auto, failures: 2e-5 /h }
`

function expectAnAnswer(text: string, sets: readonly string[] = []): void {
  try {
    readScenario('main.yaml', memoryFiles({ 'main.yaml': text }), { sets })
  } catch (error) {
    expect(error).toBeInstanceOf(ScenarioError)
    for (const { message, hint, place } of (error as ScenarioError).problems) {
      expect(message + hint).not.toMatch(/undefined|\[object/u)
      expect(message).not.toBe('')
      expect(hint).not.toBe('')
      expect(place?.line).toBeGreaterThan(0)
    }
  }
}

const position = fc.integer({ min: 0, max: plan.length })
const snippet = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '\n',
    '  ',
    '"',
    '&a ',
    '*a',
    '<<: *link',
    '!x ',
    'null',
    '-1',
    '1e99',
    '%',
    '?',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const edit = fc.record({ at: position, remove: fc.integer({ min: 0, max: 12 }), insert: snippet })

test('a sound scenario with a few wrong characters', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const text = edits.reduce(
        (old, { at, remove, insert }) => old.slice(0, at) + insert + old.slice(at + remove),
        plan,
      )
      expectAnAnswer(text)
    }),
    { numRuns: 150 },
  )
})

const keys = fc.constantFrom(
  'cluster',
  'gpu',
  'hbm',
  'model',
  'training',
  'parallel',
  'tp',
  'extends',
  'source',
  'value',
  '__proto__',
)
const path = fc.array(keys, { minLength: 1, maxLength: 4 }).map((names) => names.join('.'))

test('any --set', () => {
  fc.assert(
    fc.property(
      path,
      fc.oneof(
        fc.jsonValue().map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (name, value) => {
        expectAnAnswer(plan, [`${name}=${value}`])
      },
    ),
    { numRuns: 150 },
  )
})
