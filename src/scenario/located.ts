/** A problem at a known stretch of text; most problems know only their path and are placed by `Origin`. */
import { type LocatedProblem, type Params, problem } from '../base/problem.ts'
import type { ProblemCode } from '../base/problems.ts'
import { placeOf, type Span } from './tree.ts'

export function located(code: ProblemCode, span: Span | undefined, params: Params = {}): LocatedProblem {
  const found = problem(code, [], params)
  return span ? { ...found, place: placeOf(span), relatedPlaces: [] } : { ...found, relatedPlaces: [] }
}
