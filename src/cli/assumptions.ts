/** `-v`: every number that the scenario leans on without saying it itself, and who said it. */
import type { Path } from '../base/problem.ts'
import { cell, column, type Report, row, type Table } from '../report/report.ts'
import { describe } from '../scenario/describe.ts'
import type { Loaded } from '../scenario/read.ts'
import { formatQuantity } from '../units/format.ts'

interface Assumption {
  readonly path: string
  readonly value: number
  readonly text: string
  /** Undefined for a default of the schema. */
  readonly place: string | undefined
  readonly source: string | undefined
}

const sections = ['cluster', 'software', 'reliability', 'economics', 'calibration'] as const

export function withAssumptions(report: Report, loaded: Loaded): Report {
  const found = sections.flatMap((section) => assumptionsIn(loaded.scenario[section], [section], loaded))
  return {
    ...report,
    sections: [...report.sections, tableOf(found)],
    data: { ...report.data, assumptions: found.map(recordOf) },
  }
}

function assumptionsIn(value: unknown, path: Path, loaded: Loaded): readonly Assumption[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => assumptionsIn(inner, [...path, key], loaded))
  }
  const { origin, file } = loaded
  const place = origin.placeOf(path)
  if (typeof value !== 'number' || place?.file === file || place?.file.startsWith('--set')) return []
  return [
    {
      path: path.join('.'),
      value,
      text: textOf(value, path),
      place: origin.writtenAt(path),
      source: origin.sourceOf(path),
    },
  ]
}

/** A ratio as people write it in a scenario: some are factors far above 1. */
function textOf(value: number, path: Path): string {
  const { unit } = describe(path)
  return unit === undefined || unit === 'ratio' ? String(Number(value.toPrecision(6))) : formatQuantity(value, unit)
}

function tableOf(found: readonly Assumption[]): Table {
  return {
    kind: 'table',
    title: 'Assumptions',
    aside: 'numbers that the scenario leaves to the catalog',
    columns: [column(''), column('', 'right'), column('', 'left', 'drop'), column('', 'left', 'below')],
    rows: found.map(({ path, text, place, source }) =>
      row(cell(path), cell(text, 'strong'), cell(place ?? 'default', 'dim'), cell(source ?? '', 'dim')),
    ),
  }
}

function recordOf({ path, value, place, source }: Assumption) {
  return { path, value, ...(place === undefined ? {} : { place }), ...(source === undefined ? {} : { source }) }
}
