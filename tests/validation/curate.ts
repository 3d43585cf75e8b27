/**
 * Rows of the data set (stdin) → the runs that are committed, one file a source under scenarios/published/runs.
 * Documented rows only; sweeps of layouts are whole, so that it can be asked which layout we would have picked. Runs that
 * stand as a YAML file of their own are left out. `npx tsx tests/validation/curate.ts < runs.jsonl`
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Row, Section } from './convert/row.ts'
import { scenarioOf } from './convert/scenario.ts'

const folder = join(import.meta.dirname, '..', '..', 'scenarios', 'published')

/** Runs of one source, dense and with experts apart; three times as many of a large one. */
const usualMost = 8
const largeSource = 60

/** Sweeps that are taken whole: of so many runs at least, and so many of a source. */
const leastInSweep = 12
const mostSweeps = 8

let known: ReadonlySet<string> | undefined

const lines = (await text(process.stdin)).split('\n').filter((line) => line.trim() !== '')
const rows = lines.map((line) => JSON.parse(line) as Row).filter(documented)
const groups = groupBy(rows, (row) => `${row.source_key} ${row.model?.moe ? 'moe' : 'dense'}`)
const chosen = groups.flatMap((group) => sample(group, group.length >= largeSource ? 3 * usualMost : usualMost))

rmSync(join(folder, 'runs'), { recursive: true, force: true })
mkdirSync(join(folder, 'runs'))
for (const source of groupBy(chosen, (row) => row.source_key ?? 'unnamed')) {
  const name = (source[0]?.source_key ?? 'unnamed').toLowerCase().replaceAll(/[^a-z0-9.]+/gu, '-')
  writeFileSync(join(folder, 'runs', `${name}.ndjson`), `${source.map(written).join('\n')}\n`)
}
process.stderr.write(`${chosen.length} runs\n`)

function documented(row: Row): boolean {
  if (row.trust === 'C' || row.suspect || ownFiles().has(row.id)) return false
  const measured = scenarioOf(row)['measured'] as Section
  return measured['unsupported'] === undefined
}

function ownFiles(): ReadonlySet<string> {
  known ??= new Set(
    readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .flatMap((name) => /^ {2}id: (\S+)$/mu.exec(readFileSync(join(folder, name), 'utf8'))?.[1] ?? []),
  )
  return known
}

/** Whole sweeps, the largest first, or half of one that is small; then single runs spread over what is left. */
function sample(group: readonly Row[], most: number): readonly Row[] {
  if (group.length <= most) return group
  const sweeps = groupBy(group, (row) =>
    [row.model_name, row.model?.layers, row.gpu, row.n_gpus, row.model?.seq_len, row.global_batch].join(),
  )
  const falling = sweeps.toSorted((a, b) => b.length - a.length)
  const whole = falling.filter((sweep) => sweep.length >= leastInSweep).slice(0, mostSweeps)
  const sweep = new Set(whole.length > 0 ? whole.flat() : spread(falling[0] ?? [], most / 2))
  const others = group.filter((row) => !sweep.has(row))
  const taken = new Set([...sweep, ...spread(others, Math.max(usualMost, most - sweep.size))])
  return group.filter((row) => taken.has(row))
}

function spread(group: readonly Row[], most: number): readonly Row[] {
  const count = Math.min(group.length, Math.floor(most))
  return Array.from({ length: count }, (_, index) => group[Math.floor((index * group.length) / count)] as Row)
}

function written(row: Row): string {
  const scenario = scenarioOf(row)
  const { notes: _, ...measured } = scenario['measured'] as Section
  return JSON.stringify({ ...scenario, measured })
}

function groupBy(items: readonly Row[], keyOf: (row: Row) => string): readonly (readonly Row[])[] {
  const found = new Map<string, Row[]>()
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item])
  return [...found.values()]
}
