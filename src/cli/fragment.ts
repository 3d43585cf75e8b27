/** A catalog entry as a list of its values, each with where and on whose word it stands. */
import { type LocatedProblem, ScenarioError } from '../base/problem.ts'
import type { Files } from '../scenario/files.ts'
import { gather } from '../scenario/gather.ts'
import type { Tree } from '../scenario/tree.ts'

export interface Leaf {
  /** Dotted: `cluster.gpu.hbm.capacity`. */
  readonly path: string
  /** As it was written: `3.35 TB/s`. */
  readonly text: string
  /** Label of the file. */
  readonly file: string
  readonly source: string | undefined
}

export function readFragment(path: string, files: Files): readonly Leaf[] {
  const gathered = gather(path, files)
  if ('problems' in gathered) throw new ScenarioError(gathered.problems as readonly LocatedProblem[])
  return leavesOf(gathered.tree, [])
}

function leavesOf(tree: Tree, path: readonly string[]): readonly Leaf[] {
  const section = tree.kind === 'map' && !tree.entries.has('value')
  if (!section) return [{ path: path.join('.'), text: textOf(tree), file: tree.span.source.label, source: tree.cite }]
  return [...tree.entries].flatMap(([key, entry]) => (key === 'source' ? [] : leavesOf(entry.tree, [...path, key])))
}

function textOf(tree: Tree): string {
  if (tree.kind === 'leaf') return String(tree.value)
  if (tree.kind === 'list') return tree.items.map(textOf).join(', ')
  const value = tree.entries.get('value')
  return value ? textOf(value.tree) : ''
}
