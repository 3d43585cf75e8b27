/** What zod found → our problems, in our words. */
import type * as z from 'zod'
import { nearest } from '../base/nearest.ts'
import { type Path, type Problem, problem } from '../base/problem.ts'
import { describe, keysAt, placesOfKey } from './describe.ts'
import { type FieldFault, shown } from './fields.ts'
import { choiceSynonyms, synonyms } from './synonyms.ts'

/** Nobody reads on; what a hostile file costs is bounded. */
const mostKeys = 500

export function problemsOf(issues: readonly z.core.$ZodIssue[], input: unknown): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys') return issue.keys.slice(0, mostKeys).map((key) => unknownKey(path, key))
    if (issue.code === 'custom') return [fieldProblem(path, issue.params as unknown as FieldFault)]
    const found = valueAt(input, path)
    return [issue.code === 'invalid_value' ? unknownChoice(path, found, issue.values) : wrongType(path, found, issue)]
  })
}

/** `parallel.layers_per_stage[3]`; the root is "the scenario". */
export function nameOf(path: Path): string {
  if (path.length === 0) return 'the scenario'
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`
    return name === '' ? step : `${name}.${step}`
  }, '')
}

function unknownKey(section: Path, key: string): Problem {
  const params = { key: shown(key), section: nameOf(section), meant: keyHint(section, key) }
  return problem('scenario/unknown-key', [...section, key], params, { atKey: true })
}

/** The key that a misspelt one stands for, if it belongs into the same section. */
export function meantKey(section: Path, key: string): string | undefined {
  const keys = keysAt(section)
  const synonym = synonyms.get(key)
  return synonym !== undefined && keys.includes(synonym) ? synonym : nearest(key, keys)
}

function keyHint(section: Path, key: string): string {
  const elsewhere = [key, synonyms.get(key) ?? key].flatMap(placesOfKey)
  const meant = meantKey(section, key)
  if (key === 'extends') return '`extends` stands at the top of a file, outside any section'
  if (meant !== undefined && !elsewhere.some((path) => path.at(-1) === key)) return `did you mean \`${meant}\`?`
  const [first] = elsewhere
  if (first) return `did you mean \`${nameOf(first)}\`?`
  return `known here: ${keysAt(section)
    .filter((known) => known !== '$schema')
    .join(', ')}`
}

function fieldProblem(path: Path, { problem: code, params }: FieldFault): Problem {
  const { description = '' } = describe(path)
  if (code === 'scenario/quantity-keys') {
    return problem(code, [...path, String(params['key'])], { ...params, name: nameOf(path) }, { atKey: true })
  }
  return problem(code, path, { ...params, name: nameOf(path), about: description })
}

function unknownChoice(path: Path, found: unknown, values: readonly z.core.util.Primitive[]): Problem {
  const choices = values.map(String)
  const word = shown(found)
  const synonym = choiceSynonyms.get(word.toLowerCase())
  const guess = synonym !== undefined && choices.includes(synonym) ? synonym : nearest(word, choices)
  const list = `choose one of ${choices.join(', ')}`
  const meant = guess === undefined ? list : `did you mean ${guess}? Otherwise ${list}`
  return problem('scenario/unknown-choice', path, { name: nameOf(path), found: shown(found), meant })
}

/** What each type of zod is called, and how to write it. */
const kinds: Readonly<Record<string, readonly [expected: string, way: string]>> = {
  object: ['a mapping', 'write its keys on lines of their own, indented below it'],
  array: ['a list', 'write it like [1, 2, 3]'],
  string: ['a text', 'put it in quotes'],
  boolean: ['true or false', 'write true or false; yes, no, on and off are words in YAML 1.2'],
}

function wrongType(path: Path, found: unknown, issue: z.core.$ZodIssue): Problem {
  const kind = issue.code === 'invalid_type' ? kinds[issue.expected] : undefined
  const [expected, way] = kind ?? lengths(issue)
  return problem('scenario/wrong-type', path, { name: nameOf(path), expected, way, found: shown(found) })
}

function lengths(issue: z.core.$ZodIssue): readonly [expected: string, way: string] {
  if (issue.code !== 'too_big') return ['a list with at least one entry', 'add an entry, or leave it out']
  return [`a list of at most ${issue.maximum} entries`, 'keep the ones that matter']
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], input)
}
