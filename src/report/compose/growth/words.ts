/** The words that the pages of growth share. */

import type { Confidence } from '../../../growth/cited.ts'
import type { Interval } from '../../../growth/ensemble.ts'
import type { Sought } from '../../../growth/sought.ts'
import { formatQuantity } from '../../../units/format.ts'
import { type Cell, cell, type Json } from '../../report.ts'
import { percent } from '../../words.ts'

/** Always in powers of ten, so that they can be compared at a glance. */
export const flop = (value: number): string => `${value.toExponential(2).replace('e+', 'e')} FLOP`
export const count = (value: number): string => formatQuantity(value, 'count')
export const tokens = (value: number): string => formatQuantity(value, 'tokens')

/** 0.0169 nats: a difference, to three digits. */
export const nats = (value: number): string => `${trim(value)} nats`

function trim(value: number): string {
  const size = Math.abs(value)
  const words = size === 0 ? '0' : size < 1e-4 ? size.toExponential(1) : size.toPrecision(3)
  return value < 0 ? `−${words}` : words
}

/** 0.0123 … 0.0214. */
export const span = ({ low, high }: Interval, say: (value: number) => string = trim): string =>
  `${say(low)} … ${say(high)}`

/** 1.34 ×, 0.0042 ×, 253 ×, 1.2e6 ×. */
export function times(value: number): string {
  if (!Number.isFinite(value)) return '∞'
  if (value >= 1e4 || value < 1e-3) return `${value.toExponential(1).replace('e+', 'e')} ×`
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(value < 1 ? 2 : 3))} ×`
}

/** 61.6 %, and 4.0e-4 % where one digit would say nothing. */
export const part = (share: number): string =>
  share > 0 && share < 5e-4 ? `${(share * 100).toExponential(1)} %` : percent(share)

/** 0.58; −0.02; never −0.00. */
export function fixed(value: number, digits = 2): string {
  const words = value.toFixed(digits)
  return Number(words) === 0 ? words.replace('-', '') : words.replace('-', '−')
}

/** +1.2: decades, with their sign. */
export const decades = (value: number): string =>
  Math.abs(value) < 0.005 ? '0' : `${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(2)}`

/** Absolute losses mean little beyond: E alone is uncertain by more than what is still to gain. */
export const TRUSTED_FLOP = 1e26

/** An absolute loss, where the law of the recipe can say one. */
export const lossWords = ({ question }: Sought, words: string): string =>
  question.recipe.surface.refusal === undefined ? words : '–'

export const lossValue = ({ question }: Sought, value: number): number | null =>
  question.recipe.surface.refusal === undefined ? value : null

/** Why there is none, for a note. */
export const refusalCells = ({ question }: Sought): readonly Cell[] => {
  const { refusal } = question.recipe.surface
  return refusal === undefined
    ? []
    : [
        cell(
          `No absolute loss: ${refusal}. Compute-equivalents and differences are those of the default frontier.`,
          'warn',
        ),
      ]
}

const said: Readonly<Record<Confidence, string>> = {
  primary: 'checked',
  abstract: 'abstract',
  secondary: 'second-hand',
  derived: 'derived',
  unverified: 'unverified',
}

export const confidenceCell = (confidence: Confidence): Cell =>
  cell(said[confidence], confidence === 'unverified' ? 'warn' : 'dim')

export const pair = ({ low, high }: Interval): Json => ({ low, high })
