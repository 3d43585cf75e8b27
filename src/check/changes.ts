/** What differs between two sets of inputs, change by change. Swapping one model for another is one change. */
import type { Assignment, Inputs, InputValue } from './plan.ts'

export interface Difference {
  readonly path: string
  readonly before: InputValue | undefined
  readonly after: InputValue | undefined
}

export interface Change extends Difference {
  /** All values that go along; the first is the one that names the change. */
  readonly parts: readonly Difference[]
}

export function changesBetween(before: Inputs, after: Inputs): readonly Change[] {
  const paths = [...new Set([...after.keys(), ...before.keys()])]
  const differences = paths
    .map((path) => ({ path, before: before.get(path), after: after.get(path) }))
    .filter((each) => !sameValue(each.before, each.after))
  return grouped(differences)
}

/** Six digits, as a baseline keeps them; counts to the last. */
export function sameValue(a: InputValue | undefined, b: InputValue | undefined): boolean {
  if (typeof a === 'number' && typeof b === 'number') return settled(a) === settled(b)
  return JSON.stringify(a) === JSON.stringify(b)
}

export function settled(value: number): number {
  return Number.isSafeInteger(value) && Math.abs(value) < 1e9 ? value : Number(value.toPrecision(6))
}

interface Thing {
  readonly prefix: string
  /** What the user chooses, and no property of the thing. */
  readonly keep?: string
}

/** Things with a name: with another name all their values are another thing's. Outermost first. */
const things: readonly Thing[] = [
  { prefix: 'cluster.', keep: 'cluster.gpus' },
  { prefix: 'cluster.gpu.' },
  { prefix: 'cluster.scale_up.' },
  { prefix: 'cluster.scale_out.' },
  { prefix: 'model.' },
  { prefix: 'software.' },
]

function grouped(differences: readonly Difference[]): readonly Change[] {
  const renamed = things.filter(({ prefix }) => differences.some(({ path }) => path === `${prefix}name`))
  const thingOf = (path: string) => renamed.find(({ prefix, keep }) => path.startsWith(prefix) && path !== keep)
  const groups = new Map<string, Difference[]>()
  for (const each of differences) {
    const key = thingOf(each.path)?.prefix ?? each.path
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return [...groups].map(([key, parts]) => {
    const name = parts.find(({ path }) => path === `${key}name`) ?? (parts[0] as Difference)
    return { ...name, parts: [name, ...parts.filter((part) => part !== name)] }
  })
}

/** What undoes the changes. */
export function undo(changes: readonly Change[]): readonly Assignment[] {
  return changes.flatMap(({ parts }) => parts.map(({ path, before }) => ({ path, value: before })))
}
