/** What an answer stands on, weakest first, and what must be said before anyone believes it. */
import type { Cited } from '../../../growth/cited.ts'
import { cell, column, type Json, row, type Table } from '../../report.ts'
import { confidenceCell } from './words.ts'

export function groundsTable(grounds: readonly Cited[]): Table {
  const order = ({ confidence }: Cited) => -CONFIDENCES.indexOf(confidence)
  return {
    kind: 'table',
    title: 'Stands on',
    aside: 'weakest first',
    columns: [column(''), column('confidence'), column('holds for', 'left', 'drop'), column('', 'left', 'below')],
    rows: grounds
      .toSorted((a, b) => order(a) - order(b))
      .map(({ label, confidence, validity, source }) =>
        row(cell(label), confidenceCell(confidence), cell(validity, 'dim'), cell(source, 'dim')),
      ),
  }
}

/** From best to worst, as src/growth/cited.ts orders them. */
const CONFIDENCES: readonly Cited['confidence'][] = ['primary', 'abstract', 'secondary', 'derived', 'unverified']

export const unverified = (grounds: readonly Cited[]): readonly Cited[] =>
  grounds.filter(({ confidence }) => confidence === 'unverified')

export function groundsRecord(grounds: readonly Cited[]): Json {
  return grounds.map(({ label, source, validity, confidence }) => ({ label, source, validity, confidence }))
}
