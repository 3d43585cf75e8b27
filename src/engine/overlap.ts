/** What communication hides behind compute, and what that costs. */
import { formula } from './formula.ts'

export interface OverlapInputs {
  readonly seconds: number
  readonly windowSeconds: number
  /** Share that stays exposed even under a long window. */
  readonly least: number
  /** Share of the window that can be used. */
  readonly usable: number
  /** Slow-down of compute while both run. */
  readonly contention: number
}

export const exposedSeconds = formula<OverlapInputs>({
  id: 'exposedSeconds',
  unit: 'seconds',
  text: 'max(least * seconds, seconds - usable * windowSeconds) + contention * min(seconds, windowSeconds)',
  source:
    'Megatron-Bridge documentation, communication overlap (one bucket stays exposed); slow-down of compute beside a collective: arXiv:2507.03114',
  compute: ({ seconds, windowSeconds, least, usable, contention }) =>
    Math.max(least * seconds, seconds - usable * windowSeconds) + contention * Math.min(seconds, windowSeconds),
})
