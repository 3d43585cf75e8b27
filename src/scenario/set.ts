/** `--set path=value`: the last layer, written on the command line. */
import type { LocatedProblem } from '../base/problem.ts'
import { shown } from './fields.ts'
import { located } from './located.ts'
import { type Entry, merge, type Source, type Span, type Tree } from './tree.ts'
import { parseYaml } from './yaml.ts'

export interface Override {
  readonly tree: Tree
  readonly problems: readonly LocatedProblem[]
}

/** Each override in turn; the value is read as YAML, so lists and `{ value, source }` work too. */
export function override(tree: Tree, sets: readonly string[]): Override {
  const problems: LocatedProblem[] = []
  const result = sets.reduce((before, text, index) => {
    const after = apply(before, { label: `--set #${index + 1}`, text, own: true })
    if ('kind' in after) return after
    problems.push(...after.problems)
    return before
  }, tree)
  return { tree: result, problems }
}

type Failed = { readonly problems: readonly LocatedProblem[] }

function apply(tree: Tree, source: Source): Tree | Failed {
  const end = source.text.indexOf('=')
  const steps = end > 0 ? stepsOf(source, end) : undefined
  if (!steps) {
    return {
      problems: [located('set/syntax', { source, start: 0, end: source.text.length }, { text: shown(source.text) })],
    }
  }
  const value = parseYaml(source, end + 1)
  if ('problems' in value) return value
  const empty = value.tree.kind === 'map' && value.tree.entries.size === 0
  const said: Tree = empty ? { kind: 'leaf', value: null, span: steps[0].span, cite: undefined } : value.tree
  try {
    return put(tree, steps, said)
  } catch (error) {
    if (error instanceof Unreachable) return { problems: [error.found] }
    throw error
  }
}

interface Step {
  readonly name: string | number
  readonly span: Span
}

type Steps = readonly [Step, ...Step[]]

/** `cluster.scale_up`, `parallel.layers_per_stage[3]`. */
function stepsOf(source: Source, end: number): Steps | undefined {
  const steps: Step[] = []
  const token = /(?:^|\.)([A-Za-z_$][\w$-]*)|\[(\d{1,4})\]/uy
  while (token.lastIndex < end) {
    const before = token.lastIndex
    const match = token.exec(source.text.slice(0, end))
    if (!match) return undefined
    const name = match[1] ?? Number(match[2])
    const start = before + match[0].indexOf(String(name))
    steps.push({ name, span: { source, start, end: start + String(name).length } })
  }
  return steps as readonly Step[] as Steps
}

class Unreachable extends Error {
  readonly found: LocatedProblem
  constructor(step: Step, reason: string) {
    super(reason)
    const path = step.span.source.text.slice(0, step.span.end + (typeof step.name === 'number' ? 1 : 0))
    this.found = located('set/path', step.span, { path: shown(path), reason })
  }
}

function put(tree: Tree | undefined, [step, ...rest]: Steps, value: Tree): Tree {
  const below = (old: Tree | undefined): Tree => {
    if (rest.length > 0) return put(old, rest as readonly Step[] as Steps, value)
    return old ? merge(old, value) : value
  }
  if (typeof step.name === 'number') return putItem(tree, step, below)
  if (step.name === 'extends') throw new Unreachable(step, 'it names files; only values can be set')
  return putEntry(tree, step, below)
}

function putItem(tree: Tree | undefined, step: Step, below: (old: Tree | undefined) => Tree): Tree {
  if (tree?.kind !== 'list') throw new Unreachable(step, 'there is no list')
  const index = Number(step.name)
  if (index >= tree.items.length)
    throw new Unreachable(step, `the list has ${tree.items.length} entries, counted from 0`)
  return { ...tree, items: tree.items.with(index, below(tree.items[index])) }
}

function putEntry(tree: Tree | undefined, step: Step, below: (old: Tree | undefined) => Tree): Tree {
  const section: Tree = tree ?? { kind: 'map', entries: new Map<string, Entry>(), span: step.span, cite: undefined }
  if (section.kind !== 'map') throw new Unreachable(step, 'what stands before it is a single value')
  const entries = new Map(section.entries)
  const key = String(step.name)
  entries.set(key, { key: step.span, tree: below(entries.get(key)?.tree) })
  return { ...section, entries }
}
