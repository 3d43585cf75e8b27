/** The two sides of a `diff`: files, folders and patterns, now or at a git revision. */

import { type LocatedProblem, ScenarioError } from '../base/problem.ts'
import type { Answer } from '../check/plan.ts'
import type { Files } from '../scenario/files.ts'
import type { Loaded } from '../scenario/read.ts'
import { answerOf } from './checks.ts'
import { UsageError } from './exit.ts'
import { expand } from './globs.ts'
import type { Host } from './host.ts'
import { filesFor, type ReadOptions, readOne } from './reading.ts'

export interface Side {
  /** As the user wrote it. */
  readonly name: string
  readonly files: Files
  /** Names to read, by what pairs them with the other side. */
  readonly plans: ReadonlyMap<string, string>
}

interface Wanted {
  readonly revision: string | undefined
  readonly path: string | undefined
}

/** `git:main:plans/q3.yaml`, `git:main`, `plans`. */
function wantedBy(words: string): Wanted {
  const match = /^git:([^:]+)(?::(.+))?$/u.exec(words)
  return match ? { revision: match[1], path: match[2] } : { revision: undefined, path: words }
}

export async function sidesOf(
  before: string,
  after: string,
  options: ReadOptions,
  host: Host,
): Promise<readonly [Side, Side]> {
  const [a, b] = [wantedBy(before), wantedBy(after)]
  const [pathA, pathB] = [a.path ?? b.path, b.path ?? a.path]
  if (pathA === undefined || pathB === undefined)
    throw new UsageError('neither side says which plans', 'name them: git:main:plans git:HEAD')
  const sides = await Promise.all([sideOf(before, a, pathA, options, host), sideOf(after, b, pathB, options, host)])
  return paired(sides as unknown as readonly [Side, Side])
}

async function sideOf(
  name: string,
  { revision }: Wanted,
  path: string,
  options: ReadOptions,
  host: Host,
): Promise<Side> {
  if (revision === undefined) {
    const names = expand([path], host)
    return { name, files: await filesFor(names, options, host), plans: new Map(names.map((each) => [each, each])) }
  }
  const { filesAt, namesAt } = await import('./git.ts')
  const files = filesAt(revision, host)
  // A pattern is looked up in the revision: what is gone from the work tree is part of the story.
  const names = namesAt(revision, path, host)
  return { name, files, plans: new Map(names.map((each) => [each, each])) }
}

/** One file each is a pair, whatever they are called; more are paired by path, without what all of a side begin with. */
function paired([a, b]: readonly [Side, Side]): readonly [Side, Side] {
  if (a.plans.size === 1 && b.plans.size === 1) {
    const [key = ''] = b.plans.values()
    return [
      { ...a, plans: new Map([[key, [...a.plans.values()][0] ?? '']]) },
      { ...b, plans: new Map([[key, key]]) },
    ]
  }
  const same = [...a.plans.keys()].some((key) => b.plans.has(key))
  return same ? [a, b] : [shortened(a), shortened(b)]
}

function shortened(side: Side): Side {
  const names = [...side.plans.keys()]
  const folders = names.map((name) => name.split('/').slice(0, -1))
  const [first = []] = folders
  const shared = first.findIndex((part, at) => folders.some((folder) => folder[at] !== part))
  const from = shared < 0 ? Math.min(...folders.map((folder) => folder.length)) : shared
  return { ...side, plans: new Map(names.map((name) => [name.split('/').slice(from).join('/'), name])) }
}

export interface Read {
  readonly loaded: Loaded
  readonly answer: Answer
}

/** The plan of that name; undefined where the side has none. */
export function readSide({ plans, files }: Side, key: string, sets: readonly string[]): Read | undefined {
  const name = plans.get(key)
  if (name === undefined) return undefined
  const read = readOne(name, files, sets)
  if ('problems' in read) throw new ScenarioError(read.problems as readonly LocatedProblem[])
  return { loaded: read, answer: answerOf(read) }
}
