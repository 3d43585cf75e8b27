/**
 * What the user got wrong. A problem knows its code and the path of the value it speaks of; `scenario/` turns the path
 * into file, line and column. The table of codes, with message and hint, is `problems.ts`.
 */
import { type ProblemCode, problems } from './problems.ts'

/** Keys and indices from the root of the scenario, as written by the user: `['parallel', 'tp']`. */
export type Path = readonly (string | number)[]

export type Params = Readonly<Record<string, string | number>>

export interface Problem {
  readonly code: ProblemCode
  readonly path: Path
  /** One sentence, without place. */
  readonly message: string
  /** The way out. */
  readonly hint: string
  /** Point at the key rather than at its value. */
  readonly atKey: boolean
  readonly related: readonly Path[]
}

/** Where a value stands in a file, with the lines around it. Lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Characters to underline on that line, at least 1. */
  readonly length: number
  /** The line before, the line itself and the line after, where they exist. */
  readonly frame: readonly { readonly line: number; readonly text: string }[]
}

export interface LocatedProblem extends Problem {
  /** Absent for what stands in no file (a missing file, a command line without a value). */
  readonly place?: Place
  readonly relatedPlaces: readonly Place[]
}

export interface ProblemOptions {
  readonly atKey?: boolean
  readonly related?: readonly Path[]
}

/** One problem from the table, its message and hint filled in. */
export function problem(code: ProblemCode, path: Path, params: Params = {}, options: ProblemOptions = {}): Problem {
  const entry = problems[code]
  return {
    code,
    path,
    message: fill(entry.message, params),
    hint: fill(entry.hint, params),
    atKey: options.atKey ?? false,
    related: options.related ?? [],
  }
}

/** `{name}` in a template becomes the parameter of that name. */
function fill(template: string, params: Params): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''))
}

/** Thrown only at the edge; carries every problem found, sorted by place. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  readonly problems: readonly LocatedProblem[]
  constructor(found: readonly LocatedProblem[]) {
    super(found.map((p) => `${p.code}: ${p.message}`).join('\n'))
    this.problems = found
  }
}

/** Our own promise, not the user's duty: a failure is a bug of ours (exit 70). */
export function invariant(holds: unknown, message: string): asserts holds {
  if (!holds) throw new Error(`clusterwise is wrong about itself: ${message}`)
}
