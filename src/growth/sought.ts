/** What absorb, grow and compare-paradigms are asked: a question of the frontier, and what bought the chips. */
import type { Question } from './frontier.ts'
import type { Resource } from './machine.ts'
import type { Settled } from './settle.ts'

export interface Sought {
  readonly question: Question
  /** What runs out first. */
  readonly resource: Resource
  /** A model and a number of tokens that someone has in mind already. */
  readonly planned: { readonly parameters: number; readonly tokens: number }
}

/** Where nothing is known of utilization yet: what frontier runs reach (Cottier et al. 2024, arXiv:2405.21015: .375). */
export const USUAL_MFU = 0.375

export function usualSettled({ question: { machine, seconds, recipe } }: Sought): Settled {
  return { machine, seconds, recipe, mfu: USUAL_MFU, batchFactor: 1 }
}
