/**
 * Rows as they are finished, in a file beside the one that they are for: a head that says of which sweep, then all rows at
 * their place. A journal of finished stretches makes it safe to be killed at any moment. A shard keeps this form.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import type { ColumnSpec } from '../sweep/table.ts'
import type { Stretch } from './crew.ts'
import { UsageError } from './exit.ts'

/** What a part holds: rows `from` up to `to` of the table that `key` names. */
export interface Head {
  readonly format: 'clusterwise-part-1'
  readonly key: string
  readonly count: number
  readonly from: number
  readonly to: number
  readonly columns: readonly ColumnSpec[]
}

const ofNumber = 8

export class Spool {
  readonly head: Head
  private readonly file: number
  private readonly path: string
  private readonly first: number

  private constructor(path: string, file: number, head: Head, first: number) {
    this.path = path
    this.file = file
    this.head = head
    this.first = first
  }

  /** What an interrupted run of the same sweep left behind, or a new one. */
  static start(
    path: string,
    head: Head,
    resume: boolean,
  ): { readonly spool: Spool; readonly done: ReadonlySet<number> } {
    const text = `${JSON.stringify(head)}\n`
    const bytes = Buffer.byteLength(text)
    if (resume && existsSync(path) && readHead(path)?.text === text) {
      const spool = new Spool(path, openSync(path, 'r+'), head, bytes)
      return { spool, done: readJournal(path) }
    }
    rmSync(journalOf(path), { force: true })
    const file = openSync(path, 'w+')
    writeSync(file, text)
    return { spool: new Spool(path, file, head, bytes), done: new Set() }
  }

  /** A finished part. */
  static open(path: string): Spool {
    const found = existsSync(path) ? readHead(path) : undefined
    if (!found)
      throw new UsageError(
        `${path} is no part of a sweep`,
        'parts are written by: clusterwise sweep --shard i/n -o FILE.part',
      )
    const { head, text } = found
    const spool = new Spool(path, openSync(path, 'r'), head, Buffer.byteLength(text))
    const rows = (fstatSync(spool.file).size - spool.first) / (ofNumber * head.columns.length)
    if (rows === head.to - head.from) return spool
    throw new UsageError(`${path} is not whole: ${rows} of ${head.to - head.from} rows`, 'run its shard again')
  }

  /** Data first, then the journal: what it names is there. */
  put({ from }: Stretch, rows: Float64Array): void {
    writeSync(this.file, rows, 0, rows.byteLength, this.placeOf(from))
    appendFileSync(journalOf(this.path), `${from}\n`)
  }

  read(from: number, to: number): Float64Array {
    const rows = new Float64Array((to - from) * this.head.columns.length)
    readSync(this.file, rows, 0, rows.byteLength, this.placeOf(from))
    return rows
  }

  private placeOf(row: number): number {
    return this.first + (row - this.head.from) * this.head.columns.length * ofNumber
  }

  /** It becomes a part in its own right. */
  keepAs(path: string): void {
    closeSync(this.file)
    renameSync(this.path, path)
    rmSync(journalOf(this.path), { force: true })
  }

  remove(): void {
    this.close()
    rmSync(this.path, { force: true })
    rmSync(journalOf(this.path), { force: true })
  }

  close(): void {
    closeSync(this.file)
  }
}

const journalOf = (path: string): string => `${path}.done`

/** The last line may have been cut short with the process. */
function readJournal(path: string): ReadonlySet<number> {
  const journal = journalOf(path)
  if (!existsSync(journal)) return new Set()
  const lines = readFileSync(journal, 'utf8').split('\n')
  return new Set(lines.slice(0, -1).map(Number))
}

const longestHead = 4_000_000

export function readHead(path: string): { readonly head: Head; readonly text: string } | undefined {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Math.min(longestHead, fstatSync(file).size))
    readSync(file, bytes, 0, bytes.length, 0)
    const end = bytes.indexOf(10)
    if (end < 0) return undefined
    const text = bytes.toString('utf8', 0, end + 1)
    const head = JSON.parse(text) as Head
    return head.format === 'clusterwise-part-1' ? { head, text } : undefined
  } catch {
    return undefined
  } finally {
    closeSync(file)
  }
}
