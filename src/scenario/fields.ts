/** The kinds of field a scenario is made of. Each carries its unit, so that errors, JSON Schema and docs can say it. */
import * as z from 'zod'
import type { Params } from '../base/problem.ts'
import type { ProblemCode } from '../base/problems.ts'
import { formatQuantity } from '../units/format.ts'
import { parseQuantity, type QuantityFault } from '../units/quantity.ts'
import type { Unit } from '../units/unit.ts'

/** Which numbers are taken. */
export interface Limits {
  /** At least. */
  readonly from?: number
  /** More than. */
  readonly above?: number
  readonly to?: number
  readonly whole?: boolean
}

/** What hangs on a numeric field: read by the JSON Schema and by whoever explains a field. */
export interface FieldMeta extends Limits {
  readonly unit: Unit
  /** A word that may stand in place of the number. */
  readonly word?: string
}

/** What a custom issue carries from the field to `issues.ts`. */
export interface FieldFault {
  readonly problem: ProblemCode
  readonly params: Params
}

// zod compiles each object on first use; a scenario is parsed once, and interpreting it costs a quarter of the time.
z.config({ jitless: true })

/** A number with unit, in words, or `{ value, source }`; yields the SI number. */
export function quantity(unit: Unit, description: string, limits: Limits = { above: 0 }) {
  const field = z.transform((input: unknown, context): number => numberOf(input, unit, limits, context))
  return known(field, { description, unit, ...limits })
}

/** As `.meta()`, which makes a second copy of every field. */
function known<F extends z.core.$ZodType>(field: F, meta: object): F {
  z.globalRegistry.add(field, { ...meta })
  return field
}

/** A whole number of things, from 1 unless told otherwise: `16384`, `128k`, `15.6T`. */
export function count(description: string, limits: Limits = { from: 1 }) {
  return quantity('count', description, { ...limits, whole: true })
}

/** A share from 0 to 1, bare or in percent. */
export function share(description: string) {
  return quantity('ratio', description, { from: 0, to: 1 })
}

/** A share of a rate that something is divided by: nothing runs at none of it. */
export function shareOfRate(description: string) {
  return quantity('ratio', description, { above: 0, to: 1 })
}

/** A plain factor. */
export function factor(description: string, limits: Limits = { from: 0 }) {
  return quantity('ratio', description, limits)
}

/** A number, or one word that stands for "find it yourself". */
export function orWord<W extends string>(word: W, unit: Unit, description: string, limits: Limits) {
  const field = z.transform((input: unknown, context): number | W =>
    plainOf(input) === word ? word : numberOf(input, unit, limits, context, word),
  )
  return known(field, { description, unit, word, ...limits })
}

export const text = (description: string) => known(z.string(), { description })

export const flag = (description: string) => known(z.boolean(), { description })

export const choice = <const C extends readonly string[]>(choices: C, description: string) =>
  known(z.enum(choices), { description })

const citation = text('Where the numbers in here come from; a nearer source wins.').optional()

/** A mapping that takes no other keys, and a `source` for the numbers in it. */
export function section<S extends z.core.$ZodLooseShape>(description: string, shape: S) {
  return known(z.strictObject({ ...shape, source: citation }), { description })
}

/** A section that may be written as the value of one of its keys alone: `- mfu >= 38%` for `- expr: mfu >= 38%`. */
export function shorthand<F extends z.core.$ZodType>(key: string, field: F) {
  return known(
    z.preprocess((input) => (typeof input === 'string' ? { [key]: input } : input), field),
    { shorthand: key },
  )
}

const isMap = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === 'object' && input !== null && !Array.isArray(input)

/** A quantity may bring its source along: the value is what counts. */
function plainOf(input: unknown): unknown {
  return isMap(input) ? input['value'] : input
}

const quantityKeys = new Set(['value', 'source'])

function numberOf(input: unknown, unit: Unit, limits: Limits, context: z.core.$RefinementCtx, word = ''): number {
  const fault = shapeFault(input, unit, word) ?? valueFault(plainOf(input) as string | number, unit, limits, word)
  if (typeof fault === 'number') return fault
  context.issues.push({ code: 'custom', input, message: fault.problem, params: { ...fault } })
  return z.NEVER
}

/** Anything but a word, a number or `{ value, source }`. */
function shapeFault(input: unknown, unit: Unit, word: string): FieldFault | undefined {
  const stray = isMap(input) ? Object.keys(input).find((key) => !quantityKeys.has(key)) : undefined
  if (stray !== undefined) return { problem: 'scenario/quantity-keys', params: { key: stray } }
  const plain = plainOf(input)
  if (typeof plain === 'number' || typeof plain === 'string') return undefined
  return { problem: 'units/not-a-quantity', params: { found: shown(plain), ...example(unit, word) } }
}

/** The number, or what is wrong with it. */
function valueFault(plain: string | number, unit: Unit, limits: Limits, word: string): number | FieldFault {
  const value = parseQuantity(plain, unit)
  if (typeof value !== 'number') return quantityFault(plain, value, unit, word)
  const asked = broken(value, unit, limits)
  return asked === undefined ? value : { problem: 'scenario/out-of-range', params: { found: shown(plain), asked } }
}

function quantityFault(plain: string | number, fault: QuantityFault, unit: Unit, word: string): FieldFault {
  const common = { found: shown(plain), symbol: fault.symbol, ...example(unit, word) }
  const meant = fault.suggestion === '' ? `write it like ${common.example}` : `did you mean ${fault.suggestion}?`
  const measures = fault.measures === undefined ? '' : dimensions[fault.measures].noun
  return { problem: `units/${fault.kind}`, params: { ...common, meant, measures } }
}

/** What a value fails to be, in words, or undefined when it is in range. */
function broken(value: number, unit: Unit, limits: Limits): string | undefined {
  const said = (limit: number) => (limit === 0 || unit === 'ratio' ? String(limit) : formatQuantity(limit, unit))
  if (!Number.isFinite(value)) return 'a finite number'
  if (limits.whole && !Number.isSafeInteger(value)) return 'a whole number'
  if (limits.above !== undefined && !(value > limits.above)) return `more than ${said(limits.above)}`
  if (limits.from !== undefined && !(value >= limits.from)) return `at least ${said(limits.from)}`
  if (limits.to !== undefined && !(value <= limits.to)) return `at most ${said(limits.to)}`
  return undefined
}

/** How each unit is called and written. */
export const dimensions = {
  bytes: { noun: 'an amount of memory', example: '80 GB' },
  seconds: { noun: 'a time', example: '5 µs' },
  bytesPerSecond: { noun: 'a bandwidth', example: '450 GB/s' },
  flop: { noun: 'an amount of work', example: '3.8e25 FLOP' },
  flopPerSecond: { noun: 'a rate of computing', example: '989 TFLOP/s' },
  joules: { noun: 'an energy', example: '10 kWh' },
  watts: { noun: 'a power', example: '700 W' },
  usd: { noun: 'an amount of money', example: '30k USD' },
  usdPerSecond: { noun: 'a price per time', example: '2.5 USD/h' },
  usdPerJoule: { noun: 'a price of energy', example: '0.08 USD/kWh' },
  perSecond: { noun: 'a rate of events', example: '2e-5 /h' },
  tokens: { noun: 'a number of tokens', example: '15.6T' },
  tokensPerSecond: { noun: 'a rate of tokens', example: '400 tokens/s' },
  nats: { noun: 'a loss', example: '1.89 nats' },
  count: { noun: 'a number', example: '16384' },
  ratio: { noun: 'a ratio', example: '0.8 or 80 %' },
} as const satisfies Record<Unit, { noun: string; example: string }>

function example(unit: Unit, word: string): { noun: string; example: string } {
  const { noun, example: written } = dimensions[unit]
  return { noun, example: word === '' ? written : `${written}, or ${word}` }
}

/** What the user wrote, short enough for one line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (isMap(value)) return 'a mapping'
  const words = String(value)
  return words.length > 60 ? `${words.slice(0, 57)}…` : words
}
