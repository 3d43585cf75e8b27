/** Single changes after which all checks of a plan hold: each simulated through the plan's own file, cheapest first. */
import { estimate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Scope } from '../math/expression.ts'
import { type Change, undo } from './changes.ts'
import type { Check } from './check.ts'
import { judge } from './judge.ts'
import { settingsOf, turnsOf } from './knobs.ts'
import type { Answer, Assignment, WhatIf } from './plan.ts'

export interface Mend {
  readonly label: string
  readonly assignments: readonly Assignment[]
  /** The plan with it. */
  readonly answer: Answer
}

export interface Ailing {
  readonly now: Answer
  readonly checks: readonly Check[]
  readonly before: Scope | undefined
  readonly changes: readonly Change[]
  readonly whatIf: WhatIf
}

export function mendsOf(plan: Ailing, most = 3): readonly Mend[] {
  const seen = new Set<string>()
  const fresh = ({ assignments }: Candidate) => {
    const key = JSON.stringify(assignments)
    return !seen.has(key) && Boolean(seen.add(key))
  }
  const tried = [...taking(plan), ...turning(plan), ...resizing(plan)].filter(fresh).flatMap((candidate) => {
    const answer = plan.whatIf(candidate.assignments)
    return answer && heals(answer, plan) ? [{ ...candidate, answer }] : []
  })
  return tried.sort(byCost).slice(0, most)
}

type Candidate = Omit<Mend, 'answer'>

/** Back to what the baseline says. */
function taking({ changes }: Ailing): readonly Candidate[] {
  return changes.map((change) => ({ label: 'as in the baseline', assignments: undo([change]) }))
}

/** A knob of the strategy; the closed form weeds out most before the file is read again. */
function turning(plan: Ailing): readonly Candidate[] {
  const { job, strategy } = plan.now.simulation
  const written = typeof plan.now.inputs.get('parallel.dp') === 'number'
  return turnsOf(job, strategy)
    .filter(({ strategy: turned }) => promising(estimate(job, turned), plan))
    .map(({ label, strategy: turned }) => {
      const dp = written && turned.dp !== strategy.dp ? [{ path: 'parallel.dp', value: turned.dp }] : []
      return { label, assignments: [...settingsOf(strategy, turned), ...dp] }
    })
}

/** Twice or half the GPUs, the batch as it is. */
function resizing({ now }: Ailing): readonly Candidate[] {
  const { gpus } = now.simulation.job.cluster
  if (typeof now.inputs.get('parallel.dp') === 'number') return []
  return [gpus * 2, gpus / 2]
    .filter(Number.isInteger)
    .map((value) => ({ label: `${value} GPUs`, assignments: [{ path: 'cluster.gpus', value }] }))
}

/** The estimate knows the metrics, and no input that a check may name; the last word has the file. */
function promising(simulation: Simulation, plan: Ailing): boolean {
  const scope = new Map([...plan.now.scope, ...Object.entries(simulation.metrics)])
  return fits(simulation) && plan.checks.filter(onlyMetrics).every((check) => holds(check, scope, plan))
}

const onlyMetrics = ({ expression }: Check): boolean =>
  !expression.names.some((name) => /^(?:parallel|training)\./u.test(name))

const holds = (check: Check, scope: Scope, { before }: Ailing): boolean =>
  judge(check, scope, before).state !== 'failed'

/** No check fails, and it fits, as far as it did before. */
function heals(answer: Answer, plan: Ailing): boolean {
  const room = fits(answer.simulation) || !fits(plan.now.simulation)
  return room && plan.checks.every((check) => holds(check, answer.scope, plan))
}

const fits = ({ metrics }: Simulation): boolean => metrics['memory.headroom'] >= 0

/** Money first; without prices GPU-hours, then the step. */
function byCost({ answer: a, ...left }: Mend, { answer: b, ...right }: Mend): number {
  const order = (['run.cost', 'run.gpu_hours', 'step.time'] as const)
    .map((name) => a.simulation.metrics[name] - b.simulation.metrics[name])
    .find((difference) => difference !== 0)
  return order ?? (left.label < right.label ? -1 : 1)
}
