/** The same question under every member of the doubt: surface × batch law × stock of data. */

import { allocationLaws } from './allocation.ts'
import { batchSpread } from './critical-batch.ts'
import { stocks } from './data-limit.ts'
import { ensemble, type Interval, interval } from './ensemble.ts'
import { withAllocation } from './loss-law.ts'
import type { Settled } from './settle.ts'

/** 16 × 3 × 3. An endless stock stays endless; another is spread as public text is. */
export function members(settled: Settled): readonly Settled[] {
  const { low, central, high } = stocks['public-text'].tokens
  const spread = Number.isFinite(settled.recipe.uniqueTokens) ? [low / central, 1, high / central] : [1]
  const { allocation } = settled.recipe.surface
  // A law of allocation stands; what is in doubt is the frontier under it.
  const surfaces = allocation ? ensemble.map((draw) => withAllocation(allocationLaws[allocation], draw)) : ensemble
  return surfaces.flatMap((surface) =>
    batchSpread.flatMap((batchLaw) =>
      spread.map((factor) => {
        const uniqueTokens = settled.recipe.uniqueTokens * factor
        return { ...settled, recipe: { ...settled.recipe, surface, batchLaw, uniqueTokens } }
      }),
    ),
  )
}

/** Of differences and ratios, not of losses: the irreducible part alone is uncertain by more than they are. */
export function doubt(settled: Settled, measure: (member: Settled) => number): Interval {
  return interval(members(settled).map(measure))
}
