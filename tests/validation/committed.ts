/** The published runs that are part of the repository: what the accuracy figures are computed on. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { disk } from '../../src/cli/disk.ts'
import { readDocuments } from '../../src/cli/documents.ts'
import { nodeFiles } from '../../src/cli/files.ts'
import { type Judged, judgeDocument } from '../../src/cli/judging.ts'
import { accuracyOf, type Figures, type Overall } from '../../src/validation/accuracy.ts'

const root = join(import.meta.dirname, '..', '..')
const published = join(root, 'scenarios', 'published')
const jsonFile = join(import.meta.dirname, 'accuracy.json')
const pageFile = join(import.meta.dirname, 'README.md')

export function judgeCommitted(sets: readonly string[] = []): readonly Judged[] {
  const names = readdirSync(published, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|ndjson)$/u.test(name) && !name.startsWith('base'))
    .map((name) => relative(root, join(published, name)))
    .sort()
  const { documents, files } = readDocuments(names, nodeFiles(root), { cwd: root, disk })
  return documents.map((document) => judgeDocument(document, files, sets))
}

/** Figures as they are committed: shares to a tenth of a percent, ranks to a hundredth. */
export type Committed = ReturnType<typeof figuresOf>

export function figuresOf(judged: readonly Judged[]) {
  const { sources, dense, moe, all } = accuracyOf(judged.map(({ run }) => run))
  return {
    sources: Object.fromEntries(
      sources
        .map((source) => [`${source.sourceKey}${source.moe ? ' (MoE)' : ''}`, rounded(source)] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    dense: roundedOverall(dense),
    moe: roundedOverall(moe),
    all: rounded(all),
  }
}

const round = (value: number, digits: number) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : null)

const rounded = ({ runs, judged, bias, median, p90, memoryRuns, memoryMedian, rank, sweeps }: Figures) => ({
  runs,
  judged,
  bias: round(bias, 3),
  median: round(median, 3),
  p90: round(p90, 3),
  memory_runs: memoryRuns,
  memory_median: round(memoryMedian, 3),
  rank: round(rank, 2),
  sweeps,
})

const roundedOverall = ({ sources, bias, median, p90 }: Overall) => ({
  sources,
  bias: round(bias, 3),
  median: round(median, 3),
  p90: round(p90, 3),
})

export const baseline = (): Committed => JSON.parse(readFileSync(jsonFile, 'utf8'))
export const baselinePage = (): string => readFileSync(pageFile, 'utf8')

export function updateBaseline(judged: readonly Judged[]): void {
  const figures = figuresOf(judged)
  writeFileSync(jsonFile, `${JSON.stringify(figures, null, 2)}\n`)
  writeFileSync(pageFile, pageOf(figures))
}

const percent = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`)
const signed = (value: number | null) =>
  value !== null && value > 0 ? `+${percent(value)}` : percent(value).replace('-', '−')

/** What a reader is told, from the same figures. */
export function pageOf({ sources, dense, moe, all }: Committed): string {
  const rows = Object.entries(sources).map(([name, each]) => tableRow(name, each))
  const mean = (name: string, { sources: n, bias, median, p90 }: Committed['dense']) =>
    `| **${name}** | ${n} sources | ${signed(bias)} | **${percent(median)}** | ${percent(p90)} | | |`
  return `${[
    '# How right the predictions are',
    '',
    `Computed from the ${all.runs} published runs under \`scenarios/published\` by \`npm run accuracy -- --update\`; a test`,
    'recomputes every figure. Do not edit this page.',
    '',
    'The error is that of the time of a step: above 0 the prediction is too slow. Each run is compared in the convention of',
    'its source, a printed step time or throughput before TFLOP/s, and these before MFU. *Rank* is the mean of Spearman’s',
    'coefficient over the sweeps of a source: runs of one model on one machine that differ by layout. Many constants were',
    'fitted to some of these sources; errors on runs never seen are larger.',
    '',
    '| source | runs | bias | median | 90 % | memory, median | rank (sweeps) |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rows,
    tableRow('**all runs**', all),
    mean('mean of sources, dense', dense),
    mean('mean of sources, MoE', moe),
    '',
    'A run that is not counted in *runs* has no prediction yet, or its source doubts it; `clusterwise validate` says why.',
  ].join('\n')}\n`
}

function tableRow(
  name: string,
  { runs, judged, bias, median, p90, memory_median: memory, rank, sweeps }: Committed['all'],
) {
  const count = runs === judged ? `${runs}` : `${judged} of ${runs}`
  const ranks = rank === null ? '–' : `${rank.toFixed(2).replace('-', '−')} (${sweeps})`
  return `| ${name} | ${count} | ${signed(bias)} | ${percent(median)} | ${percent(p90)} | ${percent(memory)} | ${ranks} |`
}
