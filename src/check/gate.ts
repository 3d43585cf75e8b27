/** A plan before the gate: what holds, what does not, since when, and what would mend it. */
import type { LocatedProblem, Place } from '../base/problem.ts'
import { type Cause, causesOf } from './cause.ts'
import { type Change, changesBetween } from './changes.ts'
import type { Check } from './check.ts'
import { judge, type Verdict } from './judge.ts'
import { type Mend, mendsOf } from './mend.ts'
import { type Answer, type Snapshot, scopeOf, type WhatIf } from './plan.ts'

export interface Applicant {
  readonly file: string
  readonly name: string
  readonly now: Answer
  readonly checks: readonly { readonly check: Check; readonly place?: Place }[]
  /** The same plan in the baseline. */
  readonly before?: Snapshot
  readonly whatIf: WhatIf
  /** Where an input was written. */
  readonly placeOf: (path: string) => Place | undefined
}

export type Standing = 'passed' | 'warned' | 'failed'

export interface Judged extends Verdict {
  /** A skipped check stands as passed, and is said to be skipped. */
  readonly standing: Standing
  readonly place?: Place
  readonly causes: readonly Cause[]
}

export interface PlanResult {
  readonly file: string
  readonly name: string
  /** The worst of its checks; a plan without any fails where checks are required. */
  readonly standing: Standing
  readonly judged: readonly Judged[]
  readonly changes: readonly Change[]
  readonly known: boolean
  readonly mends: readonly Mend[]
  /** Not the whole answer: a repository has hundreds of plans, and each simulation holds its timeline. */
  readonly now: Snapshot
  readonly placeOf: Applicant['placeOf']
  /** Causes and mends were not looked for: too many plans fail. */
  readonly hasty: boolean
}

/** All plans of one command. */
export interface GateResult {
  readonly passed: boolean
  readonly plans: readonly PlanResult[]
  /** Of files that are no scenarios, or whose checks cannot be read. */
  readonly problems: readonly LocatedProblem[]
  /** How the baseline is called; undefined without one. */
  readonly baseline?: string
  /** A plan without checks is let through only where this is false. */
  readonly requireChecks: boolean
  /** Files that were only read, where nothing was asked of them. */
  readonly linted?: number
}

export interface Strictness {
  readonly requireChecks: boolean
  /** Look for causes and mends: they cost a simulation for each change that is tried. */
  readonly thorough: boolean
}

export function pass(applicant: Applicant, { requireChecks, thorough }: Strictness): PlanResult {
  const { file, name, now, before, whatIf, placeOf } = applicant
  const old = before && scopeOf(before)
  const changes = before ? changesBetween(before.inputs, now.inputs) : []
  const verdicts = applicant.checks.map(({ check, place }) => ({
    ...judge(check, now.scope, old),
    ...(place && { place }),
  }))
  const failed = verdicts.some(({ state }) => state === 'failed')
  const ailing = { now, checks: applicant.checks.map(({ check }) => check), before: old, changes, whatIf }
  return {
    file,
    name,
    standing: worst(verdicts.map(standingOf), requireChecks),
    judged: verdicts.map((verdict) => ({
      ...verdict,
      standing: standingOf(verdict),
      causes: thorough && verdict.state === 'failed' ? causesOf(verdict, changes, { now, before: old, whatIf }) : [],
    })),
    changes,
    known: before !== undefined,
    mends: thorough && failed ? mendsOf(ailing) : [],
    now: { inputs: now.inputs, metrics: now.metrics },
    placeOf,
    hasty: failed && !thorough,
  }
}

const standingOf = ({ state, check }: Verdict): Standing =>
  state !== 'failed' ? 'passed' : check.severity === 'warning' ? 'warned' : 'failed'

function worst(standings: readonly Standing[], requireChecks: boolean): Standing {
  if (standings.length === 0) return requireChecks ? 'failed' : 'passed'
  return standings.includes('failed') ? 'failed' : standings.includes('warned') ? 'warned' : 'passed'
}

export function gateOf(result: Omit<GateResult, 'passed'>): GateResult {
  const { plans, problems } = result
  return { ...result, passed: problems.length === 0 && plans.every(({ standing }) => standing !== 'failed') }
}
