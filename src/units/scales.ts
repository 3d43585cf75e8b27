/**
 * Every symbol that may follow a number, unit by unit. Case counts: `B` is a byte and `b` a bit, `M` mega and `m` milli.
 * Spaces within a unit do not: `15.6 T tokens`.
 */
import type { Unit } from './unit.ts'

/** A value in the SI base unit is number × 10^power × times ÷ per. Kept apart so that decimal prefixes lose no digit. */
export interface Scale {
  readonly power: number
  readonly times: number
  readonly per: number
}

export type Scales = ReadonlyMap<string, Scale>

const one: Scale = { power: 0, times: 1, per: 1 }
const ten = (power: number): Scale => ({ power, times: 1, per: 1 })
const times = (factor: number): Scale => ({ power: 0, times: factor, per: 1 })
const product = (a: Scale, b: Scale): Scale => ({
  power: a.power + b.power,
  times: a.times * b.times,
  per: a.per * b.per,
})
const quotient = (a: Scale, b: Scale): Scale => ({
  power: a.power - b.power,
  times: a.times * b.per,
  per: a.per * b.times,
})

type Table = readonly (readonly [symbol: string, scale: Scale])[]

const none: Table = [['', one]]
const decimal: Table = [
  ...none,
  ['k', ten(3)],
  ['M', ten(6)],
  ['G', ten(9)],
  ['T', ten(12)],
  ['P', ten(15)],
  ['E', ten(18)],
]
const binary: Table = [
  ['Ki', times(2 ** 10)],
  ['Mi', times(2 ** 20)],
  ['Gi', times(2 ** 30)],
  ['Ti', times(2 ** 40)],
]
const huge: Table = [...decimal, ['Z', ten(21)], ['Y', ten(24)]]
/** Counts as people write them: 128k, 405B, 15.6T; and 128Ki for powers of two. */
const plenty: Table = [...none, ['k', ten(3)], ['M', ten(6)], ['B', ten(9)], ['T', ten(12)], ...binary]

const day = 86_400
const time: Table = [
  ['s', one],
  ['ms', ten(-3)],
  ['µs', ten(-6)], // U+00B5 micro sign
  ['μs', ten(-6)], // U+03BC Greek mu
  ['us', ten(-6)],
  ['ns', ten(-9)],
  ['min', times(60)],
  ['h', times(3600)],
  ['hours', times(3600)],
  ['hour', times(3600)],
  ['d', times(day)],
  ['days', times(day)],
  ['day', times(day)],
  ['weeks', times(7 * day)],
  ['week', times(7 * day)],
  // The year of accounting and of availability: 8,760 hours.
  ['years', times(365 * day)],
  ['year', times(365 * day)],
]

const bit: Scale = { power: 0, times: 1, per: 8 }
const byteTable: Table = [
  ...cross([...decimal, ['K', ten(3)], ...binary], [['B', one]]),
  ...cross(
    [...decimal, ...binary],
    [
      ['b', bit],
      ['bit', bit],
    ],
  ),
]
const money: Table = cross(
  [...none, ['k', ten(3)], ['M', ten(6)], ['B', ten(9)], ['T', ten(12)]],
  [
    ['USD', one],
    ['$', one],
  ],
)
const energy: Table = [...cross(decimal, [['Wh', times(3600)]]), ...cross(decimal, [['J', one]])]
const tokenWords = cross(plenty, [['tokens', one]])

const tables = {
  bytes: () => byteTable,
  seconds: () => time,
  bytesPerSecond: () => [
    ...over(byteTable, [['s', one]]),
    ...cross(decimal, [
      ['bps', bit],
      ['Bps', one],
    ]),
  ],
  flop: () => cross(huge, [['FLOP', one]]),
  flopPerSecond: () =>
    cross(huge, [
      ['FLOP/s', one],
      ['FLOPS', one],
    ]),
  joules: () => energy,
  watts: () => cross(decimal, [['W', one]]),
  usd: () => money,
  usdPerSecond: () => over(money, time),
  usdPerJoule: () => over(money, energy),
  perSecond: () => [...over(none, time), ...over([['1', one]], time)],
  tokens: () => [...plenty, ...tokenWords],
  tokensPerSecond: () => over(tokenWords, [['s', one]]),
  nats: () => cross([...none, ['m', ten(-3)]], [['nats', one]]),
  count: () => plenty,
  ratio: () => [...none, ['%', ten(-2)]],
} satisfies Record<Unit, () => Table>

/** Each combination of a prefix and a symbol. */
function cross(prefixes: Table, symbols: Table): Table {
  return symbols.flatMap(([symbol, scale]) =>
    prefixes.map(([prefix, factor]) => [prefix + symbol, product(factor, scale)] as const),
  )
}

/** Each symbol of the one over each symbol of the other: `USD/h`. */
function over(tops: Table, bottoms: Table): Table {
  return bottoms.flatMap(([bottom, below]) =>
    tops.map(([top, above]) => [`${top}/${bottom}`, quotient(above, below)] as const),
  )
}

const built = new Map<Unit, Scales>()

/** The symbols of one unit; the table is built when first asked for. */
export function scalesOf(unit: Unit): Scales {
  const known = built.get(unit)
  if (known) return known
  const scales: Scales = new Map(tables[unit]())
  built.set(unit, scales)
  return scales
}
