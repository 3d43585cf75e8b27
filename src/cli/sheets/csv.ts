/** Comma-separated values (RFC 4180), units in the header. */
import { cellOf, headerOf } from '../../report/render/csv.ts'
import type { ColumnSpec } from '../../sweep/table.ts'
import { meant, type Sheet, type Sink } from './sheet.ts'

const newline = '\r\n'

export function csvSheet(columns: readonly ColumnSpec[], sink: Sink): Sheet {
  sink.write(columns.map(({ name, unit }) => cellOf(headerOf({ name, unit }))).join(',') + newline)
  return {
    write: (rows) => {
      const width = columns.length
      let text = ''
      for (let first = 0; first < rows.length; first += width)
        text += columns.map((column, at) => textOf(meant(column, rows[first + at] as number))).join(',') + newline
      sink.write(text)
    },
    end: () => {},
  }
}

function textOf(value: ReturnType<typeof meant>): string {
  if (value === undefined) return ''
  return cellOf(typeof value === 'boolean' ? String(value) : value)
}
