/** Units and prefixes as they may stand in an expression: `72 GB`, `400 Gb/s`, `60 M USD`. All are reserved words. */
import { type Scale, scalesOf } from '../units/scales.ts'
import type { Unit } from '../units/unit.ts'
import { bare, type Dimension, dimensionOf } from './dimension.ts'

export interface UnitSymbol {
  readonly factor: number
  readonly dimension: Dimension
}

/** `GB/s` is written as a quotient, so that composite units need no symbols of their own; `bps` and `FLOPS` do. */
const measured = [
  'bytes',
  'seconds',
  'bytesPerSecond',
  'flop',
  'flopPerSecond',
  'joules',
  'watts',
  'usd',
  'tokens',
] as const satisfies readonly Unit[]

const word = /^[\p{L}$]+$/u

const factorOf = ({ power, times, per }: Scale): number => Number(`${times / per}e${power}`)

/** Sizes alone, as in `15.6 T tokens`: `B` stands for bytes, so a billion is G. */
const prefixes: readonly (readonly [string, number])[] = [
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
]

/** Stands for `%` after a number: the parser reads `38% + 2%` as a remainder. A letter to it, and on no keyboard. */
export const percent = '\u214d'

export const unitSymbols: ReadonlyMap<string, UnitSymbol> = new Map([
  [percent, { factor: 0.01, dimension: bare }],
  ...prefixes.map(([symbol, factor]) => [symbol, { factor, dimension: bare }] as const),
  ...measured.flatMap((unit) =>
    [...scalesOf(unit)]
      // Of tokens only what says so: their bare `B` is a billion, and here B is a byte.
      .filter(([symbol]) => word.test(symbol) && (unit !== 'tokens' || symbol.endsWith('tokens')))
      .map(([symbol, scale]) => [symbol, { factor: factorOf(scale), dimension: dimensionOf[unit] }] as const),
  ),
])

/** The unit that people leave out. */
export const usualSymbol: Readonly<Partial<Record<Unit, string>>> = {
  bytes: 'GB',
  seconds: 's',
  bytesPerSecond: 'GB/s',
  flop: 'FLOP',
  flopPerSecond: 'TFLOP/s',
  joules: 'MWh',
  watts: 'W',
  usd: 'USD',
  usdPerSecond: 'USD/h',
  usdPerJoule: 'USD/kWh',
  perSecond: '/h',
  tokens: 'tokens',
  tokensPerSecond: 'tokens/s',
}
