/** What may be asked, and of what. */
import type { Simulation } from '../../../engine/simulation.ts'
import type { Loaded } from '../../../scenario/read.ts'
import type { Report, Tool } from '../../report.ts'

/** A scenario and its answer: without them a formula has no numbers. */
export interface Run {
  readonly loaded: Loaded
  readonly simulation: Simulation
}

export interface Question {
  /** A metric, an operation, a fact or the code of a problem; undefined asks for all metrics. */
  readonly subject?: string
  readonly run?: Run
  /** Levels of the tree below the subject. */
  readonly depth: number
  /** A scenario that fails with the problem that is asked for. */
  readonly example?: string
  readonly tool: Tool
}

export type Explanation =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'unknown'; readonly subject: string; readonly suggestion: string | undefined }
