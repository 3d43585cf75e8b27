/** `validate`: published runs beside our predictions, by source and over all, and where we are furthest off. */
import { formatQuantity } from '../../units/format.ts'
import type { Unit } from '../../units/unit.ts'
import type { Accuracy, Figures, JudgedRun, Overall } from '../../validation/accuracy.ts'
import type { Choice } from '../../validation/regret.ts'
import {
  cell,
  column,
  type Json,
  type Prose,
  type Report,
  row,
  type Section,
  sumRow,
  type Table,
  type Tool,
} from '../report.ts'
import { change, group } from '../words.ts'

const worstShown = 15

export function composeValidate(runs: readonly JudgedRun[], accuracy: Accuracy, tool: Tool): Report {
  const silent = runs.filter(({ error }) => error === undefined)
  return {
    tool,
    sections: [
      titleOf(accuracy, silent.length),
      sourcesTable(accuracy),
      ...(accuracy.choices.length > 0 ? [choicesTable(accuracy)] : []),
      worstTable(runs),
      ...(silent.length > 0 ? [reasons(silent)] : []),
    ],
    data: {
      rows: runs.map(recordOf),
      sources: accuracy.sources.map(sourceRecord),
      choices: accuracy.choices.map(choiceRecord),
      overall: overallRecord(accuracy),
    },
    fields: fieldsOf(accuracy),
  }
}

function titleOf({ all, sources }: Accuracy, silent: number): Section {
  const facts = [
    `${group(all.judged)} of ${group(all.runs)} runs from ${new Set(sources.map(({ sourceKey }) => sourceKey)).size} sources`,
    ...(silent > 0 ? [`${group(silent)} without a prediction`] : []),
    'error: of the time of a step; above 0 we are too slow',
  ]
  return { kind: 'title', text: 'Predictions against published runs', aside: '', lines: [facts] }
}

function sourcesTable({ sources, dense, moe, all }: Accuracy): Table {
  return {
    kind: 'table',
    title: 'By source',
    aside: '',
    columns: [
      column('source'),
      column('runs', 'right'),
      column('bias', 'right'),
      column('median', 'right'),
      column('90 %', 'right'),
      column('in range', 'right', 'drop'),
      column('memory', 'right', 'drop'),
      column('rank', 'right', 'drop'),
    ],
    rows: [
      ...sources.map((source) => row(cell(`${source.sourceKey}${source.moe ? ' (MoE)' : ''}`), ...figureCells(source))),
      sumRow(cell('all runs', 'strong'), ...figureCells(all)),
      ...overallRow('mean of sources, dense', dense),
      ...overallRow('mean of sources, MoE', moe),
    ],
  }
}

function figureCells({ runs, judged, bias, median, p90, memoryMedian, rank, coverage }: Figures) {
  return [
    cell(judged === runs ? group(runs) : `${group(judged)}/${group(runs)}`),
    cell(signed(bias)),
    cell(size(median), 'strong'),
    cell(size(p90)),
    cell(inRange(coverage)),
    cell(size(memoryMedian)),
    cell(coefficient(rank)),
  ]
}

function overallRow(name: string, { sources, bias, median, p90, coverage }: Overall) {
  if (sources === 0) return []
  const cells = [
    cell(`${sources} sources`),
    cell(signed(bias)),
    cell(size(median), 'strong'),
    cell(size(p90)),
    cell(inRange(coverage)),
  ]
  return [row(cell(name, 'strong'), ...cells, cell(''), cell(''))]
}

/** Sweeps of layouts: do we put them in the right order, and what would our pick have cost? */
function choicesTable({ choices, all }: Accuracy): Table {
  return {
    kind: 'table',
    title: 'Had we chosen the layout',
    aside: '',
    columns: [
      column('sweep'),
      column('layouts', 'right'),
      column('rank', 'right'),
      column('regret', 'right'),
      column('picked', 'left', 'drop'),
    ],
    rows: [
      ...choices.map(({ sourceKey, sweep, layouts, rank, regret, picked }) =>
        row(
          cell(`${sourceKey}: ${sweep}`),
          cell(group(layouts)),
          cell(coefficient(rank)),
          cell(size(regret), 'strong'),
          cell(picked, 'dim'),
        ),
      ),
      sumRow(cell('median', 'strong'), cell(''), cell(''), cell(size(all.regret), 'strong'), cell('')),
    ],
  }
}

const coefficient = (rank: number): string => (Number.isFinite(rank) ? rank.toFixed(2) : '–')

/** Of the 80 % range. */
const inRange = (share: number): string => (Number.isFinite(share) ? `${Math.round(100 * share)} %` : '–')
const size = (value: number): string => (Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : '–')
const signed = (value: number): string => (Number.isFinite(value) ? change(size(value), value) : '–')

function worstTable(runs: readonly JudgedRun[]): Table {
  const worst = runs
    .filter(({ error, suspect }) => error !== undefined && !suspect)
    .toSorted((a, b) => Math.abs(b.error as number) - Math.abs(a.error as number))
    .slice(0, worstShown)
  return {
    kind: 'table',
    title: 'Furthest off',
    aside: '',
    columns: [
      column('run'),
      column('measured', 'right'),
      column('predicted', 'right'),
      column('error', 'right'),
      column('', 'left', 'below'),
    ],
    rows: worst.map(({ id, measured, predicted, unit, error, notes }) =>
      row(
        cell(id),
        cell(shown(measured, unit)),
        cell(shown(predicted, unit)),
        cell(signed(error as number), 'warn'),
        cell(notes.join('; '), 'dim'),
      ),
    ),
  }
}

const units: Readonly<Record<string, Unit>> = {
  step_time: 'seconds',
  tokens_per_second_per_gpu: 'tokensPerSecond',
  flop_per_second_per_gpu: 'flopPerSecond',
  mfu: 'ratio',
  hfu: 'ratio',
}

const shown = (value: number | undefined, unit: string): string =>
  value === undefined ? '–' : formatQuantity(value, units[unit] ?? 'count')

/** Each reason once, with how many runs it stops. */
function reasons(silent: readonly JudgedRun[]): Prose {
  const counted = new Map<string, number>()
  for (const { sourceKey, notes } of silent) {
    const reason = `${sourceKey}: ${notes.join('; ')}`
    counted.set(reason, (counted.get(reason) ?? 0) + 1)
  }
  const items = [...counted].map(([reason, count]) => cell(`${group(count)} × ${reason}`))
  return { kind: 'prose', title: 'Not predicted', items, mark: 'bullet' }
}

function recordOf(run: JudgedRun): Json {
  const { id, sourceKey, moe, unit, measured, predicted, error, range, covered, memoryError, suspect, notes } = run
  return {
    id,
    source_key: sourceKey,
    moe,
    basis: unit,
    measured: measured ?? null,
    predicted: predicted ?? null,
    error: error ?? null,
    range: range ?? null,
    covered: covered ?? null,
    memory_error: memoryError ?? null,
    suspect,
    notes: [...notes],
  }
}

function figuresRecord(figures: Figures) {
  const { runs, judged, bias, median, p90, memoryRuns, memoryMedian, rank, sweeps, regret, choices, coverage } = figures
  return {
    n: judged,
    runs,
    bias: finite(bias),
    median: finite(median),
    p90: finite(p90),
    memory_n: memoryRuns,
    memory_median: finite(memoryMedian),
    rank: finite(rank),
    sweeps,
    regret: finite(regret),
    choices,
    coverage: finite(coverage),
  }
}

const choiceRecord = ({ sourceKey, sweep, runs, layouts, rank, regret, picked, best }: Choice): Json => ({
  source_key: sourceKey,
  sweep,
  runs,
  layouts,
  rank: finite(rank),
  regret,
  picked,
  best,
})

const sourceRecord = ({ sourceKey, moe, ...figures }: Accuracy['sources'][number]): Json => ({
  source_key: sourceKey,
  moe,
  ...figuresRecord(figures),
})

function overallRecord({ all, dense, moe }: Accuracy): Json {
  const means = ({ sources, bias, median, p90, coverage }: Overall) => ({
    sources,
    bias: finite(bias),
    median: finite(median),
    p90: finite(p90),
    coverage: finite(coverage),
  })
  return { ...figuresRecord(all), dense: means(dense), moe: means(moe) }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

function fieldsOf({ all, dense, moe }: Accuracy): Report['fields'] {
  return [
    { name: 'runs', unit: 'count', value: all.judged },
    { name: 'error.median', unit: 'ratio', value: all.median },
    { name: 'error.p90', unit: 'ratio', value: all.p90 },
    { name: 'error.dense.mean_of_medians', unit: 'ratio', value: dense.median },
    { name: 'regret.median', unit: 'ratio', value: all.regret },
    { name: 'error.moe.mean_of_medians', unit: 'ratio', value: moe.median },
  ]
}
