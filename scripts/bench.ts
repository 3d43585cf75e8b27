/** How long it takes: start-up in fresh processes, and one simulation when warm. `npm run bench` after `npm run build`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repo = fileURLToPath(new URL('..', import.meta.url))
const bin = join(repo, 'bin/clusterwise.js')
const flagship = join(repo, 'scenarios/examples/llama3-405b-h100-16k.yaml')

const commands = {
  'node -e 0': ['-e', '0'],
  '--help': [bin, '--help'],
  run: [bin, 'run', flagship],
}

type Name = keyof typeof commands

const rounds = 10

function milliseconds(args: readonly string[]): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - start
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

/** Interleaved, so that what else the machine does falls on all alike. */
function startUp(): Record<Name, number> {
  const names = Object.keys(commands) as Name[]
  const times: Record<Name, number[]> = { 'node -e 0': [], '--help': [], run: [] }
  for (const name of names) milliseconds(commands[name])
  for (let round = 0; round < rounds; round++) for (const name of names) times[name].push(milliseconds(commands[name]))
  return { 'node -e 0': median(times['node -e 0']), '--help': median(times['--help']), run: median(times.run) }
}

/** Median of batches, after as many calls as the compiler needs to settle. */
function microseconds(call: () => unknown): number {
  const batch = 20
  for (let i = 0; i < 150 * batch; i++) call()
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now()
    for (let i = 0; i < batch; i++) call()
    return ((performance.now() - start) / batch) * 1000
  })
  return median(times)
}

function row(what: string, measured: string, limit: string): string {
  return `  ${what.padEnd(44)}${measured.padStart(12)}   ${limit}\n`
}

/** Of a whole command, start-up and playing out included only in the seconds. */
function candidatesPerSecond(): number {
  const file = join(repo, 'scenarios/examples/gpt3-175b-a100-512.yaml')
  const args = [bin, 'search', file, '--jobs', '1', '--timing', '--json', '-q']
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1e8 })
  if (status !== 0) throw new Error(`search ended with ${status}: ${stderr}`)
  return JSON.parse(stdout).search.candidates_per_second
}

const sweptRows = 200_000

/** Start-up, rows and file, over the time of the whole command. */
function rowsPerSecond(): number {
  const folder = mkdtempSync(join(tmpdir(), 'clusterwise-bench-'))
  try {
    const vary = [
      'training.micro_batch=1,2',
      'cluster.scale_out.bandwidth=101..200 Gb/s',
      'economics.price=1..1000+1 USD/h',
    ]
    const file = join(repo, 'scenarios/examples/gpt3-175b-a100-512.yaml')
    const varied = vary.flatMap((text) => ['--vary', text])
    const args = [bin, 'sweep', file, ...varied, '--closed-form', '-q', '-o', join(folder, 'sweep.parquet')]
    return sweptRows / (milliseconds(args) / 1000)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const perSecond = (value: number) => `${Math.round(value).toLocaleString('en')} /s`
const ms = (value: number) => `${value.toFixed(1)} ms`
const us = (value: number) => `${value.toFixed(1)} µs`

/** As installed: what tsx makes of the source is slower. */
const api: typeof import('../src/index.ts') = await import(join(repo, 'dist/api/index.js'))
const { estimate, nodeFiles, readScenario, simulate } = api
const times = startUp()
const { job, strategy } = readScenario(flagship, nodeFiles(repo), { sets: [] })
process.stdout.write(
  [
    `${cpus()[0]?.model.trim()} × ${cpus().length}, node ${process.version}; medians of ${rounds} fresh processes\n`,
    `load ${loadavg()[0]?.toFixed(1)}: what else runs here makes every figure larger\n\n`,
    row('node -e 0', ms(times['node -e 0']), ''),
    row('clusterwise --help, over it', ms(times['--help'] - times['node -e 0']), 'below 60 ms'),
    row('clusterwise run flagship, over it', ms(times.run - times['node -e 0']), 'below 130 ms'),
    row('one simulation, pipeline in closed form', us(microseconds(() => estimate(job, strategy))), 'below 100 µs'),
    row('one simulation, pipeline played out', us(microseconds(() => simulate(job, strategy))), ''),
    row('search, GPT-3 on 512 GPUs, one core', perSecond(candidatesPerSecond()), 'above 1,000,000 /s'),
    row(
      `sweep of ${sweptRows.toLocaleString('en')} points to Parquet, all cores`,
      perSecond(rowsPerSecond()),
      'above 16,700 /s',
    ),
  ].join(''),
)
