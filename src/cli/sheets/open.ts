/** The formats of a table. */
import type { ColumnSpec } from '../../sweep/table.ts'
import { csvSheet } from './csv.ts'
import { ndjsonSheet } from './ndjson.ts'
import type { Sheet, Sink } from './sheet.ts'

export const sheetFormats = ['csv', 'ndjson', 'parquet'] as const
export type SheetFormat = (typeof sheetFormats)[number]

/** Parquet brings a package along: it is loaded where it is asked for. */
export async function openSheet(format: SheetFormat, columns: readonly ColumnSpec[], sink: Sink): Promise<Sheet> {
  if (format === 'csv') return csvSheet(columns, sink)
  if (format === 'ndjson') return ndjsonSheet(columns, sink)
  const { parquetSheet } = await import('./parquet.ts')
  return parquetSheet(columns, sink)
}
