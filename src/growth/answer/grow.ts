/** `grow`: the road of growing compute, decade by decade, its walls, the test of three decades and the levers. */
import { bindingOf, wallNameOf } from '../binding.ts'
import type { Cited } from '../cited.ts'
import { groundsOf } from '../grounds.ts'
import {
  type Crossing,
  crossing,
  DECADES_OF_TEST,
  type Decade,
  grow,
  type Road,
  type Stop,
  settledOnRoad,
  stopAt,
  type Test,
  testBetween,
  thresholds,
} from '../grow.ts'
import { type LeverName, levers, type Shift, shiftBy, type Wall, wallOf } from '../levers.ts'
import { settle } from '../settle.ts'
import type { Sought } from '../sought.ts'

export interface Grown {
  readonly sought: Sought
  readonly road: Road
  readonly decades: readonly Decade[]
  readonly crossings: readonly { readonly threshold: keyof typeof thresholds; readonly at: Crossing | undefined }[]
  readonly tests: readonly Test[]
  readonly wall: Wall
  readonly wallBinding: ReturnType<typeof wallNameOf>
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
    wallBinding: wallNameOf(bindingOf(beyond)),
    shifts: (Object.keys(levers) as LeverName[]).map((name) => shiftBy(road, name, wall)),
    grounds: groundsOf(sought.question.recipe),
  }
}

/** Every start from which three decades fit on the road; each stop is settled once under every member of the doubt. */
function testsOn(road: Road, from: number, to: number): readonly Test[] {
  const last = Math.round(Math.log10(to / from))
  if (last < DECADES_OF_TEST) return []
  const stops = Array.from({ length: last + 1 }, (_, n) => stopAt(road, from * 10 ** n))
  return stops.slice(0, -DECADES_OF_TEST).map((before, n) => testBetween(before, stops[n + DECADES_OF_TEST] as Stop))
}
