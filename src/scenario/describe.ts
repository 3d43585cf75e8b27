/** Questions to the schema itself: which keys a section has, what a field is measured in, where else a key belongs. */
import * as z from 'zod'
import type { Path } from '../base/problem.ts'
import type { FieldMeta } from './fields.ts'
import { scenarioSchema } from './schema.ts'

type Field = z.core.$ZodType

/** The field inside its defaults, optionals and shorthands. */
function bare(field: Field): Field {
  const { def } = field._zod
  const { innerType, out } = def as { innerType?: Field; out?: Field }
  const inner = innerType ?? out
  return inner ? bare(inner) : field
}

function shapeOf(field: Field): Readonly<Record<string, Field>> | undefined {
  const inside = bare(field)
  return inside instanceof z.ZodObject ? inside.shape : undefined
}

/** The field at a path, undefined where the schema has none. */
export function fieldAt(path: Path): Field | undefined {
  let field: Field | undefined = scenarioSchema
  for (const step of path) {
    const inside: Field | undefined = field && bare(field)
    if (inside instanceof z.ZodArray) field = inside.element
    else field = inside && shapeOf(inside)?.[step]
  }
  return field
}

/** The same inside its defaults: what kind of value it takes. */
export function bareFieldAt(path: Path): Field | undefined {
  const field = fieldAt(path)
  return field && bare(field)
}

export interface Described extends Partial<FieldMeta> {
  readonly description?: string
}

/** What is known about a field: description, unit, limits. */
export function describe(path: Path): Described {
  const field = fieldAt(path)
  return field ? ((z.globalRegistry.get(bare(field)) as Described | undefined) ?? {}) : {}
}

/** Keys that a section takes. */
export function keysAt(path: Path): readonly string[] {
  const field = fieldAt(path)
  return field ? Object.keys(shapeOf(field) ?? {}) : []
}

let paths: readonly Path[] | undefined

/** Every place where a key of this name belongs, outermost first. Asked only once something is wrong. */
export function placesOfKey(key: string): readonly Path[] {
  paths ??= pathsBelow([], scenarioSchema)
  return paths.filter((path) => path.at(-1) === key)
}

function pathsBelow(path: Path, field: Field): readonly Path[] {
  const children = Object.entries(shapeOf(field) ?? {}).map(([key, child]) => ({ path: [...path, key], child }))
  return [...children.map((entry) => entry.path), ...children.flatMap((entry) => pathsBelow(entry.path, entry.child))]
}
