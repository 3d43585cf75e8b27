/** `absorb`: what a cluster can make of its time, and where the rest of its compute goes. */
import { type Absorption, absorb } from '../absorb.ts'
import { type Ahead, roadAhead } from '../ahead.ts'
import { type Binding, bindingOf } from '../binding.ts'
import type { Cited } from '../cited.ts'
import { type Interval, interval } from '../ensemble.ts'
import { frontier } from '../frontier.ts'
import { groundsOf } from '../grounds.ts'
import { flopWorth, surfaceLoss } from '../loss-law.ts'
import { composedGain, SUSPICIOUS_GAIN } from '../recipe.ts'
import { type Point, type Settled, settle, settleRoughly } from '../settle.ts'
import type { Sought } from '../sought.ts'
import { members } from '../uncertainty.ts'

export interface Difference {
  readonly nats: number
  readonly interval: Interval
}

/** The model that the scenario names, read off the same surface. */
export interface Planned {
  readonly parameters: number
  readonly tokens: number
  readonly flop: number
  readonly lossNats: number
  /** Compute over what its loss would have cost at best. */
  readonly spentOverWorth: number
}

export interface Absorbed {
  readonly sought: Sought
  readonly point: Point
  readonly absorption: Absorption
  readonly binding: Binding
  /** Of the loss itself: mostly doubt about its irreducible part. */
  readonly lossInterval: Interval
  /** What the last tenfold of compute brought. */
  readonly lastDecade: Difference
  readonly equivalentInterval: Interval
  readonly ahead: readonly Ahead[]
  readonly planned: Planned
  readonly gain: number
  readonly suspicious: boolean
  readonly grounds: readonly Cited[]
}

export type AbsorbAnswer =
  | { readonly kind: 'reached'; readonly answer: Absorbed }
  | { readonly kind: 'blocked'; readonly sought: Sought; readonly why: string }

export function answerAbsorb(sought: Sought): AbsorbAnswer {
  const outcome = frontier(sought.question)
  if (outcome.kind === 'blocked') return { kind: 'blocked', sought, why: outcome.why }
  const { point } = outcome
  const { settled } = point
  const { recipe } = settled
  const gain = composedGain(recipe, point.hardwareFlop)
  return {
    kind: 'reached',
    answer: {
      sought,
      point,
      absorption: absorb(point),
      binding: bindingOf(point, sought.resource),
      ...doubts(point),
      ahead: roadAhead(settled),
      planned: plannedOf(sought),
      gain,
      suspicious: gain > SUSPICIOUS_GAIN,
      grounds: groundsOf(recipe),
    },
  }
}

/** A tenth of the time is a tenth of the compute, on the same chips. */
const tenth = (settled: Settled): Settled => ({ ...settled, seconds: settled.seconds / 10 })

function doubts(point: Point): Pick<Absorbed, 'lossInterval' | 'lastDecade' | 'equivalentInterval'> {
  const { settled } = point
  const all = members(settled).map((member) => ({ now: settleRoughly(member), before: settleRoughly(tenth(member)) }))
  return {
    lossInterval: interval(all.map(({ now }) => now.lossNats)),
    equivalentInterval: interval(all.map(({ now }) => now.equivalentFlop)),
    lastDecade: {
      nats: settle(tenth(settled)).reducibleNats - point.reducibleNats,
      interval: interval(all.map(({ now, before }) => before.reducibleNats - now.reducibleNats)),
    },
  }
}

function plannedOf({ planned, question }: Sought): Planned {
  const { surface } = question.recipe
  const { parameters, tokens } = planned
  const flop = 6 * parameters * tokens
  const lossNats = surfaceLoss.compute({ ...surface, parameters, tokens })
  return {
    parameters,
    tokens,
    flop,
    lossNats,
    spentOverWorth: flop / flopWorth(surface, lossNats - surface.irreducibleNats),
  }
}
