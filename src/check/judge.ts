/** Does it hold? With the number, its limit, and how far the two are apart. */

import type { Clause, Comparison, Part, Scope, Value } from '../math/expression.ts'
import type { Unit } from '../units/unit.ts'
import type { Budget, Check } from './check.ts'

export interface Reading {
  readonly subject: Part
  readonly sign: Comparison['sign']
  readonly value: number
  readonly limit: number
  readonly unit: Unit
  /** To the limit: positive with room to spare, negative when over it; undefined where there is no saying. */
  readonly room?: number
  /** Of a budget the number at the baseline; of a comparison too, where there is one. */
  readonly before?: number
}

export interface Verdict {
  readonly check: Check
  /** Skipped: a budget without a baseline to hold it against. */
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Of the clause that fails, or of the first; absent for conditions that compare nothing. */
  readonly reading?: Reading
  /** The clause that fails, where there are several. */
  readonly clause?: string
  readonly note?: string
}

export function judge(check: Check, now: Scope, before: Scope | undefined): Verdict {
  return check.budget ? judgeBudget(check, check.budget, now, before) : judgeClauses(check, now, before)
}

function judgeClauses(check: Check, now: Scope, before: Scope | undefined): Verdict {
  const { clauses, evaluate } = check.expression
  const passed = evaluate(now) === true
  const broken = clauses.find((clause) => clause.evaluate(now) !== true)
  const clause = passed ? clauses[0] : (broken ?? clauses[0])
  const reading = clause && readingOf(clause, now, before)
  return {
    check,
    state: passed ? 'passed' : 'failed',
    ...(reading && { reading }),
    ...(clause && clauses.length > 1 && { clause: clause.text }),
    ...(reading &&
      Number.isNaN(reading.value) && { note: 'the arithmetic has no answer (0/0, or a root of less than 0)' }),
  }
}

const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const

/** The side that speaks of the plan is the value; the other is its limit. */
function readingOf({ comparison }: Clause, now: Scope, before: Scope | undefined): Reading | undefined {
  if (!comparison || comparison.left.kind === 'flag') return undefined
  const turned = comparison.left.names.length === 0 && comparison.right.names.length > 0
  const [subject, other] = turned ? [comparison.right, comparison.left] : [comparison.left, comparison.right]
  return withRoom({
    subject,
    sign: turned ? mirrored[comparison.sign] : comparison.sign,
    value: numberOf(subject.evaluate(now)),
    limit: numberOf(other.evaluate(now)),
    unit: unitFor(subject, other),
    ...beforeOf(subject, before),
  })
}

const numberOf = (value: Value): number => (typeof value === 'number' ? value : Number.NaN)

/** A bare number beside a ratio or a count of something is shown like it. */
function unitFor(subject: Part, other: Part): Unit {
  const unit = subject.unit ?? 'count'
  return unit === 'count' && other.unit !== undefined ? other.unit : unit
}

function beforeOf(subject: Part, before: Scope | undefined): { readonly before?: number } {
  if (!before || !subject.names.every((name) => before.has(name))) return {}
  return { before: numberOf(subject.evaluate(before)) }
}

function judgeBudget(check: Check, budget: Budget, now: Scope, before: Scope | undefined): Verdict {
  const subject = check.expression
  const { before: old } = beforeOf(subject, before)
  if (old === undefined || Number.isNaN(old))
    return { check, state: 'skipped', note: before ? 'not in the baseline' : 'needs a baseline' }
  const value = numberOf(subject.evaluate(now))
  const [most, least] = [old + Math.abs(old) * budget.increase, old - Math.abs(old) * budget.decrease]
  const below = value < least || (!Number.isFinite(budget.increase) && !(value > most))
  const reading = withRoom({
    subject,
    sign: below ? '>=' : '<=',
    value,
    limit: below ? least : most,
    unit: subject.unit ?? 'count',
    before: old,
  })
  return { check, state: withinBudget(value, least, most) ? 'passed' : 'failed', reading }
}

/** A baseline keeps six digits: what differs by less has not moved. */
const precision = 1e-6

function withinBudget(value: number, least: number, most: number): boolean {
  if (value === least || value === most) return true
  const slack = precision * Math.abs(value)
  return value >= least - slack && value <= most + slack
}

function withRoom(reading: Reading): Reading {
  const { sign, value, limit } = reading
  if (!Number.isFinite(value) || !Number.isFinite(limit) || sign === '==' || sign === '!=') return reading
  return { ...reading, room: sign === '<' || sign === '<=' ? limit - value : value - limit }
}
