/** One file and all that it extends → one tree, in which every value still knows the file it came from. */
import { nearest } from '../base/nearest.ts'
import { invariant, type LocatedProblem, type Params } from '../base/problem.ts'
import type { ProblemCode } from '../base/problems.ts'
import { formatQuantity } from '../units/format.ts'
import { shown } from './fields.ts'
import { type FileFault, type Files, isFault, maxFileBytes, type Reference, type SourceFile } from './files.ts'
import { located } from './located.ts'
import { unpack } from './packed.ts'
import { succeed } from './things.ts'
import { merge, type Source, type Span, type Tree } from './tree.ts'
import { type Parsed, parseYaml } from './yaml.ts'

const maxLevels = 8

/** Constants that every scenario starts from. */
const foundation = 'calibrations/default'

export interface Gathered {
  readonly tree: Tree
  /** The file that the user named. */
  readonly main: Source
  /** Where each other file was first asked for. */
  readonly via: ReadonlyMap<Source, Span>
}

interface Gathering {
  readonly files: Files
  readonly via: Map<Source, Span>
  readonly problems: LocatedProblem[]
}

/** Parsed files, for as long as the `Files` they came from: many scenarios share a catalog entry. */
const parsed = new WeakMap<Files, Map<string, Loaded>>()

interface Loaded {
  readonly source: Source
  readonly parsed: Parsed
}

/** `over` is a file that lies on top of all: a calibration of the user's own. */
export function gather(
  path: string,
  files: Files,
  over?: string,
): Gathered | { readonly problems: readonly LocatedProblem[] } {
  const gathering: Gathering = { files, via: new Map(), problems: [] }
  const base = layer({ kind: 'catalog', name: foundation }, undefined, [], gathering)
  invariant(base, `the catalog has no sound ${foundation}`)
  const top = layer({ kind: 'file', path }, undefined, [], gathering)
  const last = over === undefined ? undefined : layer({ kind: 'file', path: over }, undefined, [], gathering)
  if (gathering.problems.length > 0 || !top) return { problems: gathering.problems }
  const composed = merge(base.tree, top.tree)
  const tree = ownTitle(last ? merge(composed, last.tree) : composed, top.own)
  return { tree, main: top.source, via: gathering.via }
}

interface Layer {
  /** With all that it extends. */
  readonly tree: Tree
  /** Without. */
  readonly own: Tree
  readonly source: Source
}

interface Ancestor {
  readonly id: string
  readonly label: string
}

function layer(
  reference: Reference,
  at: Span | undefined,
  chain: readonly Ancestor[],
  gathering: Gathering,
): Layer | undefined {
  const file = open(reference, at, gathering)
  if (!file) return undefined
  const circle = chain.findIndex(({ id }) => id === file.id)
  if (circle >= 0) {
    const round = [...chain.slice(circle), file].map(({ label }) => label).join(' → ')
    return report(gathering, 'extends/cycle', at, { chain: round })
  }
  if (chain.length >= maxLevels) return report(gathering, 'extends/too-deep', at, { limit: maxLevels })
  const { source, parsed: result } = load(file, chain.length === 0 && reference.kind === 'file', gathering.files)
  if (at && !gathering.via.has(source)) gathering.via.set(source, at)
  if ('problems' in result) {
    gathering.problems.push(...result.problems)
    return undefined
  }
  return compose(result.tree, source, [...chain, file], gathering)
}

/** What it extends comes first, in order; the file itself comes last. */
function compose(own: Tree, source: Source, chain: readonly Ancestor[], gathering: Gathering): Layer | undefined {
  if (own.kind !== 'map') {
    const params = {
      name: 'a scenario',
      expected: 'a mapping',
      found: own.kind === 'list' ? 'a list' : shown(own.value),
    }
    return report(gathering, 'scenario/wrong-type', own.span, { ...params, way: 'start with a line like `cluster:`' })
  }
  const from = chain.at(-1)?.id ?? ''
  const parents = namesIn(own, gathering).map(({ name, span }) =>
    layer(referenceTo(name, from), span, chain, gathering),
  )
  const trees = parents.flatMap((parent) => (parent ? [parent.tree] : []))
  const tree = trees.length > 0 ? merge(trees.reduce(succeed), own) : own
  return { tree: withoutKeys(tree, ['extends']), own, source }
}

const isPath = (name: string): boolean => /\.ya?ml$/u.test(name)

function referenceTo(name: string, from: string): Reference {
  return isPath(name) ? { kind: 'file', path: name, from } : { kind: 'catalog', name }
}

interface Name {
  readonly name: string
  readonly span: Span
}

function namesIn(own: Tree, gathering: Gathering): readonly Name[] {
  const said = own.kind === 'map' ? own.entries.get('extends')?.tree : undefined
  if (!said || (said.kind === 'leaf' && said.value === null)) return []
  return (said.kind === 'list' ? said.items : [said]).flatMap((item) => {
    if (item.kind === 'leaf' && typeof item.value === 'string') return [{ name: item.value, span: item.span }]
    const found = item.kind === 'leaf' ? shown(item.value) : `a ${item.kind === 'map' ? 'mapping' : 'list'}`
    report(gathering, 'extends/not-a-name', item.span, { found })
    return []
  })
}

function load({ id, label, text, packed }: SourceFile, own: boolean, files: Files): Loaded {
  const known = parsed.get(files) ?? new Map<string, Loaded>()
  parsed.set(files, known)
  const old = known.get(id)
  // A watched file changes, and a scenario may be run by itself and be extended by another.
  if (old && old.source.own === own && old.source.text === text) return old
  const source = { label, text, own }
  const loaded = { source, parsed: packed?.text === text ? { tree: unpack(packed, source) } : parseYaml(source) }
  known.set(id, loaded)
  return loaded
}

/** No entry has another name, and none may lead out of the catalog. */
const entryName = /^[a-z0-9-]+\/[a-z0-9][a-z0-9._-]*$/u

function open(reference: Reference, at: Span | undefined, gathering: Gathering): SourceFile | undefined {
  const { files } = gathering
  if (reference.kind === 'catalog' && !entryName.test(reference.name)) return unknownName(reference.name, at, gathering)
  const opened = files.open(reference)
  if (isFault(opened)) {
    if (reference.kind === 'catalog' && opened.fault === 'missing') return unknownName(reference.name, at, gathering)
    return report(gathering, `file/${opened.fault}`, at, faultParams(opened))
  }
  // What came through a pipe has no size until it is read.
  if (opened.text.length <= maxFileBytes) return opened
  return report(gathering, 'file/too-large', at, sizes(opened.label, opened.text.length))
}

function faultParams(fault: FileFault): Params {
  if (fault.fault === 'outside')
    return { file: shown(fault.file), root: fault.root === '.' ? 'the current folder' : fault.root }
  if (fault.fault === 'too-large') return sizes(fault.file, fault.bytes)
  return { file: shown(fault.file), reason: fault.fault === 'unreadable' ? fault.reason : '' }
}

const sizes = (file: string, bytes: number): Params => ({
  file: shown(file),
  size: formatQuantity(bytes, 'bytes'),
  limit: `at most ${formatQuantity(maxFileBytes, 'bytes')}`,
})

function unknownName(name: string, at: Span | undefined, gathering: Gathering): undefined {
  const names = gathering.files.catalog()
  // People know the name of a thing better than the folder it is in.
  const bare = name.slice(name.lastIndexOf('/') + 1)
  const meant = nearest(name, names) ?? names.find((entry) => entry.endsWith(`/${bare}`))
  const hint = meant ? `did you mean ${meant}?` : 'see them with: clusterwise list; a file ends in .yaml'
  return report(gathering, 'extends/unknown-name', at, { name: shown(name), meant: hint })
}

function report(gathering: Gathering, code: ProblemCode, at: Span | undefined, params: Params): undefined {
  gathering.problems.push(located(code, at, params))
  return undefined
}

function withoutKeys(tree: Tree, keys: readonly string[]): Tree {
  if (tree.kind !== 'map' || !keys.some((key) => tree.entries.has(key))) return tree
  const entries = new Map(tree.entries)
  for (const key of keys) entries.delete(key)
  return { ...tree, entries }
}

const titles = ['name', 'description', '$schema'] as const

/** A title belongs to the file that says it: what is built on a scenario is another scenario. */
function ownTitle(tree: Tree, own: Tree): Tree {
  const bare = withoutKeys(tree, titles)
  if (bare.kind !== 'map' || own.kind !== 'map') return bare
  const entries = new Map(bare.entries)
  for (const key of titles) {
    const said = own.entries.get(key)
    if (said) entries.set(key, said)
  }
  return { ...bare, entries }
}
