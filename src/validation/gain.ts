/** What one run of a source is worth: how far off its others are before and after `calibrate` has seen it. */
import { simulate } from '../engine/simulate.ts'
import { applied, calibrate, mostTelling, type Observation } from './calibrate.ts'
import { judge } from './measured.ts'
import { median, quantile } from './statistics.ts'

/** Of |error|. */
export interface Spread {
  readonly median: number
  readonly p90: number
}

export interface Gain {
  /** Of all runs but the one given, over all that were given in turn. */
  readonly before: Spread
  readonly after: Spread
  /** After the one run that tells most of the others, chosen without a look at what was measured. */
  readonly chosen: Spread
  /** Sizes of the errors after, for a width of the range. */
  readonly errors: readonly number[]
}

/** With fewer runs there is nothing to compare. */
export const leastRuns = 5

/** Some runs, spread over the source, are given in turn. */
export function gainOf(all: readonly Observation[], tries: number): Gain {
  const count = Math.min(tries, all.length)
  const given = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * all.length) / count))
  const before = given.flatMap((at) => all.filter((_, i) => i !== at).map(errorOf))
  const after = given.flatMap((at) => othersAfter(all, at))
  return {
    before: spreadOf(before),
    after: spreadOf(after),
    chosen: spreadOf(othersAfter(all, mostTelling(all))),
    errors: after,
  }
}

/** Errors of the others once this one was given. */
function othersAfter(all: readonly Observation[], at: number): readonly number[] {
  const factors = calibrate([all[at] as Observation])?.factors
  const others = all.filter((_, i) => i !== at)
  return others.map((each) => errorOf(factors ? { ...each, job: applied(each.job, factors) } : each))
}

function spreadOf(errors: readonly number[]): Spread {
  const sizes = errors.map(Math.abs)
  return { median: median(sizes), p90: quantile(sizes, 0.9) }
}

const errorOf = ({ job, strategy, measured }: Observation): number =>
  judge(simulate(job, strategy), measured)?.error ?? Number.NaN
