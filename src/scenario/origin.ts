/** Where each value of a composed scenario was written, and on whose word it rests. */
import type { LocatedProblem, Path, Place, Problem } from '../base/problem.ts'
import { follow, isQuantity, placeOf, type Source, type Span, type Tree } from './tree.ts'

export interface Origin {
  /** Place of the value at this path; undefined where nobody wrote one (a default). Of `--set`: file "--set #1". */
  placeOf(path: Path): Place | undefined
  /** The nearest `source:` around the value, within the file that says it. */
  sourceOf(path: Path): string | undefined
  /** The place as words: "scenarios/plan.yaml:14:3". */
  writtenAt(path: Path): string | undefined
  /** The problem with its place: of the value, of its key, or of the nearest section around what is missing. */
  locate(problem: Problem): LocatedProblem
}

export function originOf(tree: Tree, main: Source, via: ReadonlyMap<Source, Span>): Origin {
  const placeOfPath = (path: Path): Place | undefined => {
    const found = follow(tree, path)
    return found.depth === path.length ? placeOf(valueSpan(found.tree)) : undefined
  }
  return {
    placeOf: placeOfPath,
    sourceOf: (path) => {
      const found = follow(tree, path)
      return found.depth === path.length ? found.tree.cite : undefined
    },
    writtenAt: (path) => {
      const place = placeOfPath(path)
      return place && `${place.file}:${place.line}:${place.column}`
    },
    locate: (problem) => locate(problem, tree, main, via),
  }
}

function locate(problem: Problem, tree: Tree, main: Source, via: ReadonlyMap<Source, Span>): LocatedProblem {
  const written = [problem.path, ...problem.related].map((path) => spanAt(tree, path, problem.atKey))
  // Rules hold between values, and it is the one that this user wrote that they want to see.
  const [first] = written
  const span = first?.source.own
    ? first
    : (written.find((each) => each?.source.own) ?? first ?? sectionOf(problem, tree, main))
  const others = written.filter((each) => each !== undefined && each !== span)
  // Who brought in the file that is wrong.
  const asked = via.get(span.source)
  const relatedPlaces = [...others, asked].flatMap((each) => (each ? [placeOf(each)] : []))
  return { ...problem, place: placeOf(span), relatedPlaces }
}

function spanAt(tree: Tree, path: Path, atKey: boolean): Span | undefined {
  const found = follow(tree, path)
  if (found.depth < path.length) return undefined
  return atKey && found.key ? found.key : valueSpan(found.tree)
}

/** What is missing belongs into the user's file, whichever file began the section. */
function sectionOf({ path }: Problem, tree: Tree, main: Source): Span {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const found = follow(tree, path.slice(0, depth))
    if (found.depth === depth && found.key?.source.own) return found.key
  }
  return firstKey(tree, main) ?? { source: main, start: 0, end: 1 }
}

function firstKey(tree: Tree, main: Source): Span | undefined {
  if (tree.kind !== 'map') return undefined
  const keys = [...tree.entries.values()].map(({ key }) => key).filter(({ source }) => source === main)
  return keys.reduce<Span | undefined>((first, key) => (first && first.start <= key.start ? first : key), undefined)
}

/** Of `{ value: …, source: … }` the value is what matters. */
function valueSpan(tree: Tree): Span {
  const value = isQuantity(tree) ? tree.entries.get('value') : undefined
  return value ? value.tree.span : tree.span
}
