/** The schema that editors get: fresh, valid by its own standard, and of one mind with what reads a scenario. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { scenarioJsonSchema } from '../src/scenario/json-schema.ts'
import { scenarioSchema } from '../src/scenario/schema.ts'
import { repo } from './support/host.ts'

const json = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`

test('schema/scenario.schema.json is what the code says', async () => {
  // After a change of src/scenario/schema.ts: npx vitest run tests/schema.test.ts -u
  await expect(json).toMatchFileSnapshot('../schema/scenario.schema.json')
})

const ajv = new Ajv({ strict: true, allowUnionTypes: true, keywords: ['unit'] })
const valid = ajv.compile(JSON.parse(json))

const bundled = readdirSync(join(repo, 'scenarios'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
)

test('every bundled file is valid to both', () => {
  for (const name of bundled) {
    const document = parse(readFileSync(join(repo, 'scenarios', name), 'utf8'))
    expect(valid(document), `${name}: ${ajv.errorsText(valid.errors)}`).toBe(true)
    expect(scenarioSchema.safeParse(document).error, name).toBeUndefined()
  }
})

test.each<[string, boolean]>([
  ['cluster: { gpus: 16384 }', true],
  ['cluster: { gpus: 16k }', true],
  ['cluster: { gpus: "16,384" }', true],
  ['cluster: { gpus: { value: 16k, source: a talk } }', true],
  ['cluster: { gpus: 0 }', false],
  ['cluster: { gpus: 1.5 }', false],
  ['cluster: { gpus: many }', false],
  ['cluster: { gpus: [1] }', false],
  ['cluster: { gpus: { source: a talk } }', false],
  ['cluster: { gpus: { value: 8, from: a talk } }', false],
  ['cluster: { gpu: { hbm: { capacity: 80 GB } } }', true],
  ['cluster: { gpu: { hbm: { capacity: 80 } } }', false],
  ['cluster: { gpu: { hbm: { capacity: 80 GB/s } } }', false],
  ['cluster: { gpu: { hbm: { capacity: 80 gb } } }', false],
  ['cluster: { scale_up: { efficiency: 0.8 } }', true],
  ['cluster: { scale_up: { efficiency: 80 % } }', true],
  ['cluster: { scale_up: { efficiency: 1.8 } }', false],
  ['cluster: { scale_up: { topology: star } }', false],
  ['economics: { price: $2.5/h }', true],
  ['economics: { price: 2.5 USD/h }', true],
  ['economics: { price: 2.5 }', false],
  ['training: { tokens: 15.6 T tokens }', true],
  ['parallel: { dp: auto }', true],
  ['parallel: { dp: 128 }', true],
  ['parallel: { dp: automatic }', false],
  ['parallel: { zero: fsdp }', true],
  ['parallel: { zero: 3 }', true],
  ['parallel: { zero: 4 }', false],
  ['parallel: { sp: yes }', false],
  ['parallel: { layers_per_stage: [16, 16] }', true],
  ['parallel: { layers_per_stage: [] }', false],
  ['parallel: { layers_per_stage: [16, -1] }', false],
  ['parallel: { tensor: 4 }', false],
  ['extends: clusters/dgx-h100', true],
  ['extends: [clusters/dgx-h100, ./plan.yaml]', true],
  ['extends: 3', false],
  ['measured: { source: a paper, step_time: 5 s, inferred: [parallel.vpp] }', true],
  ['source: a paper', true],
  ['{}', true],
])('%s', (text, expected) => {
  const document = parse(text)
  expect({ ajv: valid(document), zod: scenarioSchema.safeParse(document).success }).toEqual({
    ajv: expected,
    zod: expected,
  })
})
