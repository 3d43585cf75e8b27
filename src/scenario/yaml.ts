/** YAML 1.2 text → Tree, or problems with their places. Own walk over the syntax tree: it keeps positions and limits. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLError } from 'yaml'
import type { LocatedProblem } from '../base/problem.ts'
import { shown } from './fields.ts'
import { located } from './located.ts'
import type { Entry, Scalar, Source, Span, Tree } from './tree.ts'

/** A scenario has a few hundred values. Counted with aliases expanded, which is how a few lines become billions. */
const maxValues = 10_000
const maxDepth = 32

export type Parsed = { readonly tree: Tree } | { readonly problems: readonly LocatedProblem[] }

/** One document of one text, or of its part from `start` on. An empty text is an empty mapping. */
export function parseYaml(source: Source, start = 0): Parsed {
  // Blanks in place of what is left out keep every position true.
  const text = ' '.repeat(start) + source.text.slice(start)
  // Duplicate keys and merge keys are dealt with below: the parser compares every key of a map with every other.
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, strict: true })
  const broken = syntaxProblems(document, source)
  if (broken.length > 0) return { problems: broken }
  const walk: Walk = { source, anchors: new Map(), problems: [], values: 0 }
  try {
    const tree = build(document.contents, { depth: 0, cite: undefined, alias: undefined }, walk)
    return walk.problems.length > 0 ? { problems: walk.problems } : { tree }
  } catch (error) {
    if (error instanceof Stop) return { problems: [...walk.problems, error.found] }
    throw error
  }
}

/** Ends the walk: what follows would only repeat it. */
class Stop extends Error {
  readonly found: LocatedProblem
  constructor(found: LocatedProblem) {
    super(found.message)
    this.found = found
  }
}

interface Walk {
  readonly source: Source
  readonly anchors: Map<string, unknown>
  readonly problems: LocatedProblem[]
  values: number
}

/** What holds on the way down. */
interface Context {
  readonly depth: number
  readonly cite: string | undefined
  /** The alias whose anchor is being copied. */
  readonly alias: Span | undefined
}

function syntaxProblems(document: Document.Parsed, source: Source): readonly LocatedProblem[] {
  const version = document.directives.yaml
  if (version.explicit && version.version !== '1.2') {
    const start = Math.max(0, source.text.search(/^%YAML/mu))
    return [located('yaml/old-version', { source, start, end: start + 5 }, { version: version.version })]
  }
  const tags = document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')
  // The parser goes on after an error, and what it says then is mostly its own confusion.
  return [...document.errors.slice(0, 1), ...tags.slice(0, 20)].map((error) => syntaxProblem(error, source))
}

function syntaxProblem({ code, message, pos: [start, end] }: YAMLError, source: Source): LocatedProblem {
  const span = { source, start, end }
  if (code === 'MULTIPLE_DOCS') return located('yaml/several-documents', { source, start, end: start + 3 })
  if (code === 'TAG_RESOLVE_FAILED') return located('yaml/unknown-tag', span, { tag: source.text.slice(start, end) })
  return located('yaml/syntax', span, { detail: message.charAt(0).toLowerCase() + message.slice(1) })
}

function build(node: unknown, context: Context, walk: Walk): Tree {
  const span = spanOf(node, walk)
  guard(span, context, walk)
  if (isAlias(node)) return build(target(node.source, span, walk), { ...context, alias: context.alias ?? span }, walk)
  const { cite } = context
  remember(node, context, walk)
  if (isMap(node)) return buildMap(node.items, span, context, walk)
  if (isSeq(node)) {
    const below = { ...context, depth: context.depth + 1 }
    return { kind: 'list', items: node.items.map((item) => build(item, below, walk)), span, cite }
  }
  if (isScalar(node)) return { kind: 'leaf', value: node.value as Scalar, span, cite }
  // An empty text, and a key without a value in a flow mapping.
  if (context.depth === 0) return { kind: 'map', entries: new Map(), span, cite }
  return { kind: 'leaf', value: null, span, cite }
}

function buildMap(pairs: readonly Pair[], span: Span, context: Context, walk: Walk): Tree {
  const below = { depth: context.depth + 1, cite: citeOf(pairs) ?? context.cite, alias: context.alias }
  const entries = new Map<string, Entry>()
  const inherited: Tree[] = []
  for (const { key, value } of pairs) {
    const name = nameOf(key, walk)
    if (name === undefined) continue
    const at = spanOf(key, walk)
    // A key without a value has no node of its own.
    const tree: Tree = value === null ? { kind: 'leaf', value, span: at, cite: below.cite } : build(value, below, walk)
    if (name === '<<') inherited.push(tree)
    else if (entries.has(name)) walk.problems.push(located('yaml/duplicate-key', at, { key: shown(name) }))
    else entries.set(name, { key: at, tree })
  }
  for (const tree of inherited) mergeInto(entries, tree)
  return { kind: 'map', entries, span, cite: below.cite }
}

/** `<<: *base`: what is said here wins, then the first of a list. */
function mergeInto(entries: Map<string, Entry>, tree: Tree): void {
  if (tree.kind === 'list') for (const item of tree.items) mergeInto(entries, item)
  if (tree.kind === 'map') for (const [key, entry] of tree.entries) if (!entries.has(key)) entries.set(key, entry)
}

function citeOf(pairs: readonly Pair[]): string | undefined {
  const said = pairs.find(({ key }) => isScalar(key) && key.value === 'source')?.value
  return isScalar(said) && typeof said.value === 'string' ? said.value : undefined
}

function nameOf(key: unknown, walk: Walk): string | undefined {
  if (isScalar(key) && key.value !== null) return String(key.value)
  const found = isScalar(key) || key === null ? 'nothing' : 'a mapping, a list or an alias'
  walk.problems.push(located('yaml/key', spanOf(key, walk), { found }))
  return undefined
}

function remember(node: unknown, context: Context, walk: Walk): void {
  if (context.alias || !(isMap(node) || isSeq(node) || isScalar(node)) || !node.anchor) return
  walk.anchors.set(node.anchor, node)
}

function target(name: string, span: Span, walk: Walk): unknown {
  const node = walk.anchors.get(name)
  if (node === undefined)
    throw new Stop(located('yaml/syntax', span, { detail: `no anchor &${shown(name)} before this alias` }))
  return node
}

function guard(span: Span, { depth, alias }: Context, walk: Walk): void {
  if (++walk.values > maxValues) throw new Stop(located('yaml/too-many-values', alias ?? span, { limit: '10,000' }))
  if (depth > maxDepth) throw new Stop(located('yaml/too-deep', alias ?? span, { limit: maxDepth }))
}

function spanOf(node: unknown, { source }: Walk): Span {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range
  return { source, start: range?.[0] ?? 0, end: range?.[1] ?? 0 }
}
