/** Words into numbers: "400 Gb/s" → 5e10 bytes per second, or what is wrong with it and what was probably meant. */
import { editDistance } from '../base/nearest.ts'
import { formatQuantity } from './format.ts'
import { type Scale, scalesOf } from './scales.ts'
import { type Unit, units } from './unit.ts'

export interface QuantityFault {
  readonly kind: 'wrong-dimension' | 'unknown-unit' | 'bare-number' | 'not-a-quantity'
  /** The unit as written, where there is one. */
  readonly symbol: string
  /** What the written unit measures, when it is one of ours but not the one asked for. */
  readonly measures?: Unit
  /** What was probably meant, complete: "400 Gb/s (gigabits; = 50 GB/s)". Empty when there is no telling. */
  readonly suggestion: string
}

/** 16384, 16,384, 1_000, 2.5, .5, 2e-5: sign, digits, exponent. */
export const numberPattern =
  '([+-]?)(\\d{1,3}(?:[,_]\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE]([+-]?\\d{1,3}))?'

const quantityWords = new RegExp(`^${numberPattern}\\s*(.*)$`, 'u')

interface Written {
  readonly sign: string
  readonly digits: string
  readonly exponent: number
  readonly symbol: string
}

/** The number in the SI base unit, or a fault. A number without unit is taken for counts, tokens and ratios only. */
export function parseQuantity(input: string | number, unit: Unit): number | QuantityFault {
  const written = split(typeof input === 'number' ? String(input) : input)
  if (!written) return { kind: 'not-a-quantity', symbol: '', suggestion: '' }
  const scale = scalesOf(unit).get(written.symbol)
  return scale ? siValue(written, scale) : faultOf(written, unit)
}

/** Number and unit of a text; `$2.5/h` is read as `2.5 $/h`. */
function split(text: string): Written | undefined {
  const words = text.trim()
  const match = quantityWords.exec(words.startsWith('$') ? words.slice(1) : words)
  if (!match) return undefined
  const symbol = (match[4] ?? '').replaceAll(/\s+/gu, '')
  return {
    sign: match[1] ?? '',
    digits: (match[2] ?? '').replaceAll(/[,_]/gu, ''),
    exponent: Number(match[3] ?? 0),
    symbol: words.startsWith('$') ? `$${symbol}` : symbol,
  }
}

/** The decimal exponent is joined to the digits before they become binary, so that 5 µs is exactly 5e-6. */
function siValue(written: Written, scale: Scale): number {
  return (Number(`${written.sign}${written.digits}e${written.exponent + scale.power}`) * scale.times) / scale.per
}

function faultOf(written: Written, unit: Unit): QuantityFault {
  const { symbol } = written
  if (symbol === '') return { kind: 'bare-number', symbol, suggestion: bareSuggestion(written, unit) }
  const measures = unitOf(symbol)
  const meant = relatedSymbol(symbol, unit) ?? (measures ? undefined : similarSymbol(symbol, unit))
  const suggestion = meant === undefined ? '' : suggest(written, meant, unit)
  return measures
    ? { kind: 'wrong-dimension', symbol, measures, suggestion }
    : { kind: 'unknown-unit', symbol, suggestion }
}

/** The unit that has this symbol; a bare prefix such as `k` belongs to counts. */
function unitOf(symbol: string): Unit | undefined {
  return (Object.keys(units) as Unit[]).find((unit) => scalesOf(unit).has(symbol))
}

/** The unit people most often leave out, for "did you mean 80 GB?". */
const usual: Partial<Record<Unit, string>> = {
  bytes: 'GB',
  seconds: 's',
  bytesPerSecond: 'GB/s',
  flopPerSecond: 'TFLOP/s',
  watts: 'W',
  usd: 'USD',
  usdPerSecond: 'USD/h',
  usdPerJoule: 'USD/kWh',
  perSecond: '/h',
}

function bareSuggestion(written: Written, unit: Unit): string {
  const symbol = usual[unit]
  return symbol ? suggest(written, symbol, unit) : ''
}

const symbolsOf = (unit: Unit): readonly string[] => [...scalesOf(unit).keys()].filter((symbol) => symbol !== '')

/** "GB" where a rate is due becomes "GB/s", and the other way round. */
function relatedSymbol(symbol: string, unit: Unit): string | undefined {
  const known = symbolsOf(unit)
  return (
    known.find((candidate) => candidate.startsWith(`${symbol}/`)) ??
    known.find((candidate) => symbol.startsWith(`${candidate}/`))
  )
}

/** "G" becomes "GB", "Gbs" its nearest neighbour, "Watt" what it begins with. */
function similarSymbol(symbol: string, unit: Unit): string | undefined {
  const known = symbolsOf(unit)
  const folded = symbol.toLowerCase()
  return (
    known.find((candidate) => candidate.startsWith(symbol)) ??
    closest(symbol, known) ??
    known.find((candidate) => folded.startsWith(candidate.toLowerCase()))
  )
}

/** A wrong case costs less than a wrong letter, and a different prefix is a different size: `Gbs` is `Gb/s`, not `GB/s`. */
function closest(symbol: string, known: readonly string[]): string | undefined {
  if (symbol.length > 20) return undefined
  let best: string | undefined
  let bestCost = Math.max(1, Math.floor(symbol.length / 2)) + 0.5
  for (const candidate of known) {
    const folded = editDistance(symbol.toLowerCase(), candidate.toLowerCase())
    const cost = folded + 0.25 * Math.min(1, editDistance(symbol, candidate) - folded)
    if (cost < bestCost) [best, bestCost] = [candidate, cost]
  }
  return best
}

function suggest(written: Written, symbol: string, unit: Unit): string {
  const exponent = written.exponent === 0 ? '' : `e${written.exponent}`
  const text = `${written.sign}${written.digits}${exponent} ${symbol}`
  const scale = scalesOf(unit).get(symbol)
  // Bits and bytes are the commonest confusion: say which, and what it comes to.
  if (!scale || !/b(it|ps)?(\/|$)/u.test(symbol) || scale.per !== 8) return text
  return `${text} (bits; = ${formatQuantity(siValue(written, scale), unit)})`
}
