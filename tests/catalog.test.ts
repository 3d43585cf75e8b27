/** The catalog and the published runs: every number has a source, every name leads somewhere, every model adds up. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { nodeFiles } from '../src/cli/files.ts'
import { forwardFlopPerToken, modelFlopPerStep } from '../src/engine/flop.ts'
import { datatypes } from '../src/engine/job.ts'
import { countParameters } from '../src/engine/parameters.ts'
import { brokenRules } from '../src/engine/rules.ts'
import { modelOf } from '../src/scenario/model.ts'
import { readScenario } from '../src/scenario/read.ts'
import { type Scenario, scenarioSchema } from '../src/scenario/schema.ts'
import { repo } from './support/host.ts'

const folder = (name: string) => join(repo, 'scenarios', name)

function filesIn(name: string): readonly string[] {
  return readdirSync(folder(name), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => join(name, file))
    .sort()
}

const read = (file: string): unknown => parse(readFileSync(folder(file), 'utf8'))
const schemaOf = (file: string): Scenario => scenarioSchema.parse(read(file))

const catalog = filesIn('catalog')
const accelerators = catalog.filter((file) => file.startsWith('catalog/accelerators/'))
const clusters = catalog.filter((file) => file.startsWith('catalog/clusters/'))
const models = catalog.filter((file) => file.startsWith('catalog/models/'))
const scenarios = [...filesIn('examples'), ...filesIn('published')]
const isFragment = (file: string): boolean => /\/(base|shared)\//.test(file)
const whole = scenarios.filter((file) => !isFragment(file))
const fragments = [...catalog, ...scenarios.filter(isFragment)]

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Words that are no measurement even where they begin with a digit. */
const words = new Set(['name', 'vendor', 'description', 'source', 'extends', '$schema'])

const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^[+-]?[\d.]/u.test(value))

/** Paths of the numbers that no `source`, near or far, answers for. */
function unsourced(value: unknown, path: readonly string[] = [], covered = false): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => unsourced(item, [...path, String(index)], covered))
  if (!isMap(value)) return isNumber(value) && !covered ? [path.join('.')] : []
  const sourced = covered || isCitation(value['source'])
  return Object.entries(value)
    .filter(([key]) => !words.has(key))
    .flatMap(([key, inner]) => unsourced(inner, [...path, key], sourced))
}

/** A place to look it up, or the plain word that it is nobody's figure but ours. */
function isCitation(source: unknown): boolean {
  return (
    typeof source === 'string' &&
    /https?:\/\/|arXiv:\d{4}\.\d{4,5}|doi:|et al\. \d{4}|NCCL src\/|session S\d+|^estimate\b|^announced\b|^clusterwise fit\b|data sheet|white paper|Electric Power Monthly|^as /u.test(
      source,
    )
  )
}

function namesExtended(file: string): readonly string[] {
  const { extends: said } = read(file) as { readonly extends?: string | readonly string[] }
  return said === undefined ? [] : [said].flat()
}

const target = (file: string, name: string): string =>
  name.endsWith('.yaml') ? join(dirname(folder(file)), name) : folder(`catalog/${name}.yaml`)

describe('fragments', () => {
  test.each(fragments)('%s keeps to the schema', (file) => {
    expect(scenarioSchema.safeParse(read(file)).error?.issues ?? []).toEqual([])
  })

  test.each(catalog)('%s: every number has a source', (file) => {
    expect(unsourced(read(file))).toEqual([])
  })

  test.each([...fragments, ...whole])('%s extends what exists', (file) => {
    expect(namesExtended(file).filter((name) => !existsSync(target(file, name)))).toEqual([])
  })

  test('a number without a source is found', () => {
    expect(unsourced({ cluster: { gpu: { tdp: '700 W' }, gpus_per_node: 8 } })).toEqual([
      'cluster.gpu.tdp',
      'cluster.gpus_per_node',
    ])
    expect(unsourced({ cluster: { source: 'hearsay', gpus_per_node: 8 } })).toEqual(['cluster.gpus_per_node'])
    expect(unsourced({ cluster: { source: 'H100 data sheet', gpu: { tdp: '700 W' } } })).toEqual([])
  })
})

describe('accelerators', () => {
  test.each(accelerators)('%s says all that an engine asks of a chip', (file) => {
    const written = read(file) as { readonly cluster: { readonly gpu: { readonly calibration?: string } } }
    expect(written.cluster.gpu.calibration).toMatch(/^(fitted|estimated)$/u)
    const { gpu, scale_up: up } = schemaOf(file).cluster
    for (const said of [gpu.hbm.capacity, gpu.hbm.bandwidth, gpu.multiprocessors, gpu.tdp, gpu.price, gpu.reserved]) {
      expect(said).toBeDefined()
    }
    expect(gpu.sustained.memory).toBeDefined()
    expect(up.bandwidth).toBeLessThanOrEqual(gpu.link_peak as number)
  })

  test.each(accelerators)('%s holds a share of a peak that it has, and of every 16-bit and 8-bit peak', (file) => {
    const { peak, sustained } = schemaOf(file).cluster.gpu
    const held = datatypes.filter((each) => sustained.matmul[each] !== undefined)
    expect(held.filter((each) => peak[each] === undefined)).toEqual([])
    const asked = (['bf16', 'fp8', 'fp4'] as const).filter((each) => peak[each] !== undefined)
    expect(asked.filter((each) => sustained.matmul[each] === undefined)).toEqual([])
  })

  test.each(accelerators)('%s calculates no slower in fewer bits', (file) => {
    const { peak } = schemaOf(file).cluster.gpu
    const rates = (['tf32', 'bf16', 'fp8', 'fp4'] as const).flatMap((each) => peak[each] ?? [])
    expect(rates).toEqual([...rates].sort((a, b) => a - b))
  })

  test('every one is in a cluster', () => {
    const used = new Set(clusters.flatMap(namesExtended))
    const names = accelerators.map((file) => file.slice('catalog/'.length, -'.yaml'.length))
    expect(names.filter((name) => !used.has(name))).toEqual([])
  })
})

/** As the papers print them, in billions: Narayanan et al. 2021, table 1; Korthikanti et al. 2022, table 3. */
const printed = [
  ['megatron-1.7b', '1.7'],
  ['megatron-3.6b', '3.6'],
  ['megatron-7.5b', '7.5'],
  ['megatron-18b', '18.4'],
  ['megatron-39b', '39.1'],
  ['megatron-76b', '76.1'],
  ['megatron-145b', '145.6'],
  ['megatron-310b', '310.1'],
  ['megatron-530b', '529.6'],
  ['megatron-1t', '1008.0'],
  ['megatron-22b', '22'],
  ['megatron-175b', '175'],
  ['mt-nlg-530b', '530'],
  ['gpt3-175b', '175'],
  // Nemotron-H, arXiv:2504.03624, table 1; Jozefowicz et al. 2016, table 1; Yang et al. 2024, table S1.
  ['nemotron-h-56b', '56'],
  ['lstm-2x8192-1024', '1.8'],
  ['carp-640m', '0.643'],
] as const

const modelNamed = (name: string) => modelOf(schemaOf(`catalog/models/${name}.yaml`).model)

describe('models', () => {
  const counted = models.filter((file) => schemaOf(file).model.parameters !== undefined)

  test.each(counted)('%s has the published number of parameters, to the last digit', (file) => {
    const { model } = schemaOf(file)
    expect(countParameters(modelOf(model)).total).toBe(model.parameters)
  })

  test('most of them publish one', () => {
    expect(counted.length).toBeGreaterThan(40)
  })

  test.each(printed)('%s has %s billion', (name, billions) => {
    const digits = billions.split('.')[1]?.length ?? 0
    const { total } = countParameters(modelNamed(name))
    expect((total / 1e9).toFixed(digits)).toBe(billions)
  })
})

/** Seven sequences of 2,048 tokens: the formulas are linear in both but for attention. */
const batch = { seqLen: 2048, globalBatch: 7 }

describe('modelFlopPerStep agrees with what papers print', () => {
  test.each(['megatron-1.7b', 'megatron-22b', 'megatron-175b', 'megatron-1t'])('%s', (name) => {
    const model = modelNamed(name)
    const { layers: l, hidden: h, vocabulary: V } = model
    const { globalBatch: B, seqLen: s } = batch
    const ours = modelFlopPerStep(model, batch, 'full')
    // Korthikanti et al. 2022, arXiv:2205.05198, appendix A.
    expect(ours / (72 * B * s * l * h ** 2 * (1 + s / (6 * h) + V / (12 * l * h)))).toBeCloseTo(1, 12)
    // Narayanan et al. 2021, arXiv:2104.04473, equation 3: the layers run forward once more, the logits do not.
    const again = B * s * (forwardFlopPerToken(model, s, 'full') - 2 * V * h)
    expect((ours + again) / (96 * B * s * l * h ** 2 * (1 + s / (6 * h) + V / (16 * l * h)))).toBeCloseTo(1, 12)
  })

  // 6 N counts every weight; with a tied output matrix that differs by norms, biases and positions only.
  test.each(['gpt3-175b', 'gemma-7b', 'qwen2.5-3b'])('%s: PaLM, arXiv:2204.02311, appendix B', (name) => {
    const model = modelNamed(name)
    const attention = 12 * model.layers * model.heads * model.headDim * batch.seqLen
    const perToken = 6 * countParameters(model).total + attention
    const ours = modelFlopPerStep(model, batch, 'full') / (batch.globalBatch * batch.seqLen)
    expect(Math.abs(ours / perToken - 1)).toBeLessThan(1e-3)
  })
})

describe('scenarios', () => {
  const files = nodeFiles(repo)

  test.each(whole)('%s is whole and legal', (file) => {
    const { job, strategy } = readScenario(join('scenarios', file), files, { sets: [] })
    expect(brokenRules(job, strategy)).toEqual([])
  })

  test('nothing in the catalog is left unsaid by the default constants', () => {
    const { calibration } = schemaOf('catalog/calibrations/default.yaml')
    const keys = Object.keys(scenarioSchema.shape.calibration.unwrap().shape).filter((key) => key !== 'source')
    expect(keys.filter((key) => calibration[key as keyof typeof calibration] === undefined)).toEqual([])
  })

  test.each([
    ['korthikanti2022', 8],
    ['narayanan2021', 10],
    ['llama3-405b', 3],
    ['simumax', 31],
  ] as const)('%s: all %i runs stand there, each with a source and a measurement', (prefix, count) => {
    const runs = filesIn('published').filter((file) => file.startsWith(`published/${prefix}`))
    expect(runs).toHaveLength(count)
    for (const file of runs) {
      const { measured } = schemaOf(file)
      expect(measured?.source).toMatch(/arXiv:|https:\/\//u)
      expect(measured?.step_time ?? measured?.flop_per_second_per_gpu).toBeGreaterThan(0)
    }
  })
})
