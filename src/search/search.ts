/** All strategies of a space, each with its step time and memory; the best of them kept. */
import type { ProblemCode } from '../base/problems.ts'
import { shortages } from '../engine/filling.ts'
import { offerOf, shortlist } from './order.ts'
import { piecesOf } from './pieces.ts'
import { type Answer, addIllegal, emptyTally, type Question } from './question.ts'
import { Searcher } from './searcher.ts'

export function search(question: Question): Answer {
  const searcher = new Searcher(question)
  for (const piece of piecesOf(question)) searcher.try(piece)
  return searcher.answer
}

/** Answers of parts of a space, in any order, as the answer of the whole. */
export function join(answers: readonly Answer[], { goals, limits, most }: Question): Answer {
  const tally = emptyTally(limits)
  const best = shortlist(goals.length, most)
  for (const answer of answers) {
    for (const name of ['candidates', 'legal', 'fitting', 'feasible'] as const) tally[name] += answer.tally[name]
    for (const name of shortages) tally.shortage[name] += answer.tally.shortage[name]
    for (const [code, count] of Object.entries(answer.tally.illegal)) addIllegal(tally, code as ProblemCode, count)
    answer.tally.refused.forEach((count, at) => {
      tally.refused[at] = (tally.refused[at] ?? 0) + count
    })
    for (const found of answer.found) {
      const contest = best.of(found.strategy)
      if (contest.admits(Float64Array.from(found.values))) contest.offer(offerOf(found))
    }
  }
  return { tally, found: best.entries }
}
