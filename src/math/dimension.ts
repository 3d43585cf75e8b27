/** What a number measures: exponents of the base quantities. FLOP and tokens are counts with a name. */
import type { Unit } from '../units/unit.ts'

const bases = ['byte', 'second', 'joule', 'usd', 'flop', 'token'] as const
type Base = (typeof bases)[number]

/** Bases with their exponents; one that is left out has exponent 0. */
export type Dimension = Readonly<Partial<Record<Base, number>>>

export const bare: Dimension = {}

export const dimensionOf = {
  bytes: { byte: 1 },
  seconds: { second: 1 },
  bytesPerSecond: { byte: 1, second: -1 },
  flop: { flop: 1 },
  flopPerSecond: { flop: 1, second: -1 },
  joules: { joule: 1 },
  watts: { joule: 1, second: -1 },
  usd: { usd: 1 },
  usdPerSecond: { usd: 1, second: -1 },
  usdPerJoule: { usd: 1, joule: -1 },
  perSecond: { second: -1 },
  tokens: { token: 1 },
  tokensPerSecond: { token: 1, second: -1 },
  count: bare,
  ratio: bare,
  nats: bare,
} as const satisfies Record<Unit, Dimension>

const exponent = (dimension: Dimension, base: Base): number => dimension[base] ?? 0

function combine(a: Dimension, b: Dimension, times: number): Dimension {
  const sums = bases.map((base) => [base, exponent(a, base) + times * exponent(b, base)] as const)
  return Object.fromEntries(sums.filter(([, sum]) => Math.abs(sum) > 1e-9))
}

export const product = (a: Dimension, b: Dimension): Dimension => combine(a, b, 1)
export const quotient = (a: Dimension, b: Dimension): Dimension => combine(a, b, -1)
export const power = (a: Dimension, times: number): Dimension => combine(bare, a, times)

export const isBare = (dimension: Dimension): boolean => bases.every((base) => exponent(dimension, base) === 0)

const same = (a: Dimension, b: Dimension): boolean => bases.every((base) => exponent(a, base) === exponent(b, base))

/** Without the names of counts: `16e6` may stand for `16 M tokens`, as in a file. */
const hard = (dimension: Dimension): Dimension => ({ ...dimension, flop: 0, token: 0 })

/** May the two be compared or added? */
export function agree(a: Dimension, b: Dimension): boolean {
  return same(a, b) || (same(hard(a), hard(b)) && (isUnnamed(a) || isUnnamed(b)))
}

const isUnnamed = ({ flop = 0, token = 0 }: Dimension): boolean => flop === 0 && token === 0

/** Our unit of this dimension, where there is one. A bare number is a count. */
export function unitOf(dimension: Dimension): Unit | undefined {
  return (Object.keys(dimensionOf) as Unit[]).find((unit) => same(dimensionOf[unit], dimension))
}

const words = {
  bytes: 'bytes',
  seconds: 'a time',
  bytesPerSecond: 'a bandwidth',
  flop: 'FLOP',
  flopPerSecond: 'FLOP/s',
  joules: 'an energy',
  watts: 'a power',
  usd: 'money',
  usdPerSecond: 'a price per time',
  usdPerJoule: 'a price of energy',
  perSecond: 'a rate of events',
  tokens: 'tokens',
  tokensPerSecond: 'tokens/s',
  count: 'a bare number',
  ratio: 'a bare number',
  nats: 'a bare number',
} as const satisfies Record<Unit, string>

/** "bytes", "a bare number", "byte^2/second". */
export function nameOf(dimension: Dimension): string {
  const unit = unitOf(dimension)
  if (unit) return words[unit]
  const part = (sign: 1 | -1) =>
    bases
      .filter((base) => Math.sign(exponent(dimension, base)) === sign)
      .map((base) => raised(base, Math.abs(exponent(dimension, base))))
      .join('·')
  const below = part(-1)
  return below === '' ? part(1) : `${part(1) || '1'}/${below}`
}

const raised = (base: Base, times: number): string => (times === 1 ? base : `${base}^${Number(times.toPrecision(3))}`)
