/** A price that can explain itself. */
import type { Statement } from './formula.ts'
import type { Operation } from './operation.ts'

export type Bound = 'compute' | 'memory' | 'bandwidth' | 'latency' | 'host'

export interface Timing {
  readonly operation: Operation
  /** Work done, in FLOP: what the kernel executes, recomputation and masked scores included. */
  readonly flop: number
  readonly seconds: number
  /** Share of it on the critical path: all of compute, what is not hidden of communication. */
  readonly exposedSeconds: number
  readonly bound: Bound
  readonly formula: Statement
  readonly inputs: Readonly<Record<string, number>>
}
