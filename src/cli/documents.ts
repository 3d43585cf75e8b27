/** Files that hold many scenarios: YAML documents parted by `---`, or one JSON object a line. */
import { resolve } from 'node:path'
import { type Files, isFault, type SourceFile } from '../scenario/files.ts'
import { UsageError } from './exit.ts'
import type { Host } from './host.ts'

export interface Document {
  /** What `readScenario` is asked for. */
  readonly path: string
  readonly label: string
  readonly text: string
}

export interface Documents {
  readonly documents: readonly Document[]
  /** Serves them, and remembers what they all extend. */
  readonly files: Files
}

/** A data set is larger than a scenario; this bounds it all the same. */
const maxDataBytes = 256_000_000

export function readDocuments(names: readonly string[], files: Files, host: Pick<Host, 'cwd' | 'disk'>): Documents {
  const shelf = new Map<string, Shelved>()
  for (const name of names) {
    const whole = open(name, files, host)
    for (const part of split(whole.text, name)) {
      const path = `${name}#${part.number}`
      const source = { id: `${whole.id}#${part.number}`, label: `${whole.label}${part.where}`, text: part.text }
      shelf.set(path, { source, parent: whole })
    }
  }
  return {
    documents: [...shelf].map(([path, { source }]) => ({ path, label: source.label, text: source.text })),
    files: shelved(shelf, files),
  }
}

interface Whole extends SourceFile {
  /** Below the root that `Files` watches; what is not may extend the catalog only. */
  readonly watched: boolean
}

interface Shelved {
  readonly source: SourceFile
  readonly parent: Whole
}

function open(name: string, files: Files, { cwd, disk }: Pick<Host, 'cwd' | 'disk'>): Whole {
  const opened = files.open({ kind: 'file', path: name })
  if (!isFault(opened)) return { ...opened, watched: true }
  if (opened.fault !== 'too-large') {
    const reason =
      opened.fault === 'unreadable'
        ? opened.reason
        : opened.fault === 'missing'
          ? 'no such file'
          : 'it is outside of the root'
    throw new UsageError(
      `cannot read ${opened.file}: ${reason}`,
      'name a file of scenarios (YAML or NDJSON), or - for stdin',
    )
  }
  if (opened.bytes > maxDataBytes) throw new UsageError(`${opened.file} is too large`, 'split it: 256 MB is the limit')
  const id = disk.realpath(resolve(cwd, name))
  return { id, label: opened.file, text: disk.read(id), watched: false }
}

interface Part {
  readonly number: number
  /** Behind the name of the file, where its lines are not counted from the top. */
  readonly where: string
  readonly text: string
}

function split(text: string, name: string): readonly Part[] {
  // A pipe has no ending to go by.
  const lines = /\.(ndjson|jsonl)$/iu.test(name) || (name === '-' && /^\s*\{/u.test(text))
  return lines ? splitLines(text) : splitDocuments(text)
}

function splitLines(text: string): readonly Part[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, where: `:${index + 1}`, text: line }))
    .filter((part) => part.text.trim() !== '')
}

/** Empty lines stand for what comes before, so that every problem still names its line. */
function splitDocuments(text: string): readonly Part[] {
  const lines = text.split('\n')
  const starts = lines.flatMap((line, index) => (/^---(\s|$)/u.test(line) ? [index + 1] : []))
  const firsts = [0, ...starts]
  return firsts
    .map((first, index) => {
      const end = (firsts[index + 1] ?? lines.length + 1) - 1
      return { number: index + 1, where: '', text: '\n'.repeat(first) + lines.slice(first, end).join('\n') }
    })
    .filter((part) => /^[^#%\s]/mu.test(part.text))
}

/** The documents, and the other files opened once for all of them. */
function shelved(shelf: ReadonlyMap<string, Shelved>, files: Files): Files {
  const parents = new Map([...shelf.values()].map(({ source, parent }) => [source.id, parent]))
  const opened = new Map<string, ReturnType<Files['open']>>()
  return {
    catalog: () => files.catalog(),
    open: (reference) => {
      if (reference.kind === 'file' && reference.from === undefined) {
        const found = shelf.get(reference.path)
        if (found) return found.source
      }
      const parent = reference.kind === 'file' ? parents.get(reference.from ?? '') : undefined
      if (parent && !parent.watched && reference.kind === 'file') {
        return { fault: 'outside', file: reference.path, root: 'the catalog' }
      }
      const asked = parent && reference.kind === 'file' ? { ...reference, from: parent.id } : reference
      const key = JSON.stringify(asked)
      const known = opened.get(key) ?? files.open(asked)
      opened.set(key, known)
      return known
    },
  }
}
