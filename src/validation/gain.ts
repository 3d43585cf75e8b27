/** What one run of a source is worth: how far off its others are before and after `calibrate` has seen it. */
import { simulate } from '../engine/simulate.ts'
import { applied, calibrate, type Observation } from './calibrate.ts'
import { judge } from './measured.ts'
import { median, quantile } from './statistics.ts'

export interface Gain {
  /** Of |error| of all runs but the one given, over all that were given in turn. */
  readonly before: { readonly median: number; readonly p90: number }
  readonly after: { readonly median: number; readonly p90: number }
  /** Sizes of the errors after, for a width of the range. */
  readonly errors: readonly number[]
}

/** With fewer runs there is nothing to compare. */
export const leastRuns = 5

/** Some runs, spread over the source, are given in turn. */
export function gainOf(all: readonly Observation[], tries: number): Gain {
  const count = Math.min(tries, all.length)
  const given = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * all.length) / count))
  const before = all.map(errorOf)
  const pairs = given.flatMap((at) => {
    const factors = calibrate([all[at] as Observation])?.factors
    return all.flatMap((each, i) => {
      if (i === at) return []
      const after = factors ? errorOf({ ...each, job: applied(each.job, factors) }) : (before[i] as number)
      return [{ before: Math.abs(before[i] as number), after }]
    })
  })
  const figures = (errors: readonly number[]) => ({ median: median(errors), p90: quantile(errors, 0.9) })
  return {
    before: figures(pairs.map((pair) => pair.before)),
    after: figures(pairs.map(({ after }) => Math.abs(after))),
    errors: pairs.map(({ after }) => after),
  }
}

const errorOf = ({ job, strategy, measured }: Observation): number =>
  judge(simulate(job, strategy), measured)?.error ?? Number.NaN
