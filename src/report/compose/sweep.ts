/** The first rows of a sweep for people, all of them for programs. */
import type { ColumnSpec } from '../../sweep/table.ts'
import { formatQuantity } from '../../units/format.ts'
import { type Cell, cell, column, type Json, type Report, type Row, row, type Tool, titled } from '../report.ts'
import { counted, group } from '../words.ts'

export type Value = number | string | boolean | undefined

export interface SweepInput {
  readonly name: string
  readonly file: string
  readonly tool: Tool
  readonly columns: readonly ColumnSpec[]
  /** Columns that vary from point to point by request: they lead the table. */
  readonly varied: number
  readonly count: number
  readonly rows: readonly (readonly Value[])[]
  /** Does each row have a strategy of its own? */
  readonly best: boolean
}

const most = 20

/** Of the columns that a table may have, the ones that a page has room for. */
const shown = [
  'state',
  'step.time',
  'mfu',
  'utilization.effective',
  'memory.peak',
  'ratio.compute_to_communication',
  'run.cost',
]
const ofStrategy = ['tp', 'cp', 'pp', 'vpp', 'dp', 'zero', 'micro_batch', 'recompute']

export function composeSweep(input: SweepInput): Report {
  const { name, tool, columns, varied, count, rows, best } = input
  const wanted = new Set(best ? [...shown, ...ofStrategy] : shown)
  const at = columns.flatMap((spec, index) => (index < varied || wanted.has(spec.name) ? [index] : []))
  const left = count - Math.min(rows.length, most)
  return {
    tool,
    sections: [
      titled(name, tool, [
        [counted(count, 'point'), best ? 'each with its best strategy' : 'each with the strategy of the scenario'],
      ]),
      {
        kind: 'table',
        title: '',
        aside: '',
        columns: at.map((index) => headOf(columns[index] as ColumnSpec, index < varied)),
        rows: rows.slice(0, most).map((values) => rowOf(values, at, columns)),
      },
      ...(left > 0
        ? [
            {
              kind: 'prose' as const,
              title: '',
              mark: 'none' as const,
              items: [cell(`and ${group(left)} more: -o FILE.csv, .ndjson or .parquet keeps them all`, 'dim')],
            },
          ]
        : []),
    ],
    data: { name, file: input.file, sweep: { points: count, rows: rows.map((values) => recordOf(values, columns)) } },
    fields: [],
  }
}

function headOf({ name, kind }: ColumnSpec, keeps: boolean) {
  const title = keeps ? (name.split('.').slice(-2).join('.') ?? name) : name
  return column(title, kind === 'word' ? 'left' : 'right', keeps ? 'keep' : 'drop')
}

function rowOf(values: readonly Value[], at: readonly number[], columns: readonly ColumnSpec[]): Row {
  return row(...at.map((index) => cellFor(values[index], columns[index] as ColumnSpec)))
}

function cellFor(value: Value, { name, unit, kind }: ColumnSpec): Cell {
  if (value === undefined) return cell('–', 'dim')
  if (name === 'state') return cell(String(value), value === 'fits' ? 'good' : 'warn')
  if (typeof value !== 'number') return cell(String(value))
  return cell(
    kind === 'count' || (unit === 'count' && Number.isInteger(value)) ? group(value) : formatQuantity(value, unit),
  )
}

function recordOf(values: readonly Value[], columns: readonly ColumnSpec[]): Json {
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]))
}
