/**
 * Predictions against published runs. `npm run accuracy`: the runs of this repository; with `-- --update` their figures
 * become the committed ones. `npm run accuracy:all -- runs.jsonl` (or CLUSTERWISE_RUNS): a whole data set.
 * Rows in the format of the data set are converted first (tests/validation/convert.ts); `.ndjson` and `.yaml` files
 * hold scenarios already. Options: --source KEY (every run of one source, with its parts), --worst N, --set path=value
 * (repeatable), --json.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { disk } from '../src/cli/disk.ts'
import { type Document, readDocuments } from '../src/cli/documents.ts'
import { nodeFiles, scenarioFiles } from '../src/cli/files.ts'
import { bundledScenarios } from '../src/cli/host.ts'
import { type Judged, judgeDocument } from '../src/cli/judging.ts'
import type { Files } from '../src/scenario/files.ts'
import { accuracyOf, counts, type Figures, type Overall } from '../src/validation/accuracy.ts'
import { judgeCommitted, updateBaseline } from '../tests/validation/committed.ts'
import type { Row } from '../tests/validation/convert/row.ts'
import { scenarioOf } from '../tests/validation/convert/scenario.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    source: { type: 'string', multiple: true, default: [] },
    worst: { type: 'string', default: '15' },
    set: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    committed: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
})

const paths = positionals.length > 0 ? positionals : [process.env['CLUSTERWISE_RUNS'] ?? ''].filter(Boolean)
if (paths.length === 0 && !values.committed) {
  process.stderr.write('Say which runs: npm run accuracy:all -- runs.jsonl (or set CLUSTERWISE_RUNS).\n')
  process.exit(2)
}

const cwd = process.cwd()
const world = { cwd, disk, scenarios: bundledScenarios }
const wanted = (key: string) => values.source.length === 0 || values.source.some((part) => key.includes(part))
const judged = values.committed
  ? judgeCommitted(values.set).filter(({ run }) => wanted(run.sourceKey))
  : paths.flatMap((path) => judgeFile(path))

function judgeFile(path: string): readonly Judged[] {
  const { documents, files } = path.endsWith('.jsonl')
    ? converted(path)
    : readDocuments([path], nodeFiles(cwd), { cwd, disk })
  return documents
    .map((document) => judgeDocument(document, files, values.set))
    .filter(({ run }) => wanted(run.sourceKey))
}

function converted(path: string): { readonly documents: readonly Document[]; readonly files: Files } {
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Row)
  const texts = rows.filter((row) => wanted(row.source_key ?? '')).map((row) => JSON.stringify(scenarioOf(row)))
  return readDocuments(['-'], scenarioFiles({ stdin: texts.join('\n') }, world), world)
}

const percent = (value: number, digits = 1) => (Number.isFinite(value) ? (100 * value).toFixed(digits) : '–')
const write = (line: string) => process.stdout.write(`${line}\n`)

function table(): void {
  const { sources, dense, moe, all } = accuracyOf(judged.map(({ run }) => run))
  write(
    `${'source'.padEnd(58)} ${'n'.padStart(9)} ${'bias %'.padStart(8)} ${'median %'.padStart(9)} ${'p90 %'.padStart(7)} ${'memory %'.padStart(9)} ${'rank'.padStart(6)}`,
  )
  for (const source of sources) write(line(`${source.sourceKey}${source.moe ? ' (MoE)' : ''}`, source))
  write(line('all rows', all))
  write(`dense: ${overall(dense)}`)
  write(`MoE:   ${overall(moe)}`)
}

const line = (name: string, { runs, judged: n, bias, median, p90, memoryMedian, rank }: Figures) =>
  `${name.slice(0, 58).padEnd(58)} ${(n === runs ? String(n) : `${n}/${runs}`).padStart(9)} ${percent(bias).padStart(8)} ${percent(median).padStart(9)} ${percent(p90).padStart(7)} ${percent(memoryMedian).padStart(9)} ${(Number.isFinite(rank) ? rank.toFixed(2) : '–').padStart(6)}`

const overall = ({ sources, median, p90, bias }: Overall) =>
  `${sources} sources, mean of medians ${percent(median)} %, mean of p90 ${percent(p90)} %, mean bias ${percent(bias)} %`

/** Parts of the step, as shares of it. */
const parts = ['compute', 'recompute', 'exposed', 'bubble', 'optimizer', 'host', 'overhead'] as const
const links = ['tp', 'cp', 'ep', 'pp', 'dp'] as const

function detail({ run, simulation }: Judged): string {
  const metrics = simulation?.metrics as Readonly<Record<string, number>> | undefined
  if (!metrics || run.error === undefined) return `${run.id.padEnd(84)} not predicted: ${run.notes.join('; ')}`
  const step = metrics['step.time'] as number
  const share = (name: string) => percent((metrics[name] ?? 0) / step, 0)
  const shares = parts.map((part) => `${part} ${share(`step.${part}`)}`).join(' ')
  const exposed = links.map((link) => `${link} ${share(`comm.${link}.exposed`)}`).join(' ')
  const memory = run.memoryError === undefined ? '' : ` | memory ${percent(run.memoryError)}`
  return `${run.id.slice(0, 84).padEnd(84)} ${short(run.measuredSeconds)} → ${short(run.predictedSeconds)} s ${percent(run.error).padStart(6)} % | ${shares} (${exposed})${memory}${run.suspect ? ' | suspect' : ''}`
}

const short = (seconds: number | undefined) => (seconds === undefined ? '–' : seconds.toPrecision(4)).padStart(7)

function worst(): void {
  const sorted = judged
    .filter(({ run }) => counts(run))
    .toSorted((a, b) => Math.abs(b.run.error as number) - Math.abs(a.run.error as number))
  write('\nworst')
  for (const each of sorted.slice(0, Number(values.worst)))
    write(`${each.run.sourceKey.slice(0, 26).padEnd(27)}${detail(each)}`)
  const silent = judged.filter(({ run }) => run.error === undefined)
  const reasons = new Map<string, number>()
  for (const { run } of silent) {
    const reason = `${run.sourceKey}: ${run.notes.join('; ')}`
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  if (silent.length > 0) write(`\nnot predicted: ${silent.length}`)
  for (const [reason, count] of reasons) write(`  ${count} × ${reason}`)
}

if (values.update && values.committed) {
  updateBaseline(judgeCommitted())
} else if (values.json) {
  const rows = judged.map(({ run }) => run)
  write(JSON.stringify({ rows, ...accuracyOf(rows) }))
} else if (values.source.length > 0) {
  for (const each of judged) write(detail(each))
  table()
} else {
  table()
  worst()
}
