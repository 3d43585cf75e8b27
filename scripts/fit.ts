/**
 * Fits the sustained rates of the catalog to published runs: `tsx scripts/fit.ts runs.jsonl [--leave-out KEY]…`. One
 * number per GPU and datatype, and per GPU and attention kernel, by coordinate descent over whole sources: what is made
 * small is the mean over sources of the median error, with a share of its 90th percentile. Deterministic. Prints each
 * number before and after, the sources used, and the error on those left out. It edits nothing.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { disk } from '../src/cli/disk.ts'
import { readDocuments } from '../src/cli/documents.ts'
import { scenarioFiles } from '../src/cli/files.ts'
import { bundledScenarios } from '../src/cli/host.ts'
import type { Device, Job } from '../src/engine/job.ts'
import { simulate } from '../src/engine/simulate.ts'
import { type Loaded, readScenario } from '../src/scenario/read.ts'
import { judge } from '../src/validation/measured.ts'
import type { Row } from '../tests/validation/convert/row.ts'
import { scenarioOf } from '../tests/validation/convert/scenario.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'leave-out': { type: 'string', multiple: true, default: [] }, rounds: { type: 'string', default: '2' } },
})

interface Run {
  readonly source: string
  readonly gpu: string
  readonly loaded: Loaded
}

/** At most so many runs of one source: its sweeps are full of near-twins. */
const MOST = 60

function readRuns(path: string): Run[] {
  const rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
  const usable = rows.filter((row) => row.trust !== 'C' && !row.suspect && row.measured)
  const bySource = groupBy(usable, (row) => `${row.source_key}${row.model?.moe ? ' (MoE)' : ''}`)
  return [...bySource].flatMap(([source, all]) => {
    const every = Math.max(1, Math.floor(all.length / MOST))
    return all.filter((_, i) => i % every === 0).flatMap((row) => readRun(source, row))
  })
}

function groupBy<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each])
  return groups
}

function readRun(source: string, row: Row): Run[] {
  const world = { cwd: process.cwd(), disk, scenarios: bundledScenarios }
  try {
    const { documents, files } = readDocuments(
      ['-'],
      scenarioFiles({ stdin: JSON.stringify(scenarioOf(row)) }, world),
      world,
    )
    const loaded = readScenario((documents[0] as { path: string }).path, files, { sets: [] })
    if (!loaded.measured || loaded.measured.unsupported) return []
    return [{ source, gpu: loaded.scenario.cluster.gpu.name ?? '?', loaded }]
  } catch {
    return []
  }
}

/** Factors on the numbers of the catalog, by `GPU / what`. */
type Factors = Map<string, number>

function scaled(job: Job, gpu: string, factors: Factors): Job {
  const of = (what: string) => factors.get(`${gpu} / ${what}`) ?? 1
  const { device } = job.cluster
  const times = <T extends Record<string, number>>(table: T) =>
    Object.fromEntries(Object.entries(table).map(([key, value]) => [key, Math.min(1, value * of(key))])) as T
  const changed: Device = {
    ...device,
    matmulEfficiency: times(device.matmulEfficiency),
    attentionEfficiency: times(device.attentionEfficiency),
  }
  return { ...job, cluster: { ...job.cluster, device: changed } }
}

function errorOf({ loaded, gpu }: Run, factors: Factors): number {
  const simulation = simulate(scaled(loaded.job, gpu, factors), loaded.strategy)
  return judge(simulation, loaded.measured as NonNullable<typeof loaded.measured>)?.error ?? Number.NaN
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number

class Table {
  private readonly errors = new Map<Run, number>()
  private readonly runs: readonly Run[]
  constructor(runs: readonly Run[]) {
    this.runs = runs
  }

  update(factors: Factors, touched: (run: Run) => boolean): void {
    for (const run of this.runs) if (touched(run)) this.errors.set(run, errorOf(run, factors))
  }

  figures(): { source: string; n: number; bias: number; median: number; p90: number }[] {
    return [...groupBy(this.runs, ({ source }) => source)].map(([source, runs]) => {
      const signed = runs
        .map((run) => this.errors.get(run) as number)
        .filter(Number.isFinite)
        .sort((a, b) => a - b)
      const sizes = signed.map(Math.abs).sort((a, b) => a - b)
      return {
        source,
        n: sizes.length,
        bias: quantile(signed, 0.5),
        median: quantile(sizes, 0.5),
        p90: quantile(sizes, 0.9),
      }
    })
  }

  objective(): number {
    const all = this.figures().filter(({ n }) => n > 0)
    // A source that no rate can mend should not steer: beyond a quarter its error counts for little more.
    return all.reduce((sum, { median, p90 }) => sum + Math.min(median, 0.25) + 0.2 * Math.min(p90, 0.5), 0) / all.length
  }
}

const path = positionals[0]
if (!path) throw new Error('Say which runs: tsx scripts/fit.ts runs.jsonl')
const runs = readRuns(path)
const leftOut = (run: Run) => values['leave-out'].some((key) => run.source.includes(key))
const fitted = runs.filter((run) => !leftOut(run))
const parameters = [
  ...new Set(
    fitted.flatMap(({ gpu, loaded: { job } }) => {
      const { matmul, activation } = job.precision
      return [matmul, activation, job.software.attention]
        .filter((what) => what !== 'unfused')
        .map((what) => `${gpu} / ${what}`)
    }),
  ),
].sort()

const factors: Factors = new Map()
const table = new Table(fitted)
table.update(factors, () => true)
let best = table.objective()
process.stdout.write(`${fitted.length} runs of ${table.figures().length} sources, objective ${best.toFixed(4)}\n`)
for (let round = 0; round < Number(values.rounds); round++) {
  for (const parameter of parameters) {
    const [gpu] = parameter.split(' / ')
    const touched = (run: Run) => run.gpu === gpu
    const start = factors.get(parameter) ?? 1
    let chosen = start
    for (const step of round === 0 ? [0.85, 0.9, 0.95, 1.05, 1.1, 1.2] : [0.97, 0.985, 1.015, 1.03]) {
      factors.set(parameter, start * step)
      table.update(factors, touched)
      const objective = table.objective()
      if (objective < best - 1e-5) {
        best = objective
        chosen = start * step
      }
    }
    factors.set(parameter, chosen)
    table.update(factors, touched)
  }
  process.stdout.write(`round ${round + 1}: objective ${best.toFixed(4)}\n`)
}

process.stdout.write('\nfactors on the catalog\n')
for (const [parameter, factor] of factors) process.stdout.write(`  ${parameter.padEnd(44)} ${factor.toFixed(3)}\n`)
const percent = (x: number) => `${(100 * x).toFixed(1)} %`.padStart(8)
const print = (title: string, of: Table) => {
  process.stdout.write(`\n${title}: n, bias, median, p90\n`)
  for (const { source, n, bias, median, p90 } of of.figures().sort((a, b) => a.median - b.median))
    process.stdout.write(
      `  ${source.padEnd(64)} ${String(n).padStart(4)} ${percent(bias)} ${percent(median)} ${percent(p90)}\n`,
    )
}
print('fitted', table)
const rest = new Table(runs.filter(leftOut))
rest.update(factors, () => true)
print('left out', rest)
