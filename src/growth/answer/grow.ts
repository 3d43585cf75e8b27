/** `grow`: the road of growing compute, decade by decade, its walls, the test of three decades and the levers. */
import { type Binding, bindingOf } from '../binding.ts'
import type { Cited } from '../cited.ts'
import { interval } from '../ensemble.ts'
import { type Point, settle } from '../frontier.ts'
import {
  type Crossing,
  crossing,
  type Decade,
  DECADES_OF_TEST,
  DIGESTED,
  grow,
  type Road,
  settledOnRoad,
  type Test,
  thresholds,
} from '../grow.ts'
import { groundsOf } from '../grounds.ts'
import { levers, type LeverName, type Shift, shiftBy, type Wall, wallOf } from '../levers.ts'
import type { Sought } from '../sought.ts'
import { members } from '../uncertainty.ts'

export interface Grown {
  readonly sought: Sought
  readonly road: Road
  readonly decades: readonly Decade[]
  readonly crossings: readonly { readonly threshold: keyof typeof thresholds; readonly at: Crossing | undefined }[]
  readonly tests: readonly Test[]
  readonly wall: Wall
  readonly wallBinding: Binding['name']
  readonly shifts: readonly Shift[]
  readonly grounds: readonly Cited[]
}

export function answerGrow(sought: Sought, referenceMfu: number, from: number, to: number): Grown {
  const road: Road = { question: sought.question, referenceMfu }
  const wall = wallOf(road)
  const beyond = settle(settledOnRoad(road, wall.offeredFlop * 1.05))
  const decades = grow(road, from, to)
  return {
    sought,
    road,
    decades,
    crossings: (Object.keys(thresholds) as (keyof typeof thresholds)[]).map((threshold) => ({
      threshold,
      at: crossing(decades, threshold),
    })),
    tests: testsOn(road, from, to),
    wall,
    wallBinding: bindingOf(beyond, sought.resource).name,
    shifts: (Object.keys(levers) as LeverName[]).map((name) => shiftBy(road, name, wall)),
    grounds: groundsOf(sought.question.recipe),
  }
}

interface Stop {
  readonly flop: number
  readonly central: Point
  readonly members: readonly Point[]
}

/** Every start from which three decades fit on the road; each stop is settled once under every member of the doubt. */
function testsOn(road: Road, from: number, to: number): readonly Test[] {
  const last = Math.round(Math.log10(to / from))
  if (last < DECADES_OF_TEST) return []
  const stops = Array.from({ length: last + 1 }, (_, n): Stop => {
    const flop = from * 10 ** n
    const settled = settledOnRoad(road, flop)
    return { flop, central: settle(settled), members: members(settled).map(settle) }
  })
  return stops.slice(0, -DECADES_OF_TEST).map((before, n) => testOf(before, stops[n + DECADES_OF_TEST] as Stop))
}

function testOf(before: Stop, after: Stop): Test {
  const [a, b] = [before.central, after.central]
  const over = (measure: (p: Point, q: Point) => number) =>
    interval(before.members.flatMap((point, n) => (after.members[n] ? [measure(point, after.members[n])] : [])))
  const equivalentRatio = b.equivalentFlop / a.equivalentFlop
  return {
    from: before.flop,
    to: after.flop,
    nats: a.reducibleNats - b.reducibleNats,
    removed: 1 - b.reducibleNats / a.reducibleNats,
    equivalentRatio,
    digests: equivalentRatio >= DIGESTED,
    natsInterval: over((p, q) => p.reducibleNats - q.reducibleNats),
    ratioInterval: over((p, q) => q.equivalentFlop / p.equivalentFlop),
  }
}
