/** Numbers for people: three significant digits and a unit of fitting size. Machines get the SI number instead. */
import type { Unit } from './unit.ts'

/** Sizes of one unit, rising: a value is shown in the largest step that it reaches. */
type Steps = readonly (readonly [from: number, per: number, symbol: string])[]

const names = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** k, M, G, … of a symbol, each from 1 up to 999. */
function decimal(symbol: string, prefixes: readonly string[] = names): Steps {
  return prefixes.map(
    (prefix, index) => [index === 0 ? 0 : 1000 ** index, 1000 ** index, ` ${prefix}${symbol}`] as const,
  )
}

/** Counts: 128,000 stays as it is, 405 B does not. */
const plenty = (symbol: string): Steps => [
  [0, 1, symbol],
  [1e6, 1e6, ` M${symbol}`],
  [1e9, 1e9, ` B${symbol}`],
  [1e12, 1e12, ` T${symbol}`],
]

const hour = 3600
const day = 86_400

const seconds: Steps = [
  [0, 1e-9, ' ns'],
  [1e-6, 1e-6, ' µs'],
  [1e-3, 1e-3, ' ms'],
  [1, 1, ' s'],
  [120, 60, ' min'],
  [2 * hour, hour, ' h'],
  [2 * day, day, ' days'],
]

const joules: Steps = [
  [0, 1, ' J'],
  [hour, hour, ' Wh'],
  [1e3 * hour, 1e3 * hour, ' kWh'],
  [1e6 * hour, 1e6 * hour, ' MWh'],
  [1e9 * hour, 1e9 * hour, ' GWh'],
  [1e12 * hour, 1e12 * hour, ' TWh'],
]

const steps = {
  bytes: decimal('B'),
  seconds,
  bytesPerSecond: decimal('B/s'),
  // A whole run is beyond any prefix that people know: 3.8e25 FLOP.
  flop: [...decimal('FLOP'), [1e21, 1, ' FLOP']],
  flopPerSecond: decimal('FLOP/s'),
  joules,
  watts: decimal('W'),
  usd: plenty(' USD'),
  usdPerSecond: [[0, 1 / hour, ' USD/h']],
  usdPerJoule: [[0, 1 / (1e3 * hour), ' USD/kWh']],
  perSecond: [[0, 1 / hour, ' /h']],
  tokens: plenty(' tokens'),
  tokensPerSecond: plenty(' tokens/s'),
  nats: [[0, 1, ' nats']],
  count: plenty(''),
  ratio: [[0, 0.01, ' %']],
} satisfies Record<Unit, Steps>

/** "67.1 MB", "6.28 s", "41.8 %", "67.6 days", "2.67 M tokens/s"; ∞ for a ratio to nothing. */
export function formatQuantity(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–'
  const sign = value < 0 ? '−' : ''
  const size = Math.abs(value)
  if (size === Number.POSITIVE_INFINITY) return `${sign}∞`
  if (size === 0) return `0${zeroSymbols[unit]}`
  // Losses that differ in the third digit are far apart.
  if (unit === 'nats') return `${sign}${Number(size.toPrecision(4))} nats`
  const step = fitting(rounded(size), steps[unit])
  return `${sign}${threeDigits(size / step[1])}${step[2]}`
}

/** Zero is shown in the plain unit. */
const zeroSymbols: Record<Unit, string> = {
  bytes: ' B',
  seconds: ' s',
  bytesPerSecond: ' B/s',
  flop: ' FLOP',
  flopPerSecond: ' FLOP/s',
  joules: ' J',
  watts: ' W',
  usd: ' USD',
  usdPerSecond: ' USD/h',
  usdPerJoule: ' USD/kWh',
  perSecond: ' /h',
  tokens: ' tokens',
  tokensPerSecond: ' tokens/s',
  nats: ' nats',
  count: '',
  ratio: ' %',
}

/** Rounded first, so that 999.7 MB becomes 1 GB and not 1,000 MB. */
const rounded = (size: number): number => Number(size.toPrecision(3))

function fitting(size: number, ladder: Steps): Steps[number] {
  return ladder.findLast(([from]) => size >= from) ?? (ladder[0] as Steps[number])
}

/** 80, 80.5, 0.0123, 16,384, 3.8e25. What needs fewer than three digits shows no more: 2.5, but 2.50 for 2.503. */
function threeDigits(size: number): string {
  if (size >= 1e6 || size < 1e-3) return trimmed(size, size.toExponential(2)).replace('e+', 'e')
  if (size >= 1000) return grouped(Math.round(size))
  return trimmed(size, size.toPrecision(3))
}

function trimmed(size: number, digits: string): string {
  const exact = Number(size.toPrecision(12)) === Number(digits)
  return exact ? digits.replace(/(\.\d*?)0+(e|$)/u, '$1$2').replace(/\.(e|$)/u, '$1') : digits
}

const grouped = (whole: number): string => String(whole).replaceAll(/\B(?=(\d{3})+$)/gu, ',')
