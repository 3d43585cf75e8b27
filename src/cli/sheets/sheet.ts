/** A table on its way to a file: rows come in order, in blocks of numbers. */
import type { ColumnSpec } from '../../sweep/table.ts'
import { csvSheet } from './csv.ts'
import { ndjsonSheet } from './ndjson.ts'

export interface Sheet {
  /** Row by row, as many numbers as there are columns. */
  write(rows: Float64Array): void
  end(): void
}

export interface Sink {
  write(bytes: Uint8Array | string): void
}

export const sheetFormats = ['csv', 'ndjson', 'parquet'] as const
export type SheetFormat = (typeof sheetFormats)[number]

/** Parquet brings a package along: it is loaded where it is asked for. */
export async function openSheet(format: SheetFormat, columns: readonly ColumnSpec[], sink: Sink): Promise<Sheet> {
  if (format === 'csv') return csvSheet(columns, sink)
  if (format === 'ndjson') return ndjsonSheet(columns, sink)
  const { parquetSheet } = await import('./parquet.ts')
  return parquetSheet(columns, sink)
}

/** What a number stands for; undefined: nothing. */
export function meant({ kind, words }: ColumnSpec, value: number): number | string | boolean | undefined {
  if (Number.isNaN(value)) return undefined
  if (kind === 'word') return words?.[value] ?? ''
  if (kind === 'flag') return value !== 0
  return value
}
