/** The life of a model through the front door: pages, data, names that can be asked for, and mistakes in a phase. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clusterwise, inFolder } from '../support/host.ts'

const example = 'scenarios/examples/deepseek-r1-life.yaml'

const json = async (...argv: readonly string[]) => {
  const { code, out, err } = await clusterwise([...argv, '--json'])
  expect({ argv, code, err }).toEqual({ argv, code: 0, err: '' })
  return JSON.parse(out)
}

test('the life of DeepSeek-R1 comes near the GPU-hours that its papers report', async () => {
  const { phases, life } = await json('run', example)
  const hours = phases.map(({ metrics }: { metrics: Record<string, { value: number }> }) => metrics['gpu_hours']?.value)
  // 2.664M for pretraining: arXiv:2412.19437, table 1. 64 × 8 H800 for 198 hours: supplement of doi:10.1038/s41586-025-09422-z.
  expect(Math.abs(Math.log(hours[0] / 2.664e6))).toBeLessThan(Math.log(1.5))
  expect(Math.abs(Math.log(hours[1] / (512 * 198)))).toBeLessThan(Math.log(1.5))
  expect(life.gpu_hours.value).toBeCloseTo(hours[0] + hours[1] + hours[2], 3)
  expect(phases.map(({ fits }: { fits: boolean }) => fits)).toEqual([true, true, true])
})

test('a row of CSV has every phase and every part', async () => {
  const { out } = await clusterwise(['run', example, '--format', 'csv'])
  const [header = '', values = ''] = out.split('\n')
  const at = (name: string) => Number(values.split(',')[header.split(',').findIndex((each) => each.startsWith(name))])
  const phases = ['pretraining', 'r1_zero', 'r1_fine_tuning'].map((name) => at(`phases_${name}_energy`))
  expect(phases.reduce((sum, energy) => sum + energy, 0) / at('life_energy')).toBeCloseTo(1, 6)
  expect(at('phases_r1_zero_decode_time')).toBeGreaterThan(at('phases_r1_zero_update_time'))
})

test.each([
  ['phases', 'The life of the model'],
  ['phases.r1_zero', 'prefill + decode + log_probs + update + hand_over'],
  ['phases.r1_zero.decode', 'arXiv:2211.05102'],
])('explain %s', async (subject, words) => {
  const { code, out } = await clusterwise(['explain', example, subject])
  expect(code).toBe(0)
  expect(out).toContain(words)
})

test('a phase that is not there has a neighbour', async () => {
  const { code, err } = await clusterwise(['explain', example, 'phases.r1_zero.decod'])
  expect(code).toBe(2)
  expect(err).toContain('did you mean phases.r1_zero.decode?')
})

test('checks may speak of the life and its phases', async () => {
  const check = (expr: string) =>
    inFolder(async (cwd) => {
      writeFileSync(
        join(cwd, 'life.yaml'),
        `extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]
cluster: { gpus: 64 }
training: { sequence_length: 8192, global_batch: 128, tokens: 1T }
parallel: { tp: 2, pp: 2 }
phases: [{}, { kind: fine-tuning, training: { steps: 1000 } }]
checks: ['${expr}']
`,
      )
      return clusterwise(['check', 'life.yaml'], { cwd })
    })
  expect(await check('life.energy >= phases.pretraining.energy + phases.fine_tuning.energy * 99%')).toMatchObject({
    code: 0,
  })
  expect(await check('phases.fine_tuning.time > phases.pretraining.time')).toMatchObject({ code: 1 })
  const { code, err } = await check('life.enrgy < 1 GWh')
  expect(code).toBe(2)
  expect(err).toContain('did you mean life.energy?')
})

describe('what a phase says lies over what the scenario says', () => {
  const base = 'extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]\ncluster: { gpus: 64 }\n'
  const training = 'training: { sequence_length: 8192, global_batch: 128, tokens: 1T }\nparallel: { tp: 2, pp: 2 }\n'
  const run = (phases: string, ...argv: readonly string[]) =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'life.yaml'), base + training + phases)
      return clusterwise(['run', 'life.yaml', ...argv], { cwd })
    })

  test('steps in place of tokens, GPUs, degrees; two of a kind are told apart', async () => {
    const phases =
      'phases:\n  - {}\n  - { gpus: 16, training: { steps: 500, global_batch: 32 }, parallel: { pp: 1 } }\n'
    const { out } = await run(phases, '--json')
    const found = JSON.parse(out)
    expect(found.phases.map(({ name }: { name: string }) => name)).toEqual(['pretraining', 'pretraining_2'])
    expect(found.phases[0].metrics.time.value).toBeCloseTo(found.metrics['run.time'].value, 3)
    expect(found.phases[1].gpus).toBe(16)
    expect(found.phases[1].metrics.flop.value / found.phases[0].metrics.flop.value).toBeCloseTo(
      (500 * 32 * 8192) / 1e12,
      4,
    )
  })

  test.each([
    ['phases:\n  - parallel:\n      tp: 7\n', 'life.yaml:7:11', 'strategy/tp-splits-heads'],
    ['phases:\n  - kind: reinforcement\n', 'life.yaml:5:1', 'scenario/missing-key'],
    ['phases:\n  - training: { tokens: 1 GB }\n', 'life.yaml:6:25', 'units/wrong-dimension'],
    ['phases:\n  - { kind: distillation }\n', 'life.yaml:6:13', 'scenario/unknown-choice'],
    ['phases: []\n', 'life.yaml:5', ''],
  ])('%j is a mistake at %s', async (phases, place, code) => {
    const { code: exit, err } = await run(phases)
    expect(exit).toBe(2)
    expect(err).toContain(place)
    expect(err).toContain(code)
  })
})
