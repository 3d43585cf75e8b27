/** `sweep`: a scenario at many points, each a row of a table. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import type { Strategy } from '../../engine/strategy.ts'
import { composeSweep } from '../../report/compose/sweep.ts'
import { render } from '../../report/render/render.ts'
import { inputNumbers } from '../../scenario/inputs.ts'
import type { Loaded } from '../../scenario/read.ts'
import { columnsOf, type Mode } from '../../sweep/sweep.ts'
import { type ColumnSpec, usualMetrics } from '../../sweep/table.ts'
import { shardOf } from '../../sweep/vary.ts'
import { type Stretch, share, stretchesOf } from '../crew.ts'
import { emit, type Sent } from '../emit.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { fixedOf } from '../fixed.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { progressOn } from '../progress.ts'
import { filesFor, type ReadOptions, readAnyStrategy } from '../reading.ts'
import { openSheet } from '../sheets/open.ts'
import { meant } from '../sheets/sheet.ts'
import { type Head, readHead, Spool } from '../spool.ts'
import { planOf, readValues, type SweepErrand } from '../sweep-plan.ts'
import { sheetFormatOf, writeTable } from '../tables.ts'
import { tool } from '../version.ts'
import { metricOf } from './search.ts'

export interface SweepOptions extends ReadOptions, OutputOptions, Sent {
  readonly jobs?: number
  readonly shard?: string
  readonly resume?: boolean
}

export async function sweep(file: string, options: SweepOptions, host: Host): Promise<ExitCode> {
  const errand = await errandOf(file, options, host)
  if (options.emit !== undefined) return emit(file, options, errand.grid.count, host)
  const plan = await planOf(errand)
  const range = rangeOf(options.shard, errand.grid.count)
  const head: Head = {
    format: 'clusterwise-part-1',
    key: keyOf(errand),
    count: errand.grid.count,
    ...range,
    columns: columnsOf(plan),
  }
  const tables = (options.output ?? []).filter((path) => path !== '-' && sheetFormatOf(path) !== undefined)
  return tables.length > 0 ? toFiles(tables, errand, head, options, host) : toPage(file, errand, head, options, host)
}

async function errandOf(file: string, options: SweepOptions, host: Host): Promise<SweepErrand> {
  const loaded: Loaded = await readAnyStrategy(file, options, host)
  const files = await filesFor([], options, host)
  const values = readValues({ vary: options.vary ?? [], zip: options.zip === true }, file, files, options.set ?? [])
  return {
    kind: 'sweep',
    scenario: loaded.scenario,
    ...values,
    metrics: options.columns?.split(',').map((name) => metricOf(name.trim())) ?? usualMetrics,
    mode: modeOf(options),
    fixed: fixedOf(options.fix ?? [], loaded.strategy satisfies Strategy),
    limits: options.require ?? [],
    constants: inputNumbers(loaded),
  }
}

function modeOf({ best, closedForm, require, fix }: SweepOptions): Mode {
  if (best && closedForm)
    throw new UsageError('--best plays its winners out, --closed-form plays none', 'give one of the two')
  if (!best && (require ?? fix))
    throw new UsageError('--require and --fix narrow the search of --best', 'add --best, or leave them away')
  return best ? 'best' : closedForm ? 'closed' : 'played'
}

/** The same sweep has the same key, however it is cut up. */
function keyOf({ constants: _, ...errand }: SweepErrand): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...errand, version: tool.version }))
    .digest('hex')
}

function rangeOf(shard: string | undefined, count: number): { readonly from: number; readonly to: number } {
  if (shard === undefined) return { from: 0, to: count }
  const [, number = '0', of = '0'] = /^(\d{1,6})\/(\d{1,6})$/u.exec(shard) ?? []
  if (Number(number) < 1 || Number(number) > Number(of))
    throw new UsageError(`--shard ${shard} is no part of a whole`, 'such as --shard 1/16 … --shard 16/16')
  return shardOf(count, Number(number), Number(of))
}

/** Points that a worker takes at a time: what a crash may cost, against what a message costs. */
const stretchSizes: Record<Mode, number> = { closed: 2000, played: 200, best: 1 }

async function toFiles(
  tables: readonly string[],
  errand: SweepErrand,
  head: Head,
  options: SweepOptions,
  host: Host,
): Promise<ExitCode> {
  const paths = tables.map((table) => resolve(host.cwd, table))
  if (options.resume && paths.every((path) => isWhole(path, head))) {
    if (!options.quiet) host.stderr.write(`${tables.join(', ')}: whole already\n`)
    return exit.answered
  }
  const [first = ''] = paths
  const { spool, done } = Spool.start(join(dirname(first), `.${basename(first)}.spool`), head, options.resume === true)
  const finished = await work(errand, head, { options, host, done, put: (stretch, rows) => spool.put(stretch, rows) })
  if (!finished) {
    spool.close()
    host.stderr.write('interrupted: the same command with --resume goes on from here\n')
    return exit.interrupted
  }
  for (const path of paths) {
    const format = sheetFormatOf(path)
    if (format !== 'part' && format !== undefined) await writeTable(path, format, [spool])
  }
  const part = paths.find((path) => sheetFormatOf(path) === 'part')
  if (part) spool.keepAs(part)
  else spool.remove()
  if (!options.quiet) host.stderr.write(tables.map((table) => `wrote ${table}\n`).join(''))
  return exit.answered
}

/** A part says what it holds; other tables are named by the user, and made again. */
function isWhole(path: string, head: Head): boolean {
  return sheetFormatOf(path) === 'part' && existsSync(path) && readHead(path)?.text === `${JSON.stringify(head)}\n`
}

interface Work {
  readonly options: SweepOptions
  readonly host: Host
  readonly done: ReadonlySet<number>
  readonly put: (stretch: Stretch, rows: Float64Array) => void
}

/** False when interrupted. */
async function work(errand: SweepErrand, { from, to }: Head, { options, host, done, put }: Work): Promise<boolean> {
  const all = stretchesOf(to - from, stretchSizes[errand.mode]).map((stretch) => ({
    from: stretch.from + from,
    to: stretch.to + from,
  }))
  const stretches = all.filter((stretch) => !done.has(stretch.from))
  const progress = progressOn(host, options.quiet === true)
  let going = true
  const release = host.onInterrupt?.(() => {
    going = false
  })
  let rows = 0
  await share(errand, {
    jobs: options.jobs ?? jobsFor(errand.mode, stretches.length),
    stretches,
    wanted: () => going,
    done: (stretch, part) => {
      put(stretch, part as Float64Array)
      rows += stretch.to - stretch.from
      progress.at(rows / (to - from), `${rows} of ${to - from} points`)
    },
  })
  progress.end()
  release?.()
  return going
}

/** A worker takes 50 ms and more to start. */
function jobsFor(mode: Mode, stretches: number): number {
  return mode !== 'best' && stretches < 4 ? 1 : availableParallelism()
}

/** More than this belongs in a file. */
const mostOnPage = 100_000

async function toPage(
  file: string,
  errand: SweepErrand,
  head: Head,
  options: SweepOptions,
  host: Host,
): Promise<ExitCode> {
  const { from, to, columns } = head
  if (to - from > mostOnPage)
    throw new UsageError(`${to - from} points are too many for a page`, 'write them to a file: -o sweep.parquet')
  const rows = new Float64Array((to - from) * columns.length)
  const put = (stretch: Stretch, part: Float64Array) => rows.set(part, (stretch.from - from) * columns.length)
  if (!(await work(errand, head, { options, host, done: new Set(), put }))) return exit.interrupted
  const format = options.json ? 'json' : options.format
  const plain = options.output === undefined || options.output.every((path) => path === '-')
  if (plain && (format === 'csv' || format === 'ndjson')) {
    const sheet = await openSheet(format, columns, { write: (text) => host.stdout.write(String(text)) })
    sheet.write(rows)
    sheet.end()
    return exit.answered
  }
  const report = composeSweep({
    name: errand.scenario.name ?? errand.scenario.model.name ?? file,
    file,
    tool,
    columns,
    varied: errand.axes.length + errand.expressions.length,
    count: to - from,
    rows: valuesOf(rows, columns),
    best: errand.mode === 'best',
  })
  deliver((drawn, theme) => render([report], drawn, theme), options, host)
  return exit.answered
}

function valuesOf(rows: Float64Array, columns: readonly ColumnSpec[]) {
  const width = columns.length
  return Array.from({ length: rows.length / width }, (_, row) =>
    columns.map((column, at) => meant(column, rows[row * width + at] as number)),
  )
}
