/** Numbers and lists in the words of a report, where `units/format.ts` alone does not say it. */
import { formatQuantity } from '../units/format.ts'

/** Always one digit after the point, so that a column of shares lines up. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${signed((share * 100).toFixed(1))} %` : '–'
}

/** 4.6 : 1, 120 : 1, 0.8 : 1; ∞ without communication. */
export function ratio(value: number): string {
  if (!Number.isFinite(value)) return '∞'
  return `${value >= 99.95 ? group(Math.round(value)) : value.toFixed(value < 0.95 ? 2 : 1)} : 1`
}

/** 16384 → 16,384. */
export function group(count: number): string {
  return signed(String(count)).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** 31.7 M, 405 B: a count that need not be exact. */
export function about(count: number): string {
  return count < 1e6 ? group(Number(count.toPrecision(3))) : formatQuantity(count, 'count')
}

/** A change, with its sign. */
export function change(words: string, value: number): string {
  return value > 0 ? `+${words}` : signed(words)
}

const timeScales = [
  { from: 600, per: 60, unit: 'min' },
  { from: 1, per: 1, unit: 's' },
  { from: 1e-3, per: 1e-3, unit: 'ms' },
  { from: 0, per: 1e-6, unit: 'µs' },
] as const

/** Times that stand under each other: all in the unit and with the digits that suit the whole. */
export function timesLike(whole: number): (seconds: number) => string {
  const { per, unit } = timeScales.find(({ from }) => whole >= from) ?? timeScales[3]
  const digits = whole / per >= 100 ? 1 : 2
  return (seconds) => `${signed((seconds / per).toFixed(digits))} ${unit}`
}

/** "1 node", "2,048 nodes". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${group(count)} ${count === 1 ? one : many}`
}

function signed(words: string): string {
  return words.replace(/^-/, '−')
}
