/** What is wrong with an expression, as a problem that knows its stretch of the text but not yet its file. */
import type { Params } from '../base/problem.ts'
import type { ProblemCode } from '../base/problems.ts'

export interface Stretch {
  readonly start: number
  readonly length: number
}

export interface ExpressionFault {
  readonly code: ProblemCode
  readonly params: Params
  /** Absent where it is the whole text. */
  readonly at?: Stretch
}

/** Ends the reading of an expression; never leaves this room. */
export class Refusal extends Error {
  readonly fault: ExpressionFault
  constructor(code: ProblemCode, params: Params, at?: Stretch) {
    super(code)
    this.fault = at ? { code, params, at } : { code, params }
  }
}
