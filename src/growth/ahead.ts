/** The road ahead of a cluster: more of the same chips, utilization held, until one of three thresholds is passed. */
import { marginalOfChips, withChips } from './absorb.ts'
import { bindingOf, wallNameOf } from './binding.ts'
import { thresholds } from './grow.ts'
import { lossExponent } from './loss-law.ts'
import { type Point, type Settled, settle } from './settle.ts'
import { turningPoint } from './solve.ts'

export interface Ahead {
  readonly threshold: keyof typeof thresholds
  /** Delivered if nothing failed, at this utilization. */
  readonly offeredFlop: number
  readonly chips: number
  /** Already behind: the threshold was passed with fewer chips than there are. */
  readonly passed: boolean
  readonly binding: ReturnType<typeof wallNameOf>
}

/** What is asked of a point on the road; `share` is compute-equivalent over what the chips offer without failures. */
const holds: Readonly<Record<keyof typeof thresholds, (settled: Settled) => boolean>> = {
  'half at the margin': (s) => marginalOfChips(s) >= thresholds['half at the margin'].below,
  'half of all': (s) => settle(s).equivalentFlop / offered(s) >= thresholds['half of all'].below,
  'a hundredth of a nat per decade': (s) =>
    natsPerDecade(settle(s), marginalOfChips(s)) >= thresholds['a hundredth of a nat per decade'].below,
}

export function natsPerDecade({ reducibleNats, settled }: Point, marginal: number): number {
  return reducibleNats * lossExponent.compute(settled.recipe.surface) * marginal * Math.LN10
}

const offered = ({ machine, mfu, seconds }: Settled): number =>
  machine.chips * machine.peakFlopPerSecond * mfu * seconds

const FARTHEST = 1e9
/** Decades that are looked back. */
const BACK = 6
/** To less than a hundredth of a decade. */
const STEPS = 11

/** A threshold that is passed nowhere, ahead or behind, is left out. */
export function roadAhead(settled: Settled): readonly Ahead[] {
  return (Object.keys(holds) as (keyof typeof thresholds)[]).flatMap((threshold) => {
    const factor = passing((by) => holds[threshold](withChips(settled, by)))
    if (factor === undefined) return []
    const there = withChips(settled, factor)
    const binding = wallNameOf(bindingOf(settle(withChips(there, 1.05))))
    return [{ threshold, offeredFlop: offered(there), chips: there.machine.chips, passed: factor < 1, binding }]
  })
}

/** Where it ceases to hold: ahead if it holds here, else at the nearest place behind. */
function passing(holdsAt: (by: number) => boolean): number | undefined {
  if (holdsAt(1)) return holdsAt(FARTHEST) ? undefined : turningPoint(1, FARTHEST, holdsAt, STEPS)
  const back = Array.from({ length: BACK }, (_, n) => 10 ** -(n + 1)).find(holdsAt)
  return back === undefined ? undefined : turningPoint(back, 10 * back, holdsAt, STEPS)
}
