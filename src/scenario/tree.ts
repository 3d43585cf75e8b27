/** A value that remembers where each of its parts was written. What YAML becomes here, and what composition works on. */
import type { Path, Place } from '../base/problem.ts'

/** One text: a file, or one `--set` of the command line. */
export interface Source {
  readonly label: string
  readonly text: string
  /** What the user wrote for this very run: the file they named, and `--set`. Nothing that it extends. */
  readonly own: boolean
}

/** A stretch of it. */
export interface Span {
  readonly source: Source
  readonly start: number
  readonly end: number
}

export type Scalar = string | number | boolean | null

interface Written {
  readonly span: Span
  /** The nearest `source:` around it in its own file. */
  readonly cite: string | undefined
}

export interface Leaf extends Written {
  readonly kind: 'leaf'
  readonly value: Scalar
}

export interface ListTree extends Written {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}

export interface MapTree extends Written {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
}

export interface Entry {
  readonly key: Span
  readonly tree: Tree
}

export type Tree = Leaf | ListTree | MapTree

/** `{ value: 80 GB, source: … }` is one value, not a section. */
export const isQuantity = (tree: Tree): tree is MapTree => tree.kind === 'map' && tree.entries.has('value')

const isSection = (tree: Tree): tree is MapTree => tree.kind === 'map' && !isQuantity(tree)

const isNull = (tree: Tree): boolean => tree.kind === 'leaf' && tree.value === null

/** The later of two layers wins: sections merge key by key, values and lists replace, null takes a value back. */
export function merge(earlier: Tree, later: Tree): Tree {
  if (isNull(later)) return isSection(earlier) ? earlier : later
  if (!isSection(earlier) || !isSection(later)) return later
  const entries = new Map(earlier.entries)
  for (const [key, entry] of later.entries) {
    const old = entries.get(key)
    entries.set(key, old ? mergeEntry(old, entry) : entry)
  }
  return { ...later, entries }
}

/** A section left empty (`training:`) says nothing, so the earlier place stands. */
function mergeEntry(earlier: Entry, later: Entry): Entry {
  const tree = merge(earlier.tree, later.tree)
  return tree === earlier.tree ? earlier : { key: later.key, tree }
}

/** The bare value, as a parser without memory would give it; null means not said. */
export function plainOf(tree: Tree): unknown {
  if (tree.kind === 'leaf') return tree.value
  if (tree.kind === 'list') return tree.items.map(plainOf)
  // Without prototype, so that a key `__proto__` is a key like any other.
  const plain: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of tree.entries) if (!isNull(entry.tree)) plain[key] = plainOf(entry.tree)
  return plain
}

export interface Found {
  readonly tree: Tree
  /** Of the last key on the way; absent at the root and in lists. */
  readonly key: Span | undefined
  /** How many steps of the path exist. */
  readonly depth: number
}

/** As far down the path as there is something. */
export function follow(root: Tree, path: Path): Found {
  let found: Found = { tree: root, key: undefined, depth: 0 }
  for (const step of path) {
    const next = child(found.tree, step)
    if (!next) break
    found = { ...next, depth: found.depth + 1 }
  }
  return found
}

function child(tree: Tree, step: string | number): Pick<Found, 'tree' | 'key'> | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(step))
  const item = tree.kind === 'list' ? tree.items[Number(step)] : undefined
  return item && { tree: item, key: undefined }
}

/** Line and column of a span, with the lines around it. */
export function placeOf({ source, start, end }: Span): Place {
  const lines = linesOf(source)
  const index = lineAt(lines, start)
  const line = lines[index] ?? { number: 1, start: 0, text: '' }
  const column = Math.min(start - line.start, line.text.length)
  const length = Math.max(1, Math.min(end - line.start, line.text.length) - column)
  const frame = lines.slice(Math.max(0, index - 1), index + 2).map(({ number, text }) => ({ line: number, text }))
  return { file: source.label, line: line.number, column: column + 1, length, frame }
}

interface Line {
  readonly number: number
  readonly start: number
  readonly text: string
}

/** Split once: a file may hold thousands of problems. */
const split = new WeakMap<Source, readonly Line[]>()

function linesOf(source: Source): readonly Line[] {
  const known = split.get(source)
  if (known) return known
  let start = 0
  const lines = source.text.split('\n').map((text, index) => {
    const line = { number: index + 1, start, text: text.replace(/\r$/u, '') }
    start += text.length + 1
    return line
  })
  split.set(source, lines)
  return lines
}

/** The last line that starts at or before the offset. */
function lineAt(lines: readonly Line[], offset: number): number {
  let [low, high] = [0, lines.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((lines[middle]?.start ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
