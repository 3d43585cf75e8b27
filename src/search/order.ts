/** A total order of strategies, so that no result depends on the order in which they were tried. */
import { cpModes, recomputes, type Strategy, schedules } from '../engine/strategy.ts'

export interface Found {
  /** Of the goals, in their order; smaller is better. */
  readonly values: readonly number[]
  /** The first value if the pipeline never idled: no order of its passes can do better. */
  readonly least: number
  readonly strategy: Strategy
}

/** Better first; of equals the one with the smaller degrees. */
export function byPromise(a: Found, b: Found): number {
  for (let i = 0; i < a.values.length; i++) {
    const difference = (a.values[i] as number) - (b.values[i] as number)
    if (difference !== 0) return difference
  }
  return byFields(a.strategy, b.strategy)
}

export function byFields(a: Strategy, b: Strategy): number {
  const [left, right] = [rankOf(a), rankOf(b)]
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return a.recomputeModules.join() < b.recomputeModules.join()
    ? -1
    : Number(a.recomputeModules.join() > b.recomputeModules.join())
}

function rankOf(strategy: Strategy): readonly number[] {
  const { tp, sp, cp, cpMode, ep, etp, pp, vpp, schedule, dp, zero, shardRanks, microBatch, recompute } = strategy
  return [
    recomputes.indexOf(recompute),
    tp,
    cp,
    pp,
    vpp,
    ep,
    etp,
    Number(sp),
    cpModes.indexOf(cpMode),
    schedules.indexOf(schedule),
    zero,
    // The widest sharding is the usual one.
    -shardRanks,
    dp,
    microBatch,
  ]
}

/** A strategy that competes, in halves: what they have in common a search keeps once. */
export interface Offer extends Pick<Strategy, 'pp' | 'vpp' | 'schedule' | 'dp' | 'zero' | 'shardRanks'> {
  readonly values: readonly number[]
  readonly least: number
  /** For all but the above. */
  readonly like: Strategy
}

export function offerOf({ values, least, strategy }: Found): Offer {
  const { pp, vpp, schedule, dp, zero, shardRanks } = strategy
  return { values, least, like: strategy, pp, vpp, schedule, dp, zero, shardRanks }
}

function foundOf({ values, least, like, pp, vpp, schedule, dp, zero, shardRanks }: Offer): Found {
  return { values, least, strategy: { ...like, pp, vpp, schedule, dp, zero, shardRanks } }
}

/** Where candidates of one pipeline compete. */
export interface Contest {
  /** No first value above it is admitted. */
  readonly bar: number
  /** Is there a place for these values? Cheap, since it is asked a million times a second. */
  admits(values: Float64Array): boolean
  offer(candidate: Offer): void
}

export interface Shortlist {
  /** The contest of strategies that run the same pipeline. */
  of(pipeline: Pipeline): Contest
  readonly entries: readonly Found[]
}

/**
 * One goal: the best of every pipeline, since the closed form that ranks them may be off by more for one pipeline than
 * for another. Several goals: the front.
 */
export function shortlist(goals: number, most: number): Shortlist {
  return goals === 1 ? byPipeline(most) : front()
}

export type Pipeline = Pick<Strategy, 'pp' | 'vpp' | 'schedule' | 'dp' | 'microBatch'>

/** Strategies with the same number run their passes in the same order; what a pass takes differs. */
export function pipelineOf({ pp, vpp, schedule, dp, microBatch }: Pipeline): number {
  return ((pp * 1024 + vpp) * schedules.length + schedules.indexOf(schedule)) * 2 ** 24 + dp * microBatch
}

function byPipeline(most: number): Shortlist {
  const lists = new Map<number, Contest & { readonly entries: readonly Offer[] }>()
  return {
    of: (pipeline) => {
      const key = pipelineOf(pipeline)
      const list = lists.get(key) ?? topList(most)
      lists.set(key, list)
      return list
    },
    get entries() {
      return [...lists.values()].flatMap(({ entries }) => entries.map(foundOf)).sort(byPromise)
    },
  }
}

function topList(most: number) {
  const entries: Offer[] = []
  let bar = Number.POSITIVE_INFINITY
  return {
    entries,
    get bar() {
      return bar
    },
    admits: (values: Float64Array) => (values[0] as number) <= bar,
    offer: (candidate: Offer) => {
      let at = entries.length
      while (at > 0 && isBetter(candidate, entries[at - 1] as Offer)) at--
      entries.splice(at, 0, candidate)
      if (entries.length > most) entries.pop()
      if (entries.length === most) bar = entries[most - 1]?.values[0] as number
    },
  }
}

function isBetter(one: Offer, other: Offer): boolean {
  const [left, right] = [one.values[0] as number, other.values[0] as number]
  return left < right || (left === right && byPromise(foundOf(one), foundOf(other)) < 0)
}

/** Those that no other beats in every goal (Pareto); of equals the first in order. */
function front(): Shortlist {
  let entries: Found[] = []
  // What beat the last candidate most likely beats the next.
  let last: Found | undefined
  const contest: Contest = {
    bar: Number.POSITIVE_INFINITY,
    admits: (values) => {
      if (last && beats(last.values, values)) return false
      last = entries.find((entry) => beats(entry.values, values))
      return last === undefined
    },
    offer: (candidate) => {
      const found = foundOf(candidate)
      const twin = entries.find(({ values }) => values.every((value, i) => value === found.values[i]))
      if (twin && byFields(twin.strategy, found.strategy) <= 0) return
      entries = entries.filter((entry) => entry !== twin && !beats(found.values, entry.values))
      entries.push(found)
    },
  }
  return {
    of: () => contest,
    get entries() {
      return entries.toSorted(byPromise)
    },
  }
}

/** At least as good everywhere and better somewhere. */
export function beats(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    if ((a[i] as number) > (b[i] as number)) return false
    if ((a[i] as number) < (b[i] as number)) better = true
  }
  return better
}
