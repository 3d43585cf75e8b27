/** One JSON object a row; what has no value is null. */
import { settled } from '../../report/render/json.ts'
import type { ColumnSpec } from '../../sweep/table.ts'
import { meant, type Sheet, type Sink } from './sheet.ts'

export function ndjsonSheet(columns: readonly ColumnSpec[], sink: Sink): Sheet {
  const keys = columns.map(({ name }) => JSON.stringify(name))
  return {
    write: (rows) => {
      const width = columns.length
      let text = ''
      for (let first = 0; first < rows.length; first += width) {
        const fields = columns.map((column, at) => `${keys[at]}:${textOf(meant(column, rows[first + at] as number))}`)
        text += `{${fields.join(',')}}\n`
      }
      sink.write(text)
    },
    end: () => {},
  }
}

function textOf(value: ReturnType<typeof meant>): string {
  if (value === undefined) return 'null'
  return typeof value === 'number' ? String(settled(value)) : JSON.stringify(value)
}
