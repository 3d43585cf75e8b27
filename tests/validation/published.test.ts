/**
 * Published runs as the judge: each scenario under scenarios/published/ against what its source measured. A row says
 * predicted, measured and error; the bounds are the project's, not the day's.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeFiles } from '../../src/cli/files.ts'
import { type AttentionConvention, modelFlopPerStep } from '../../src/engine/flop.ts'
import { simulate } from '../../src/engine/simulate.ts'
import type { Simulation } from '../../src/engine/simulation.ts'
import { type Loaded, readScenario } from '../../src/scenario/read.ts'

const root = join(import.meta.dirname, '..', '..')
const names = readdirSync(join(root, 'scenarios', 'published')).filter((name) => name.endsWith('.yaml'))

interface Run {
  readonly name: string
  readonly loaded: Loaded
  readonly simulation: Simulation
}

/** Runs of one source, by the start of their file name. */
function runsOf(source: string): Run[] {
  const files = nodeFiles(root)
  return names
    .filter((name) => name.startsWith(source))
    .map((name) => {
      const loaded = readScenario(`scenarios/published/${name}`, files, { sets: [] })
      return { name: name.replace('.yaml', ''), loaded, simulation: simulate(loaded.job, loaded.strategy) }
    })
}

interface Row {
  readonly name: string
  readonly predicted: number
  readonly measured: number
  readonly error: number
}

function rows(
  runs: readonly Run[],
  compare: (run: Run) => readonly [predicted: number, measured: number | undefined],
): Row[] {
  return runs.flatMap((run) => {
    const [predicted, measured] = compare(run)
    return measured === undefined ? [] : [{ name: run.name, predicted, measured, error: predicted / measured - 1 }]
  })
}

const stepTime = ({ simulation, loaded }: Run) => [simulation.metrics['step.time'], loaded.measured?.step_time] as const

/** The source's rate against ours, FLOP counted as the source counts them. */
const rate =
  (convention: AttentionConvention) =>
  ({ simulation, loaded }: Run) => {
    const { model, batch, cluster } = loaded.job
    const flop = modelFlopPerStep(model, batch, convention)
    return [flop / simulation.metrics['step.time'] / cluster.gpus, loaded.measured?.flop_per_second_per_gpu] as const
  }

function print(title: string, unit: number, table: readonly Row[]): void {
  const line = ({ name, predicted, measured, error }: Row) =>
    `  ${name.padEnd(44)} ${(predicted / unit).toFixed(2).padStart(9)} ${(measured / unit).toFixed(2).padStart(9)} ${(100 * error).toFixed(1).padStart(7)} %`
  process.stdout.write(
    `\n${title}: predicted, measured, error; median ${(100 * median(table)).toFixed(1)} %\n${table.map(line).join('\n')}\n`,
  )
}

const absolute = (table: readonly Row[]) => table.map(({ error }) => Math.abs(error)).sort((a, b) => a - b)
const worst = (table: readonly Row[]) => absolute(table).at(-1) as number

function median(table: readonly Row[]): number {
  const sorted = absolute(table)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2
}

describe('step time on A100', () => {
  const korthikanti = rows(runsOf('korthikanti2022'), stepTime)
  const narayanan = rows(runsOf('narayanan2021'), stepTime)

  test('the 8 runs of Korthikanti et al. 2022, Table 5, and the 10 of Narayanan et al. 2021, Table 1', () => {
    print('Korthikanti 2022, Table 5, s', 1, korthikanti)
    print('Narayanan 2021, Table 1, s', 1, narayanan)
    expect(korthikanti).toHaveLength(8)
    expect(narayanan).toHaveLength(10)
    expect(median([...korthikanti, ...narayanan])).toBeLessThanOrEqual(0.04)
    expect(worst([...korthikanti, ...narayanan])).toBeLessThanOrEqual(0.12)
  })
})

describe('Llama 3 405B on H100', () => {
  test('FLOP/s per GPU at 8k tokens, however its source counted attention', () => {
    const runs = runsOf('llama3-405b').filter(({ name }) => name.endsWith('8k'))
    const [half, full] = [rows(runs, rate('causal')), rows(runs, rate('full'))]
    print('Llama 3, Table 4, causal attention as half, TFLOP/s', 1e12, half)
    print('Llama 3, Table 4, attention in full, TFLOP/s', 1e12, full)
    expect(half).toHaveLength(2)
    expect(worst([...half, ...full])).toBeLessThanOrEqual(0.12)
  })
})

describe('B200, dense models of the SimuMax table', () => {
  const runs = runsOf('simumax')

  test('peak memory', () => {
    const memory = rows(runs, ({ simulation, loaded }) => [
      simulation.metrics['memory.allocated'],
      loaded.measured?.memory_peak,
    ])
    print('SimuMax, peak memory, GiB', 2 ** 30, memory)
    expect(memory).toHaveLength(31)
    expect(median(memory)).toBeLessThanOrEqual(0.04)
    expect(worst(memory)).toBeLessThanOrEqual(0.08)
  })

  test('step time, with the sustained rate of that machine', () => {
    const time = rows(runs, stepTime)
    print('SimuMax, step time, s', 1, time)
    expect(median(time)).toBeLessThanOrEqual(0.05)
  })
})
