/** What a search is asked, and what it answers. */
import type { ProblemCode } from '../base/problems.ts'
import type { Shortage } from '../engine/filling.ts'
import type { Job } from '../engine/job.ts'
import type { MetricName } from '../engine/metrics.ts'
import type { Strategy } from '../engine/strategy.ts'
import type { Found } from './order.ts'
import type { Fixed } from './space.ts'

/** A condition beyond that the strategy must fit in memory. */
export interface Limit {
  /** As the user wrote it. */
  readonly text: string
  readonly metrics: readonly MetricName[]
  readonly holds: (metrics: Readonly<Record<MetricName, number>>) => boolean
}

export interface Question {
  readonly job: Job
  /** Whatever search does not turn is as here. */
  readonly given: Strategy
  readonly fixed: Fixed
  /** One: the best by it. Several: the front on which none can be bettered without worsening another. */
  readonly goals: readonly MetricName[]
  readonly limits: readonly Limit[]
  /** How many to keep of each pipeline. */
  readonly most: number
}

/** How many strategies went which way. */
export interface Tally {
  /** Sum of the illegal and the legal. */
  candidates: number
  legal: number
  fitting: number
  feasible: number
  readonly illegal: Partial<Record<ProblemCode, number>>
  readonly shortage: Record<Shortage, number>
  /** By limit: those that fit but break it. */
  readonly refused: number[]
}

export interface Answer {
  readonly tally: Tally
  readonly found: readonly Found[]
}

export function emptyTally(limits: readonly Limit[]): Tally {
  return {
    candidates: 0,
    legal: 0,
    fitting: 0,
    feasible: 0,
    illegal: {},
    shortage: { states: 0, activations: 0, working: 0 },
    refused: limits.map(() => 0),
  }
}

export function addIllegal({ illegal }: Tally, code: ProblemCode, count: number): void {
  illegal[code] = (illegal[code] ?? 0) + count
}
