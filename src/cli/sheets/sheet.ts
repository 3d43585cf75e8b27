/** A table on its way to a file: rows come in order, in blocks of numbers. */
import type { ColumnSpec } from '../../sweep/table.ts'

export interface Sheet {
  /** Row by row, as many numbers as there are columns. */
  write(rows: Float64Array): void
  end(): void
}

export interface Sink {
  write(bytes: Uint8Array | string): void
}

/** What a number stands for; undefined: nothing. */
export function meant({ kind, words }: ColumnSpec, value: number): number | string | boolean | undefined {
  if (Number.isNaN(value)) return undefined
  if (kind === 'word') return words?.[value] ?? ''
  if (kind === 'flag') return value !== 0
  return value
}
