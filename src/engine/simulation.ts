/** What a simulation keeps: everything that a report or a question may want. */
import type { Facts } from './facts.ts'
import type { Job } from './job.ts'
import type { Layout } from './layout.ts'
import type { StageMemory } from './memory.ts'
import type { Metrics } from './metrics.ts'
import type { Timeline } from './schedule/play.ts'
import type { Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

/** An operation in its place: which block it belongs to and how often the busiest stage runs it in a step. */
export interface StepOperation {
  readonly timing: Timing
  /** `layer`, `layer.local`, `embedding`, `head`, `pipeline`, `data`, `optimizer`. */
  readonly block: string
  readonly times: number
}

/** The answer stands, but leans on a guess. */
export interface Note {
  readonly code: string
  readonly message: string
}

export interface Simulation {
  readonly job: Job
  readonly strategy: Strategy
  readonly layout: Layout
  readonly operations: readonly StepOperation[]
  readonly memory: readonly StageMemory[]
  /** The stage with the highest peak. */
  readonly worstStage: number
  readonly timeline: Timeline
  /** The stage with most work: its time is the step's, its idle time the bubble. */
  readonly busiestStage: number
  /** Measured off the above; the inputs of the metric formulas. */
  readonly facts: Facts
  readonly metrics: Metrics
  readonly notes: readonly Note[]
}
