/** The road ahead of a cluster: more of the same chips, utilization held, until one of three thresholds is passed. */
import { marginalOfChips, withChips } from './absorb.ts'
import { bindingOf } from './binding.ts'
import { type Point, type Settled, settle } from './frontier.ts'
import { thresholds } from './grow.ts'
import { lossExponent } from './loss-law.ts'
import type { Resource } from './machine.ts'
import { turningPoint } from './solve.ts'

export interface Ahead {
  readonly threshold: keyof typeof thresholds
  /** Delivered if nothing failed, at this utilization; undefined where the road does not reach it. */
  readonly offeredFlop: number
  readonly chips: number
  /** Already behind: the threshold was passed with fewer chips than there are. */
  readonly passed: boolean
  readonly binding: ReturnType<typeof bindingOf>['name']
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

const [NEAREST, FARTHEST] = [1e-6, 1e9]
/** To a hundredth of a decade and a half. */
const STEPS = 11

export function roadAhead(settled: Settled, resource: Resource): readonly Ahead[] {
  return (Object.keys(holds) as (keyof typeof thresholds)[]).map((threshold) => {
    const factor = turningPoint(NEAREST, FARTHEST, (by) => holds[threshold](withChips(settled, by)), STEPS)
    const there = withChips(settled, factor)
    const binding = bindingOf(settle(withChips(there, 1.05)), resource).name
    return { threshold, offeredFlop: offered(there), chips: there.machine.chips, passed: factor < 1, binding }
  })
}
