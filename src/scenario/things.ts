/** Swapping one thing for another: a plan for H100 and `clusters/dgx-a100-80` after it make no H100 with A100 memory. */
import type { Path } from '../base/problem.ts'
import { type Entry, follow, merge, type Tree } from './tree.ts'

interface Thing {
  readonly path: Path
  /** Keys that are the user's choice and no property of the thing. */
  readonly keep: readonly string[]
}

const things: readonly Thing[] = [
  { path: ['cluster', 'gpu'], keep: [] },
  { path: ['cluster', 'scale_up'], keep: [] },
  { path: ['cluster', 'scale_out'], keep: [] },
  { path: ['cluster'], keep: ['gpus', 'gpu', 'scale_up', 'scale_out'] },
  { path: ['model'], keep: [] },
  { path: ['software'], keep: [] },
]

/**
 * Two entries of one `extends` list. As everywhere the later wins; but where both describe a thing by name, and not the
 * same one, nothing of the earlier thing stays. (A file that extends an entry and says more about it merges as usual.)
 */
export function succeed(earlier: Tree, later: Tree): Tree {
  const replaced = things.filter(({ path }) => {
    const [old, young] = [nameAt(earlier, path), nameAt(later, path)]
    return old !== undefined && young !== undefined && old !== young
  })
  return merge(
    replaced.reduce((tree, { path, keep }) => only(tree, path, keep), earlier),
    later,
  )
}

function nameAt(tree: Tree, path: Path): unknown {
  const found = follow(tree, [...path, 'name'])
  return found.depth > path.length && found.tree.kind === 'leaf' ? (found.tree.value ?? undefined) : undefined
}

/** Only these keys of the section at the path. */
function only(tree: Tree, [step, ...rest]: Path, keep: readonly string[]): Tree {
  if (tree.kind !== 'map') return tree
  if (step === undefined) return { ...tree, entries: new Map([...tree.entries].filter(([key]) => keep.includes(key))) }
  const entry = tree.entries.get(String(step))
  if (!entry) return tree
  const changed: Entry = { key: entry.key, tree: only(entry.tree, rest, keep) }
  return { ...tree, entries: new Map(tree.entries).set(String(step), changed) }
}
