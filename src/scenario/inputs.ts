/** The inputs of a scenario, flat: what a baseline keeps, what `diff` compares, what a check may name. */
import * as z from 'zod'
import type { Path } from '../base/problem.ts'
import type { Unit } from '../units/unit.ts'
import { bareFieldAt, describe, keysAt } from './describe.ts'
import type { Loaded } from './read.ts'
import { resolveNames } from './resolved.ts'
import type { Scenario } from './schema.ts'

export type InputValue = number | boolean | string | readonly (number | string)[]

/** By path, in the order of the schema; SI numbers. What nobody said is absent. */
export type Inputs = ReadonlyMap<string, InputValue>

export const inputSections = [
  'cluster',
  'model',
  'training',
  'parallel',
  'software',
  'reliability',
  'economics',
  'calibration',
] as const satisfies readonly (keyof Scenario)[]

/** A number of a unit, yes or no, or anything else. */
export type InputKind = Unit | 'flag' | 'word'

let kinds: ReadonlyMap<string, InputKind> | undefined

/** Every input that may be written. */
export function inputKinds(): ReadonlyMap<string, InputKind> {
  kinds ??= new Map(inputSections.flatMap((section) => kindsBelow([section])))
  return kinds
}

function kindsBelow(path: Path): readonly (readonly [string, InputKind])[] {
  const keys = keysAt(path).filter((key) => key !== 'source')
  return keys.length > 0 ? keys.flatMap((key) => kindsBelow([...path, key])) : [[path.join('.'), kindOf(path)]]
}

function kindOf(path: Path): InputKind {
  const { unit } = describe(path)
  const field = bareFieldAt(path)
  // ZeRO has numbers, and two names for its third stage.
  return unit ?? (field instanceof z.ZodBoolean ? 'flag' : field instanceof z.ZodLiteral ? 'count' : 'word')
}

const flat = new WeakMap<Scenario, Inputs>()

/** As composed and parsed, defaults included. */
export function inputsOf(scenario: Scenario): Inputs {
  const known = flat.get(scenario) ?? flatten(scenario)
  flat.set(scenario, known)
  return known
}

function flatten(scenario: Scenario): Inputs {
  const found = new Map<string, InputValue>()
  for (const section of inputSections) collect(scenario[section], section, found)
  return found
}

function collect(value: unknown, path: string, found: Map<string, InputValue>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value !== undefined && value !== null) found.set(path, value as InputValue)
    return
  }
  for (const [key, inner] of Object.entries(value)) if (key !== 'source') collect(inner, `${path}.${key}`, found)
}

/** Numbers and flags by path, with those that follow from others: `parallel.dp: auto` has the degree it comes to. */
export function inputNumbers({ scenario, job, strategy }: Pick<Loaded, 'scenario' | 'job' | 'strategy'>) {
  const numbers = new Map<string, number | boolean>()
  for (const [path, value] of inputsOf(scenario)) {
    if (typeof value === 'number' || typeof value === 'boolean') numbers.set(path, value)
  }
  for (const [path, value] of Object.entries(resolveNames(job, strategy)))
    if (value !== undefined) numbers.set(path, value)
  return numbers
}
