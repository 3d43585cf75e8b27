/** The verdict for programs: SI units, paths as in the scenario, every change as `--set` takes it. */

import type { Place } from '../../../base/problem.ts'
import type { Change, Difference } from '../../../check/changes.ts'
import type { GateResult, Judged, PlanResult } from '../../../check/gate.ts'
import type { Mend } from '../../../check/mend.ts'
import { problemsData } from '../../render/problems.ts'
import type { Json } from '../../report.ts'
import type { Dictionary } from './words.ts'

export function gateRecord(gate: GateResult, dictionary: Dictionary): { readonly [key: string]: Json } {
  return {
    passed: gate.passed,
    ...(gate.baseline === undefined ? {} : { baseline: gate.baseline }),
    summary: summaryOf(gate),
    plans: gate.plans.map((plan) => planRecord(plan, gate, dictionary)),
    problems: problemsData(gate.problems) as readonly Json[],
  }
}

export interface Counts {
  readonly plans: number
  readonly checks: number
  readonly passed: number
  readonly warned: number
  readonly failed: number
  readonly skipped: number
  readonly unreadable: number
}

export function summaryOf({ plans, problems }: GateResult): { readonly [K in keyof Counts]: number } {
  const judged = plans.flatMap((plan) => plan.judged)
  const count = (fits: (each: Judged) => boolean) => judged.filter(fits).length
  return {
    plans: plans.length,
    checks: judged.length,
    passed: count(({ state }) => state === 'passed'),
    warned: count((each) => each.standing === 'warned'),
    failed: count((each) => each.standing === 'failed'),
    skipped: count(({ state }) => state === 'skipped'),
    unreadable: new Set(problems.map(({ place }) => place?.file)).size,
  }
}

export function planRecord(
  plan: PlanResult,
  gate: GateResult,
  dictionary: Dictionary,
): { readonly [key: string]: Json } {
  const { file, name, judged, changes, mends, known } = plan
  return {
    file,
    name,
    standing: plan.standing,
    ...(gate.baseline === undefined ? {} : { inBaseline: known }),
    checks: judged.map((each) => checkRecord(each)),
    changes: changes.map(changeRecord),
    remedies: mends.map((mend) => mendRecord(mend, dictionary)),
  }
}

function checkRecord(judged: Judged): Json {
  const { check, state, reading, clause, note, place, causes } = judged
  return {
    expr: check.expression.text,
    ...(check.budget ? { max_increase: check.budget.increase, max_decrease: check.budget.decrease } : {}),
    severity: check.severity,
    ...(check.reason === '' ? {} : { reason: check.reason }),
    state,
    ...(reading
      ? {
          value: reading.value,
          sign: reading.sign,
          limit: reading.limit,
          unit: reading.unit,
          room: reading.room ?? null,
          ...(reading.before === undefined ? {} : { before: reading.before }),
        }
      : {}),
    ...(clause === undefined ? {} : { clause }),
    ...(note === undefined ? {} : { note }),
    ...(place ? { place: spot(place) } : {}),
    causes: causes.map(({ change, effect, alone, through }) => ({
      ...differenceRecord(change),
      ...(effect === undefined ? {} : { effect }),
      enough: alone,
      ...(through ? { through: through.name, throughEffect: through.effect } : {}),
    })),
  }
}

const spot = ({ file, line, column, length }: Place): Json => ({ file, line, column, length })

function differenceRecord({ path, before, after }: Difference): { readonly [key: string]: Json } {
  return { path, before: before ?? null, after: after ?? null }
}

export function changeRecord(change: Change): { readonly [key: string]: Json } {
  const [, ...others] = change.parts
  return { ...differenceRecord(change), ...(others.length > 0 ? { with: others.map(differenceRecord) } : {}) }
}

function mendRecord({ label, assignments, answer }: Mend, { setting }: Dictionary): Json {
  const { metrics } = answer.simulation
  return {
    label,
    set: assignments.map(setting),
    stepTime: metrics['step.time'],
    memoryPeak: metrics['memory.peak'],
    cost: metrics['run.cost'],
  }
}
