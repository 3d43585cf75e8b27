/** The road of growing compute at fixed time: more chips, and what each decade of them still brings. */
import { type Absorption, absorb } from './absorb.ts'
import { type Binding, bindingOf } from './binding.ts'
import type { Interval } from './ensemble.ts'
import { interval } from './ensemble.ts'
import { frontier, type Question } from './frontier.ts'
import { computeToCommunication } from './parallel-limit.ts'
import { type Point, type Settled, settle, settleRoughly } from './settle.ts'
import { members } from './uncertainty.ts'

export interface Road {
  /** Its number of chips is ignored. */
  readonly question: Question
  /** What a chip is taken to deliver when compute is turned into chips. */
  readonly referenceMfu: number
}

export interface Milestone {
  /** Bought: chips at the reference utilization, without failures. */
  readonly offeredFlop: number
  readonly chips: number
  readonly point: Point
  readonly absorption: Absorption
  readonly binding: Binding
  /** Compute-equivalent over what was bought. */
  readonly ofOffered: number
  /** R at the critical batch, and at the batch that is used. */
  readonly ratio: number
  readonly ratioAtBatch: number
}

export function chipsFor({ question, referenceMfu }: Road, offeredFlop: number): number {
  return offeredFlop / (question.machine.peakFlopPerSecond * referenceMfu * question.seconds)
}

/** The question with as many chips as the compute takes. */
export function questionAt(road: Road, offeredFlop: number): Question {
  const { question } = road
  return { ...question, machine: { ...question.machine, chips: chipsFor(road, offeredFlop) } }
}

/** The same with utilization held at the reference: for walls, levers and doubts, which need many answers. */
export function settledOnRoad(road: Road, offeredFlop: number): Settled {
  const { machine, seconds, recipe } = questionAt(road, offeredFlop)
  return { machine, seconds, recipe, mfu: road.referenceMfu, batchFactor: 1 }
}

/** Undefined where the engine finds no way to run. */
export function milestone(road: Road, offeredFlop: number): Milestone | undefined {
  const outcome = frontier(questionAt(road, offeredFlop))
  if (outcome.kind === 'blocked') return undefined
  const { point } = outcome
  return {
    offeredFlop,
    chips: point.settled.machine.chips,
    point,
    absorption: absorb(point),
    binding: bindingOf(point),
    ofOffered: point.equivalentFlop / offeredFlop,
    ratio: ratioOf(point, point.criticalTokens),
    ratioAtBatch: ratioOf(point, point.batchTokens),
  }
}

/** An MLP is four times as wide as its input. */
const MLP_WIDTH = 4

export function ratioOf({ settled, shape }: Point, batchTokens: number): number {
  const { chips, peakFlopPerSecond, scaleOutBytesPerSecond } = settled.machine
  const ffn = MLP_WIDTH * shape.hidden
  return computeToCommunication.compute({
    batchTokens,
    ffn,
    chips,
    peakFlopPerSecond,
    bytesPerSecond: scaleOutBytesPerSecond,
  })
}

export interface Decade {
  readonly milestone: Milestone
  /** Against the milestone before; absent at the first. */
  readonly gain?: Gain
}

export interface Gain {
  readonly nats: number
  /** Compute-equivalent over that of the milestone before. */
  readonly equivalentRatio: number
  /** d ln R / d ln C. */
  readonly ratioSlope: number
}

export function grow(road: Road, from: number, to: number): readonly Decade[] {
  const decades = Math.round(Math.log10(to / from))
  const milestones = Array.from({ length: decades + 1 }, (_, n) => milestone(road, from * 10 ** n))
  return milestones.flatMap((at, n) => {
    const before = milestones[n - 1]
    if (!at) return []
    return [before ? { milestone: at, gain: gainOf(before, at) } : { milestone: at }]
  })
}

function gainOf(before: Milestone, at: Milestone): Gain {
  return {
    nats: before.point.lossNats - at.point.lossNats,
    equivalentRatio: at.point.equivalentFlop / before.point.equivalentFlop,
    ratioSlope: Math.log(at.ratio / before.ratio) / Math.log(at.offeredFlop / before.offeredFlop),
  }
}

/** Where the road gets too steep. */
export const thresholds = {
  'half at the margin': { below: 0.5, of: ({ absorption }) => absorption.marginal },
  'half of all': { below: 0.5, of: ({ ofOffered }) => ofOffered },
  'a hundredth of a nat per decade': { below: 0.01, of: ({ absorption }) => absorption.natsPerDecade },
} as const satisfies Record<string, { readonly below: number; readonly of: (at: Milestone) => number }>

export interface Crossing {
  readonly offeredFlop: number
  /** What binds at the first milestone beyond. */
  readonly binding: Binding['name']
}

/** Interpolated between milestones on logarithmic axes; undefined where the road ends before. */
export function crossing(road: readonly Decade[], name: keyof typeof thresholds): Crossing | undefined {
  const { below, of } = thresholds[name]
  const beyond = road.findIndex(({ milestone: at }) => of(at) < below)
  const after = road[beyond]?.milestone
  if (!after) return undefined
  const before = road[beyond - 1]?.milestone
  const binding = after.binding.name
  if (!before) return { offeredFlop: after.offeredFlop, binding }
  const share = Math.log(of(before) / below) / Math.log(of(before) / Math.max(of(after), 1e-12))
  return { offeredFlop: before.offeredFlop * (after.offeredFlop / before.offeredFlop) ** share, binding }
}

export interface Test {
  readonly from: number
  readonly to: number
  readonly nats: number
  /** Share of the reducible loss that is removed. */
  readonly removed: number
  readonly equivalentRatio: number
  /** Half of the logarithm of the compute arrives. */
  readonly digests: boolean
  readonly natsInterval: Interval
  readonly ratioInterval: Interval
}

export const DECADES_OF_TEST = 3
/** Half of the logarithm of the compute arrives. */
const DIGESTED = 10 ** (DECADES_OF_TEST / 2)

/** One end of the test, under every member of the doubt. */
export interface Stop {
  readonly flop: number
  readonly central: Point
  readonly members: readonly Point[]
}

export function stopAt(road: Road, flop: number): Stop {
  const settled = settledOnRoad(road, flop)
  return { flop, central: settle(settled), members: members(settled).map(settleRoughly) }
}

/** The essay's question: from 10ⁿ to 10ⁿ⁺³, does the model get better by as much? */
export function essayTest(road: Road, from: number): Test {
  return testBetween(stopAt(road, from), stopAt(road, from * 10 ** DECADES_OF_TEST))
}

export function testBetween(before: Stop, after: Stop): Test {
  const [a, b] = [before.central, after.central]
  const equivalentRatio = b.equivalentFlop / a.equivalentFlop
  const over = (measure: (before: Point, after: Point) => number) =>
    interval(before.members.flatMap((point, n) => (after.members[n] ? [measure(point, after.members[n])] : [])))
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
