/**
 * A parsed file as plain JSON. The build packs the catalog, so that a run parses the user's own YAML and nothing else:
 * the same trees, spans and citations, in a sixth of the time.
 */
import type { Scalar, Source, Span, Tree } from './tree.ts'

type Node =
  | readonly ['leaf', start: number, end: number, cite: number, value: Scalar]
  | readonly ['list', start: number, end: number, cite: number, items: readonly Node[]]
  | readonly ['map', start: number, end: number, cite: number, entries: readonly PackedEntry[]]

type PackedEntry = readonly [key: string, start: number, end: number, tree: Node]

export interface Packed {
  /** Of which this is the tree; an edited file has another text and is parsed afresh. */
  readonly text: string
  /** Each citation once; nodes name them by number, −1 for none. */
  readonly cites: readonly string[]
  readonly root: Node
}

/** @public scripts/build.mjs packs the catalog with it. */
export function pack(tree: Tree): Packed {
  const cites: string[] = []
  const numberOf = (cite: string | undefined): number => {
    if (cite === undefined) return -1
    const known = cites.indexOf(cite)
    return known >= 0 ? known : cites.push(cite) - 1
  }
  const node = (part: Tree): Node => {
    const { start, end } = part.span
    const cite = numberOf(part.cite)
    if (part.kind === 'leaf') return ['leaf', start, end, cite, part.value]
    if (part.kind === 'list') return ['list', start, end, cite, part.items.map(node)]
    const entries = [...part.entries].map(
      ([key, entry]): PackedEntry => [key, entry.key.start, entry.key.end, node(entry.tree)],
    )
    return ['map', start, end, cite, entries]
  }
  return { text: tree.span.source.text, root: node(tree), cites }
}

export function unpack({ root, cites }: Packed, source: Source): Tree {
  const at = (start: number, end: number): Span => ({ source, start, end })
  const tree = ([kind, start, end, cited, content]: Node): Tree => {
    const span = at(start, end)
    const cite = cites[cited]
    if (kind === 'leaf') return { kind, value: content, span, cite }
    if (kind === 'list') return { kind, items: content.map(tree), span, cite }
    const entries = content.map(([key, from, to, value]) => [key, { key: at(from, to), tree: tree(value) }] as const)
    return { kind, entries: new Map(entries), span, cite }
  }
  return tree(root)
}
