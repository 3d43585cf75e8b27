/** `diff` for people: which inputs changed, what that does to the metrics, and whose work it is. */
import type { Place } from '../../base/problem.ts'
import type { Attribution } from '../../check/attribute.ts'
import type { Change } from '../../check/changes.ts'
import { catalogue } from '../../engine/catalogue.ts'
import { type MetricName, type Metrics, metricNames } from '../../engine/metrics.ts'
import { formatQuantity } from '../../units/format.ts'
import { cell, column, type Json, type Report, row, type Section, sumRow, type Table } from '../report.ts'
import { counted, change as signed } from '../words.ts'
import { changeRecord } from './check/record.ts'
import { type Dictionary, placeWords } from './check/words.ts'

export interface PlanDiff {
  readonly file: string
  readonly name: string
  readonly state: 'same' | 'changed' | 'added' | 'removed'
  readonly changes: readonly Change[]
  readonly before?: Metrics
  readonly now?: Metrics
  readonly attribution?: Attribution
  readonly placeOf: (path: string) => Place | undefined
}

export interface DiffResult {
  readonly before: string
  readonly after: string
  readonly plans: readonly PlanDiff[]
}

interface Wanted {
  /** Every metric that moved, and not only those that people ask for first. */
  readonly verbose: boolean
}

export function composeDiff(result: DiffResult, dictionary: Dictionary, wanted: Wanted): Report {
  const { before, after, plans } = result
  return {
    tool: dictionary.tool,
    sections: [
      { kind: 'title', text: `${before} → ${after}`, aside: summaryOf(plans), lines: [] },
      ...plans.filter(({ state }) => state !== 'same').flatMap((plan) => sectionsOf(plan, result, dictionary, wanted)),
    ],
    data: { before, after, plans: plans.map(recordOf) },
    fields: [],
  }
}

function summaryOf(plans: readonly PlanDiff[]): string {
  const parts = (['changed', 'added', 'removed', 'same'] as const).flatMap((state) => {
    const count = plans.filter((plan) => plan.state === state).length
    return count > 0 ? [`${count} ${state}`] : []
  })
  return `${counted(plans.length, 'plan')}: ${parts.join(', ')}`
}

function sectionsOf(
  plan: PlanDiff,
  { plans }: DiffResult,
  dictionary: Dictionary,
  { verbose }: Wanted,
): readonly Section[] {
  const title: Section = { kind: 'title', text: plan.file, aside: plan.name, lines: [] }
  const { before, now, attribution } = plan
  if (!before || !now) {
    return [
      { kind: 'verdict', role: 'warn', word: plan.state.toUpperCase(), text: `${plan.file} (${plan.name})`, lines: [] },
    ]
  }
  return [
    ...(plans.length > 1 ? [title] : []),
    inputTable(plan, dictionary),
    metricTable(before, now, verbose),
    ...(attribution && plan.changes.length > 1 ? attributionSections(attribution, before, dictionary) : []),
  ]
}

function inputTable({ changes, placeOf }: PlanDiff, { written }: Dictionary): Table {
  return {
    kind: 'table',
    title: 'Inputs',
    aside: '',
    columns: [column(''), column('', 'right'), column(''), column('', 'left', 'drop')],
    rows: changes.flatMap(({ parts }) =>
      parts.map(({ path, before, after }) => {
        const place = placeOf(path)
        return row(
          cell(path, 'accent'),
          cell(written(path, before), 'dim'),
          cell(`→ ${written(path, after)}`, 'strong'),
          cell(place ? placeWords(place) : '', 'dim'),
        )
      }),
    ),
  }
}

/** What people ask for first. */
const headlines: ReadonlySet<MetricName> = new Set([
  'step.time',
  'mfu',
  'throughput.tokens_per_second',
  'memory.peak',
  'memory.headroom',
  'step.compute',
  'step.exposed',
  'step.bubble',
  'run.time',
  'run.gpu_hours',
  'run.energy',
  'run.cost',
])

function moved(before: Metrics, now: Metrics): readonly MetricName[] {
  return metricNames.filter((name) => before[name] !== now[name] && Math.abs(shareOf(before[name], now[name])) > 5e-7)
}

const shareOf = (before: number, after: number): number => (after - before) / Math.abs(before)

function metricTable(before: Metrics, now: Metrics, verbose: boolean): Table {
  const all = moved(before, now)
  const shown = verbose ? all : all.filter((name) => headlines.has(name))
  const hidden = all.length - shown.length
  return {
    kind: 'table',
    title: 'Metrics',
    aside: hidden > 0 ? `${hidden} more with -v` : all.length === 0 ? 'none changed' : '',
    columns: [
      column(''),
      column('before', 'right'),
      column('after', 'right'),
      column('Δ', 'right'),
      column('', 'right'),
    ],
    rows: shown.map((name) => {
      const { unit } = catalogue[name]
      const [old, young] = [before[name], now[name]]
      return row(
        cell(name),
        cell(formatQuantity(old, unit), 'dim'),
        cell(formatQuantity(young, unit), 'strong'),
        cell(signed(formatQuantity(young - old, unit), young - old), roleOf(name, young - old)),
        cell(sharePercent(old, young), 'dim'),
      )
    }),
  }
}

function sharePercent(before: number, after: number): string {
  const share = shareOf(before, after)
  return Number.isFinite(share) ? signed(`${(share * 100).toFixed(1)} %`, share) : ''
}

function roleOf(name: MetricName, by: number) {
  const { better } = catalogue[name]
  if (better === 'neutral' || by === 0) return 'plain'
  return by > 0 === (better === 'higher') ? 'good' : 'bad'
}

function attributionSections(
  { total, shares, interaction, unexplained, metric }: Attribution,
  before: Metrics,
  { written }: Dictionary,
): readonly Section[] {
  const { unit, label } = catalogue[metric]
  const amount = (by: number | undefined) =>
    cell(by === undefined ? 'cannot run' : signed(formatQuantity(by, unit), by), by === undefined ? 'dim' : 'plain')
  const table: Table = {
    kind: 'table',
    title: `Where the change of the ${label} comes from`,
    aside: 'each plan in between was simulated',
    columns: [column(''), column('alone', 'right'), column('in order', 'right')],
    rows: [
      ...shares.map(({ change, alone, inOrder }) =>
        row(cell(`${change.path} → ${written(change.path, change.after)}`, 'accent'), amount(alone), amount(inOrder)),
      ),
      row(
        cell('together, beyond each alone', 'dim'),
        cell(interaction === undefined ? '' : signed(formatQuantity(interaction, unit), interaction)),
        cell(''),
      ),
      sumRow(
        cell('all'),
        cell(signed(formatQuantity(total, unit), total), 'strong'),
        cell(signed(formatQuantity(total, unit), total), 'strong'),
      ),
    ],
  }
  if (Math.abs(unexplained) <= 1e-5 * before[metric]) return [table]
  const words = `with every change taken back, ${metric} still differs by ${formatQuantity(unexplained, unit)}: more than inputs changed`
  return [table, { kind: 'prose', title: '', mark: 'bullet', items: [cell(words, 'warn')] }]
}

function recordOf({ file, name, state, changes, before, now, attribution }: PlanDiff): Json {
  return {
    file,
    name,
    state,
    inputs: changes.map(changeRecord),
    ...(before && now
      ? { metrics: Object.fromEntries(moved(before, now).map((metric) => [metric, metricRecord(metric, before, now)])) }
      : {}),
    ...(attribution && changes.length > 0 ? { attribution: attributionRecord(attribution) } : {}),
  }
}

function metricRecord(metric: MetricName, before: Metrics, now: Metrics): Json {
  const [old, young] = [before[metric], now[metric]]
  return { before: old, after: young, delta: young - old, share: shareOf(old, young), unit: catalogue[metric].unit }
}

function attributionRecord({ metric, total, shares, interaction }: Attribution): Json {
  return {
    metric,
    total,
    shares: shares.map(({ change, alone, inOrder }) => ({
      path: change.path,
      alone: alone ?? null,
      inOrder: inOrder ?? null,
    })),
    interaction: interaction ?? null,
  }
}
