import { expect, test } from 'vitest'
import { type LocatedProblem, ScenarioError } from '../../../src/base/problem.ts'
import { type Loaded, readScenario } from '../../../src/scenario/read.ts'
import { memoryFiles, type Texts } from '../../support/memory-files.ts'

const plan = `
extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]
cluster: { gpus: 64 }
training: { sequence_length: 8192, global_batch: 128, tokens: 1T }
parallel: { tp: 2 }
`

function read(text: string, { files = {}, sets = [] }: { files?: Texts; sets?: readonly string[] } = {}): Loaded {
  return readScenario('main.yaml', memoryFiles({ 'main.yaml': text, 'plan.yaml': plan, ...files }), { sets })
}

function problemsOf(text: string, more: Parameters<typeof read>[1] = {}): readonly LocatedProblem[] {
  try {
    read(text, more)
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems
    throw error
  }
  return []
}

const codesOf = (text: string, more: Parameters<typeof read>[1] = {}): readonly string[] =>
  problemsOf(text, more).map(({ code, place }) => `${code} ${place?.file}:${place?.line}:${place?.column}`)

test('words become SI numbers and engine names', () => {
  const { job, strategy, name, file } = read(plan)
  expect({ name, file }).toEqual({ name: 'Llama 3 8B', file: 'main.yaml' })
  expect(job.cluster.device).toMatchObject({ hbmBytesPerSecond: 3.35e12, watts: 700 })
  expect(job.batch).toEqual({ seqLen: 8192, globalBatch: 128, tokens: 1e12 })
  expect(job.precision).toMatchObject({ matmul: 'bf16', weightBytes: 2, gradientBytes: 4, masterBytes: 4 })
  expect(strategy).toMatchObject({ tp: 2, pp: 1, dp: 32, schedule: '1f1b', shardRanks: 32 })
})

test('later layers win, lists replace, null takes back, --set comes last', () => {
  const files = {
    'a.yaml': 'extends: ./plan.yaml\ntraining: { micro_batch: 2 }\n',
    'b.yaml': 'training: { micro_batch: 4 }\n',
  }
  const text = 'extends: [./a.yaml, ./b.yaml]\ntraining: { tokens: null, steps: 100 }\n'
  const { scenario, strategy, job } = read(text, { files, sets: ['parallel.tp=4', 'parallel.pp=2'] })
  expect(strategy).toMatchObject({ microBatch: 4, tp: 4, pp: 2, dp: 8 })
  expect(scenario.training.tokens).toBeUndefined()
  // 100 steps × 128 sequences × 8192 tokens.
  expect(job.batch.tokens).toBe(104_857_600)
})

test('swapping the cluster leaves nothing of the old chip behind', () => {
  const { job } = read('extends: [./plan.yaml, clusters/dgx-a100-80]\n')
  expect(job.cluster.device.peakFlopPerSecond.fp8).toBe(0)
  expect(job.cluster.gpus).toBe(64)
})

test('saying more about an extended chip keeps the rest of it', () => {
  const { job } = read(
    'extends: ./plan.yaml\ncluster: { gpu: { name: H100 with more memory, hbm: { capacity: 96 GB } } }\n',
  )
  expect(job.cluster.device).toMatchObject({ hbmBytes: 96e9, hbmBytesPerSecond: 3.35e12 })
})

test('each value keeps its place and its source through composition', () => {
  const { origin } = read('extends: ./plan.yaml\ncluster:\n  source: our own site\n  gpus: 128\n', {
    sets: ['cluster.scale_out.bandwidth=800 Gb/s'],
  })
  expect(origin.writtenAt(['cluster', 'gpus'])).toBe('main.yaml:4:9')
  expect(origin.sourceOf(['cluster', 'gpus'])).toBe('our own site')
  expect(origin.writtenAt(['training', 'tokens'])).toBe('plan.yaml:4:63')
  expect(origin.placeOf(['cluster', 'gpu', 'tdp'])?.file).toBe('catalog/accelerators/h100-sxm.yaml')
  expect(origin.sourceOf(['cluster', 'gpu', 'tdp'])).toContain('H100 data sheet')
  expect(origin.writtenAt(['cluster', 'scale_out', 'bandwidth'])).toBe('--set #1:1:29')
  expect(origin.sourceOf(['cluster', 'scale_out', 'bandwidth'])).toBeUndefined()
  expect(origin.placeOf(['parallel', 'cp'])).toBeUndefined()
})

test('a source of one file does not vouch for the number of another', () => {
  const files = {
    'base.yaml': 'extends: ./plan.yaml\nreliability: { source: a survey, failures: 1e-5 /h, restart: 5 min }\n',
  }
  const { origin } = read('extends: ./base.yaml\nreliability: { restart: 2 min }\n', { files })
  expect(origin.sourceOf(['reliability', 'failures'])).toBe('a survey')
  expect(origin.sourceOf(['reliability', 'restart'])).toBeUndefined()
})

test('a title belongs to the file that says it', () => {
  const files = { 'titled.yaml': `name: The old plan\n${plan}` }
  expect(read('extends: ./titled.yaml\n', { files }).name).toBe('Llama 3 8B')
  expect(read('extends: ./titled.yaml\nname: The new plan\n', { files }).name).toBe('The new plan')
})

test('all that is wrong is said at once, in the order of the text', () => {
  const text =
    'extends: ./plan.yaml\ncluster:\n  gpu: { tdp: 700 }\n  scale_out: { bandwith: 400 Gb/s }\ntraining: { recompute: some }\n'
  expect(codesOf(text)).toEqual([
    'units/bare-number main.yaml:3:15',
    'scenario/unknown-key main.yaml:4:16',
    'scenario/unknown-choice main.yaml:5:24',
  ])
})

test('a problem in an extended file also shows who asked for that file', () => {
  const files = { 'base.yaml': 'extends: ./plan.yaml\ncluster: { gpu: { tdp: much } }\n' }
  const [found] = problemsOf('# nothing here\nextends: ./base.yaml\n', { files })
  expect(found?.place).toMatchObject({ file: 'base.yaml', line: 2 })
  expect(found?.relatedPlaces).toMatchObject([{ file: 'main.yaml', line: 2, column: 10 }])
})

test('a misspelt key and the key it leaves missing are one problem', () => {
  const text = plan.replace('sequence_length', 'sequence_lenght')
  expect(codesOf(text)).toEqual(['scenario/unknown-key main.yaml:4:13'])
  expect(problemsOf(text)[0]?.hint).toBe('did you mean `sequence_length`?')
})

test.each([
  ['training: { global_batch_size: 8 }', 'did you mean `global_batch`?'],
  ['model: { num_hidden_layers: 8 }', 'did you mean `layers`?'],
  ['parallel: { micro_batch: 8 }', 'did you mean `training.micro_batch`?'],
  ['cluster: { extends: clusters/dgx-h100 }', '`extends` stands at the top of a file, outside any section'],
  ['parallel: { overlap: { everything: true } }', 'known here: tp, gradients, weights, pp, source'],
  ['modle: { layers: 8 }', 'did you mean `model`?'],
  ['constructor: 1', expect.stringContaining('known here: ')],
])('%s', (text, hint) => {
  const [found] = problemsOf(`extends: ./plan.yaml\n${text}\n`)
  expect(found).toMatchObject({ code: 'scenario/unknown-key', hint })
})

test.each([
  ['training: { precision: fp4 }', 'nvfp4'],
  ['training: { precision: bfloat16 }', 'bf16'],
  ['training: { optimizer: Adam }', 'adamw'],
  ['phases: [{ kind: sft }]', 'fine-tuning'],
])('the word of another tool, %s, is %s here', (text, meant) =>
  expect(problemsOf(`extends: ./plan.yaml\n${text}\n`)[0]?.hint).toContain(`did you mean ${meant}?`),
)

test('what only becomes necessary through other keys is asked for', () => {
  const extended = 'extends: ./plan.yaml\n'
  expect(codesOf(`${extended}economics: { capex: 40k USD }\n`)).toEqual(['scenario/missing-key main.yaml:2:1'])
  expect(codesOf(`${extended}cluster: { scale_out: { bandwidth: null } }\n`)).toEqual([
    'scenario/missing-key main.yaml:2:36',
  ])
  // Eight GPUs share the scale-up link: no network is needed.
  const small = `${extended}cluster: { gpus: 8, scale_out: { bandwidth: null } }\n`
  expect(codesOf(small)).toEqual([])
})

test.each([
  ['parallel.tp', 'set/syntax --set #1:1:1'],
  ['=4', 'set/syntax --set #1:1:1'],
  ['parallel..tp=4', 'set/syntax --set #1:1:1'],
  ['parallel.tp=[4', 'yaml/syntax --set #1:1:15'],
  ['extends=clusters/dgx-h100', 'set/path --set #1:1:1'],
  ['parallel.tp.x=4', 'set/path --set #1:1:13'],
  ['parallel.layers_per_stage[0]=4', 'set/path --set #1:1:27'],
  ['parallel.tq=4', 'scenario/unknown-key --set #1:1:10'],
  ['cluster.gpu.tdp=fast', 'units/not-a-quantity --set #1:1:17'],
])('--set %s', (text, found) => {
  expect(codesOf('extends: ./plan.yaml\n', { sets: [text] })).toEqual([found])
})

test('--set reaches into lists and makes sections that are not there', () => {
  const text = 'extends: ./plan.yaml\nparallel: { pp: 2, layers_per_stage: [16, 16] }\n'
  const sets = [
    'parallel.layers_per_stage[0]=15',
    'parallel.layers_per_stage[1]=17',
    'economics.price=3 USD/h',
    'training.tokens=',
  ]
  const { strategy, job, notes } = read(text, { sets })
  expect(strategy.layersPerChunk).toEqual([15, 17])
  expect(job.economics.usdPerGpuSecond).toBe(3 / 3600)
  expect(notes.map(({ code }) => code)).toEqual(['training/assumed-tokens'])
})

test('one scenario may extend another through several folders, and a diamond is no circle', () => {
  const files = {
    'team/a.yaml': 'extends: ../plan.yaml\nparallel: { tp: 4 }\n',
    'team/b.yaml': 'extends: ../plan.yaml\ntraining: { micro_batch: 2 }\n',
  }
  const { strategy } = read('extends: [./team/a.yaml, ./team/b.yaml]\n', { files })
  expect(strategy).toMatchObject({ microBatch: 2 })
})

test('a stale text is not used again', () => {
  const texts: Record<string, string> = { 'main.yaml': plan }
  const files = memoryFiles(texts)
  expect(readScenario('main.yaml', files, { sets: [] }).strategy.tp).toBe(2)
  texts['main.yaml'] = plan.replace('tp: 2', 'tp: 4')
  expect(readScenario('main.yaml', files, { sets: [] }).strategy.tp).toBe(4)
})

test('without an answer to dp: auto its echoes are not reported', () => {
  expect(codesOf('extends: ./plan.yaml\nparallel: { tp: 1, pp: 3 }\n')).toEqual([
    'strategy/degrees-and-gpus main.yaml:2:17',
  ])
})
