/** Which changed input a failed check comes from: each is taken back through the engine, and the check asked again. */
import { catalogue } from '../engine/catalogue.ts'
import { type MetricName, metricNames } from '../engine/metrics.ts'
import type { Scope } from '../math/expression.ts'
import { type Change, undo } from './changes.ts'
import { judge, type Reading, type Verdict } from './judge.ts'
import type { Answer, WhatIf } from './plan.ts'

export interface Cause {
  readonly change: Change
  /** What the change did to the number; undefined where the check compares none. */
  readonly effect?: number
  /** Taken back alone, would the check hold? */
  readonly alone: boolean
  /** The part of the metric that moved most. */
  readonly through?: { readonly name: MetricName; readonly label: string; readonly effect: number }
}

/** More changes than these are another plan, not a change of this one. */
export const mostChanges = 40

/** Largest first; those that suffice alone before all others. Changes that helped are no cause. */
export function causesOf(
  verdict: Verdict,
  changes: readonly Change[],
  { now, before, whatIf }: { readonly now: Answer; readonly before: Scope | undefined; readonly whatIf: WhatIf },
): readonly Cause[] {
  const found = changes.slice(0, mostChanges).flatMap((change) => {
    const without = whatIf(undo([change]))
    return without ? [causeOf(verdict, change, now, without, before)] : []
  })
  return found.filter((cause) => cause.alone || hurts(verdict.reading, cause.effect)).sort(byWeight)
}

function causeOf(verdict: Verdict, change: Change, now: Answer, without: Answer, before: Scope | undefined): Cause {
  const { reading, check } = verdict
  const alone = judge(check, without.scope, before).state !== 'failed'
  if (!reading) return { change, alone }
  const old = reading.subject.evaluate(without.scope)
  const through = throughOf(reading, now, without)
  return {
    change,
    alone,
    ...(typeof old === 'number' && { effect: reading.value - old }),
    ...(through && { through }),
  }
}

function hurts(reading: Reading | undefined, effect: number | undefined): boolean {
  if (!reading || effect === undefined || Math.abs(effect) <= 1e-6 * Math.abs(reading.value)) return false
  const upward = reading.sign === '<' || reading.sign === '<='
  return upward ? effect > 0 : effect < 0
}

function byWeight(a: Cause, b: Cause): number {
  return Number(b.alone) - Number(a.alone) || Math.abs(b.effect ?? 0) - Math.abs(a.effect ?? 0)
}

const known: ReadonlySet<string> = new Set(metricNames)
const isMetric = (name: string): name is MetricName => known.has(name)

/** Of a sum of metrics, the term that moved most in the same direction. */
function throughOf({ subject }: Reading, now: Answer, without: Answer): Cause['through'] {
  const [name] = subject.names
  if (name === undefined || subject.names.length > 1 || !isMetric(name)) return undefined
  const { unit, text } = catalogue[name]
  const whole = now.simulation.metrics[name] - without.simulation.metrics[name]
  const terms = [...new Set(text.match(/[a-z_]+(?:\.[a-z_]+)+/gu))]
    .filter(isMetric)
    .filter((term) => catalogue[term].unit === unit)
    .map((term) => ({
      name: term,
      label: catalogue[term].label,
      effect: now.simulation.metrics[term] - without.simulation.metrics[term],
    }))
  const [most] = terms
    .filter(({ effect }) => effect * whole > 0)
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
  return most && Math.abs(most.effect) > 0.3 * Math.abs(whole) ? most : undefined
}
