/** Finished rows into a table: the same rows give the same bytes, whoever worked them out and in which order. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pid } from 'node:process'
import { reasonOf } from './disk.ts'
import { UsageError } from './exit.ts'
import { openSheet, type SheetFormat, sheetFormats } from './sheets/open.ts'
import type { Sheet } from './sheets/sheet.ts'
import type { Spool } from './spool.ts'

const rowsAtATime = 20_000

export function sheetFormatOf(path: string): SheetFormat | 'part' | undefined {
  const ending = /\.(\w+)$/u.exec(path)?.[1]?.toLowerCase()
  if (ending === 'part') return 'part'
  return ending === 'jsonl' ? 'ndjson' : sheetFormats.find((format) => format === ending)
}

/** Parts in order, end to end. Under another name until it is whole. */
export async function writeTable(path: string, format: SheetFormat, parts: readonly Spool[]): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${pid}.tmp`)
  const file = tryOpen(draft, path)
  try {
    const sink = { write: (bytes: Uint8Array | string) => void writeAll(file, bytes) }
    const sheet = await openSheet(format, parts[0]?.head.columns ?? [], sink)
    for (const part of parts) copy(part, sheet)
    sheet.end()
    closeSync(file)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function copy(part: Spool, sheet: Sheet): void {
  const { from, to } = part.head
  for (let at = from; at < to; at += rowsAtATime) sheet.write(part.read(at, Math.min(to, at + rowsAtATime)))
}

function tryOpen(draft: string, path: string): number {
  try {
    return openSync(draft, 'w')
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`, 'check that the folder exists and may be written')
  }
}

function writeAll(file: number, bytes: Uint8Array | string): void {
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  for (let at = 0; at < data.length; ) at += writeSync(file, data, at)
}
