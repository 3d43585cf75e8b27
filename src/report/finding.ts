/** What CI systems take: one entry for each check or problem, with its place. `compose/check/findings.ts` makes them. */
import type { Place } from '../base/problem.ts'

export interface Finding {
  readonly level: 'error' | 'warning' | 'passed' | 'skipped'
  /** Stable: `check` for a check of a plan, else the code of a problem. */
  readonly rule: string
  /** What it is about, in a line. */
  readonly title: string
  /** In full, line by line. */
  readonly lines: readonly string[]
  /** From the top of the repository, with `/`. */
  readonly file: string
  readonly place?: Place
  /** Name of the plan. */
  readonly plan: string
  /** The same for the same finding in the next run, whatever lines moved. Unique in a report. */
  readonly fingerprint: string
}

/** Worst first; otherwise as they came. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  const order = ['error', 'warning', 'skipped', 'passed']
  return findings.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}

export const isAlarm = ({ level }: Finding): boolean => level === 'error' || level === 'warning'
