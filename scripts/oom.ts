/**
 * Does `fits` tell runs that ran from runs that ran out of memory? `npx tsx scripts/oom.ts runs.jsonl oom.jsonl`
 * [--set path=value] [--all]. Rows with `status` ran out, rows with a measurement fitted; sources without both are left
 * out. Prints balanced accuracy by source and the rows that are misjudged, with how far their peak is from the limit.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { StageMemory } from '../src/engine/memory.ts'
import { simulate } from '../src/engine/simulate.ts'
import { mean, median } from '../src/validation/statistics.ts'
import type { Row, Section } from '../tests/validation/convert/row.ts'
import { scenarioOf } from '../tests/validation/convert/scenario.ts'
import { groupBy, loaderOf } from './runs.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: 'string', multiple: true, default: [] }, all: { type: 'boolean', default: false } },
})
if (positionals.length === 0) throw new Error('Say which rows: npx tsx scripts/oom.ts runs.jsonl oom.jsonl')

const gib = 2 ** 30
const write = (line: string) => process.stdout.write(`${line}\n`)
const percent = (value: number) => `${(100 * value).toFixed(1)} %`.padStart(8)

const rows = positionals.flatMap((path) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row),
)
const ranOut = (row: Row) => row.status != null
const keyOf = ({ source_key: key, source }: Row): string =>
  key ?? (typeof source === 'object' ? String(source?.['key'] ?? 'unnamed') : (source ?? 'unnamed'))
const keys = new Set(rows.filter(ranOut).map(keyOf))
// A row without a kind of measurement still ran out of memory, or did not.
const wanted = rows.filter((row) => keys.has(keyOf(row)) && !row.suspect && row.trust !== 'C')

/** It gives no speed because it has none: that is no reason not to simulate it. */
function withoutDoubts(row: Row): Section {
  const { measured, ...scenario } = scenarioOf(row)
  const unsupported = (measured as Section | undefined)?.['unsupported']
  return ranOut(row) && /ran out|speed|memory/iu.test(String(unsupported)) ? scenario : { ...scenario, measured }
}

interface Judged {
  readonly row: Row
  readonly source: string
  readonly out: boolean
  /** Predicted peak over capacity. */
  readonly share: number
  readonly worst: StageMemory
  readonly capacity: number
}

const loaded = loaderOf(wanted.map(withoutDoubts), values.set)
const judged = wanted.flatMap((row, i): readonly Judged[] => {
  const one = loaded[i]
  if (!one) return []
  const { memory, worstStage, metrics } = simulate(one.job, one.strategy)
  const worst = memory[worstStage] as StageMemory
  const [capacity, source] = [metrics['memory.capacity'], keyOf(row)]
  return [{ row, source, out: ranOut(row), share: metrics['memory.peak'] / capacity, worst, capacity }]
})

const wrong = ({ out, share }: Judged, limit = 1) => out !== share > limit

function balanced(group: readonly Judged[], limit = 1): number {
  const right = (out: boolean) =>
    mean(group.filter((each) => each.out === out).map((each) => (wrong(each, limit) ? 0 : 1)))
  return (right(true) + right(false)) / 2
}

/** The limit at which it would judge best: how far off, and not how scattered, the peaks are. */
function bestLimit(group: readonly Judged[]): number {
  const limits = Array.from({ length: 121 }, (_, i) => 0.4 + i * 0.01)
  const scores = limits.map((limit) => balanced(group, limit))
  const best = Math.max(...scores)
  return median(limits.filter((_, i) => scores[i] === best))
}

const line = ({ row, share, worst, capacity }: Judged) => {
  const parts = [worst.weights, worst.gradients, worst.optimizerState, worst.activations, worst.working, worst.reserved]
  return `    ${row.id.slice(0, 90).padEnd(90)} ${percent(share)} ${(((share - 1) * capacity) / gib).toFixed(1).padStart(7)} GiB | ${parts.map((bytes) => (bytes / gib).toFixed(1).padStart(5)).join(' ')}`
}

for (const [source, group] of groupBy(judged, ({ source: key }) => key)) {
  const outs = group.filter(({ out }) => out)
  write(
    `${source}: ${outs.length} ran out, ${group.length - outs.length} fitted; balanced accuracy ${percent(balanced(group))}`,
  )
  const missed = outs.filter((each) => wrong(each))
  const alarms = group.filter((each) => !each.out && wrong(each))
  const best = bestLimit(group)
  write(`  best with a limit of ${percent(best)} of the memory: ${percent(balanced(group, best))}`)
  const shown = (of: readonly Judged[]) =>
    of.toSorted((a, b) => Math.abs(b.share - 1) - Math.abs(a.share - 1)).slice(0, values.all ? of.length : 25)
  write(
    `  ran out and said to fit: ${missed.length}  (peak, over the limit by | weights, gradients, optimizer, activations, working, reserved, GiB)`,
  )
  for (const each of shown(missed)) write(line(each))
  write(`  fitted and said to run out: ${alarms.length}`)
  for (const each of shown(alarms)) write(line(each))
}
