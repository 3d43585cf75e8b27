/** A plan as a gate sees it: its inputs, the numbers that they come to, and the question "what if". */
import type { MetricName } from '../engine/metrics.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Scope } from '../math/expression.ts'

export type InputValue = number | boolean | string | readonly (number | string)[]

/** By path of the scenario; what nobody said is absent. */
export type Inputs = ReadonlyMap<string, InputValue>

/** What is kept of a plan in a baseline, and what two plans are compared by. */
export interface Snapshot {
  readonly inputs: Inputs
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>
}

/** The plan simulated. */
export interface Answer extends Snapshot {
  readonly simulation: Simulation
  readonly scope: Scope
}

/** One value of the scenario as it would be written; undefined takes it back. */
export interface Assignment {
  readonly path: string
  readonly value: InputValue | undefined
}

/** The same plan with other values, through the same door as the file itself; undefined: such a plan cannot run. */
export type WhatIf = (assignments: readonly Assignment[]) => Answer | undefined

/** Metrics and numeric inputs by name: what an expression may ask a snapshot. */
export function scopeOf({ inputs, metrics }: Snapshot): Scope {
  const numbers = [...inputs].filter((entry): entry is [string, number | boolean] =>
    ['number', 'boolean'].includes(typeof entry[1]),
  )
  return new Map<string, number | boolean>([...numbers, ...(Object.entries(metrics) as [string, number][])])
}
