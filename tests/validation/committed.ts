/** The published runs that are part of the repository: what the accuracy figures are computed on. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { disk } from '../../src/cli/disk.ts'
import { readDocuments } from '../../src/cli/documents.ts'
import { nodeFiles } from '../../src/cli/files.ts'
import { type Judged, judgeDocument } from '../../src/cli/judging.ts'
import { accuracyOf, counts, type Figures, type Overall } from '../../src/validation/accuracy.ts'
import { gainOf, leastRuns } from '../../src/validation/gain.ts'
import { mean } from '../../src/validation/statistics.ts'
import { type PrimitiveRow, priceRow, primitiveFigures } from './primitives.ts'

const root = join(import.meta.dirname, '..', '..')
const published = join(root, 'scenarios', 'published')
const jsonFile = join(import.meta.dirname, 'accuracy.json')
const primitivesFile = join(import.meta.dirname, 'primitives.ndjson')
const pageFile = join(import.meta.dirname, 'README.md')

/** All of them, or those in the files that are wanted. */
export function judgeCommitted(sets: readonly string[] = [], wanted = /./u): readonly Judged[] {
  const names = readdirSync(published, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|ndjson)$/u.test(name) && !name.startsWith('base') && wanted.test(name))
    .map((name) => relative(root, join(published, name)))
    .sort()
  const { documents, files } = readDocuments(names, nodeFiles(root), { cwd: root, disk })
  return documents.map((document) => judgeDocument(document, files, sets))
}

/** Figures as they are committed: shares to a tenth of a percent, ranks to a hundredth. */
export type Committed = ReturnType<typeof figuresOf>

export function figuresOf(judged: readonly Judged[]) {
  const { sources, dense, moe, all, choices } = accuracyOf(judged.map(({ run }) => run))
  const one = sources.map((source) => ({ ...source, oneRun: oneRunOf(judged, source) }))
  return {
    sources: Object.fromEntries(
      one
        .map((source) => [nameOf(source), { ...rounded(source), one_run: source.oneRun }] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    dense: { ...roundedOverall(dense), one_run: meanOf(one.filter((source) => !source.moe)) },
    moe: { ...roundedOverall(moe), one_run: meanOf(one.filter((source) => source.moe)) },
    all: rounded(all),
    choices: Object.fromEntries(
      choices
        .map(
          ({ sourceKey, sweep, layouts, rank, regret }) =>
            [`${sourceKey}: ${sweep}`, { layouts, rank: round(rank, 2), regret: round(regret, 3) }] as const,
        )
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    primitives: primitives(),
  }
}

const nameOf = ({ sourceKey, moe }: { readonly sourceKey: string; readonly moe: boolean }) =>
  `${sourceKey}${moe ? ' (MoE)' : ''}`

/** How many runs of a source are given to `calibrate`, each by itself, to predict the others. */
const tries = 3

interface OneRun {
  readonly median: number | null
  readonly p90: number | null
  /** Given the run that tells most of the others. */
  readonly chosen: { readonly median: number | null; readonly p90: number | null }
}

function oneRunOf(judged: readonly Judged[], { sourceKey, moe }: Parameters<typeof nameOf>[0]): OneRun | null {
  const own = judged.filter(({ run }) => run.sourceKey === sourceKey && run.moe === moe && counts(run))
  const observations = own.flatMap(({ observation }) => observation ?? [])
  if (observations.length < leastRuns) return null
  const { after, chosen } = gainOf(observations, tries)
  const figures = ({ median, p90 }: typeof after) => ({ median: round(median, 3), p90: round(p90, 3) })
  return { ...figures(after), chosen: figures(chosen) }
}

function meanOf(sources: readonly { readonly oneRun: OneRun | null; readonly median: number; readonly p90: number }[]) {
  const there = sources.filter(({ oneRun }) => oneRun !== null)
  const of = (figure: (source: (typeof there)[number]) => number | null | undefined) =>
    round(mean(there.map((source) => figure(source) ?? Number.NaN)), 3)
  return {
    sources: there.length,
    before: { median: of(({ median }) => median), p90: of(({ p90 }) => p90) },
    after: { median: of(({ oneRun }) => oneRun?.median), p90: of(({ oneRun }) => oneRun?.p90) },
    chosen: { median: of(({ oneRun }) => oneRun?.chosen.median), p90: of(({ oneRun }) => oneRun?.chosen.p90) },
  }
}

const primitiveRows = (): readonly PrimitiveRow[] =>
  readFileSync(primitivesFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PrimitiveRow)

/** Kernels and collectives by themselves, by GPU and operation. */
function primitives() {
  return Object.fromEntries(
    primitiveFigures(primitiveRows().flatMap((row) => priceRow(row) ?? [])).map(
      ({ gpu, operation, runs, bias, median, p90 }) => [
        `${gpu}: ${operation}`,
        { runs, bias: round(bias, 3), median: round(median, 3), p90: round(p90, 3) },
      ],
    ),
  )
}

const round = (value: number, digits: number) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : null)

const rounded = (figures: Figures) => {
  const { runs, judged, bias, median, p90, memoryRuns, memoryMedian, rank, sweeps, regret, choices, coverage } = figures
  return {
    runs,
    judged,
    bias: round(bias, 3),
    median: round(median, 3),
    p90: round(p90, 3),
    coverage: round(coverage, 3),
    memory_runs: memoryRuns,
    memory_median: round(memoryMedian, 3),
    rank: round(rank, 2),
    sweeps,
    regret: round(regret, 3),
    choices,
  }
}

const roundedOverall = ({ sources, bias, median, p90, coverage }: Overall) => ({
  sources,
  bias: round(bias, 3),
  median: round(median, 3),
  p90: round(p90, 3),
  coverage: round(coverage, 3),
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
export function pageOf({ sources, dense, moe, all, choices, primitives: kernels }: Committed): string {
  const rows = Object.entries(sources).map(([name, each]) => tableRow(name, each, each.one_run))
  const meanRow = (name: string, { sources: n, bias, median, p90, coverage, one_run: { after } }: Committed['dense']) =>
    `| **${name}** | ${n} sources | ${signed(bias)} | **${percent(median)}** | ${percent(p90)} | ${whole(coverage)} | ${percent(after.median)} | ${percent(after.p90)} | | |`
  return `${[
    '# How right the predictions are',
    '',
    `Computed from the ${all.runs} published runs under \`scenarios/published\` by \`npm run accuracy -- --update\`; a test`,
    'recomputes every figure. Do not edit this page.',
    '',
    'The error is that of the time of a step: above 0 the prediction is too slow. Each run is compared in the convention of',
    'its source, a printed step time or throughput before TFLOP/s, and these before MFU. *Rank* is the mean of Spearman’s',
    'coefficient over the sweeps of a source: runs of one model on one machine that differ by layout. Many constants were',
    'fitted to some of these sources; errors on runs never seen are larger. *In range*: the share of runs within the 80 %',
    'range that a prediction comes with (src/engine/uncertainty.ts), whose widths are those of sources left out of the fit.',
    `*One run*: median and 90 % when \`calibrate\` has seen one run of the source and predicts the others, ${tries} of them`,
    `in turn, where there are at least ${leastRuns}.`,
    '',
    '| source | runs | bias | median | 90 % | in range | one run, median | 90 % | memory, median | rank (sweeps) |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows,
    tableRow('**all runs**', all, null),
    meanRow('mean of sources, dense', dense),
    meanRow('mean of sources, MoE', moe),
    '',
    ...oneRunLines({ dense, moe }),
    'A run that is not counted in *runs* has no prediction yet, or its source doubts it; `clusterwise validate` says why.',
    '',
    ...choicesPart(choices, all),
    ...primitivesPart(kernels),
  ].join('\n')}\n`
}

function tableRow(
  name: string,
  { runs, judged, bias, median, p90, memory_median: memory, rank, sweeps, coverage }: Committed['all'],
  one: OneRun | null,
) {
  const count = runs === judged ? `${runs}` : `${judged} of ${runs}`
  const ranks = rank === null ? '–' : `${rank.toFixed(2).replace('-', '−')} (${sweeps})`
  return `| ${name} | ${count} | ${signed(bias)} | ${percent(median)} | ${percent(p90)} | ${whole(coverage)} | ${percent(one?.median ?? null)} | ${percent(one?.p90 ?? null)} | ${percent(memory)} | ${ranks} |`
}

const whole = (value: number | null) => (value === null ? '–' : `${Math.round(100 * value)} %`)

/** On the same sources before and after. */
function oneRunLines({ dense, moe }: Pick<Committed, 'dense' | 'moe'>): readonly string[] {
  const line = (name: string, { one_run: { sources, before, after, chosen } }: Committed['dense']) =>
    `${name}, ${sources} sources: median ${percent(before.median)} → ${percent(after.median)} (${percent(chosen.median)}), 90 % ${percent(before.p90)} → ${percent(after.p90)} (${percent(chosen.p90)})`
  return [
    `With one run of their own (means of sources): ${line('dense', dense)}; ${line('MoE', moe)}.`,
    'In brackets: given the run of which the layout tells most about the others, chosen without a look at any measurement.',
    '',
  ]
}

function choicesPart(choices: Committed['choices'], all: Committed['all']): readonly string[] {
  const rows = Object.entries(choices).map(([name, { layouts, rank, regret }]) => {
    const [source, sweep] = [name.slice(0, name.indexOf(': ')), name.slice(name.indexOf(': ') + 2)]
    return `| ${source} | ${sweep} | ${layouts} | ${rank === null ? '–' : rank.toFixed(2)} | ${percent(regret)} |`
  })
  return [
    '## Had we chosen the layout',
    '',
    'Sweeps of at least eight layouts of one model on one machine, all that the source printed. *Rank* is Spearman’s',
    'coefficient of predicted and measured times; *regret* is how much slower the layout that we would have picked ran than',
    'the best one. Runs of one layout count once, at their median.',
    '',
    '| source | sweep | layouts | rank | regret |',
    '|---|---|---:|---:|---:|',
    ...rows,
    `| **median** | ${all.choices} sweeps | | | **${percent(all.regret)}** |`,
    '',
  ]
}

function primitivesPart(kernels: Committed['primitives']): readonly string[] {
  const rows = Object.entries(kernels).map(
    ([name, { runs, bias, median, p90 }]) =>
      `| ${name.replace(': ', ' | ')} | ${runs} | ${signed(bias)} | ${percent(median)} | ${percent(p90)} |`,
  )
  const sources = [...new Set(primitiveRows().map(({ source }) => source))].toSorted()
  return [
    '## Kernels and collectives by themselves',
    '',
    'The same constants against measured tables of single operations (`tests/validation/primitives.ndjson`, a few of each',
    'GPU and operation; `npx tsx scripts/primitives.ts FILE…` takes whole tables). Matmuls are priced at the rate that a',
    'long run holds: power limits do not yet bite in a short loop, which is why it is faster than we say.',
    '',
    '| GPU | operation | rows | bias | median | 90 % |',
    '|---|---|---:|---:|---:|---:|',
    ...rows,
    '',
    `Sources: ${sources.join('; ')}.`,
  ]
}
