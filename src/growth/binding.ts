/** What binds: each limit is eased a little, and the one that buys most compute-equivalent has the name. */
import type { Machine, Resource } from './machine.ts'
import { type Point, type Settled, settle } from './settle.ts'

/** Of equal prices the first one has the name: the batch rather than the chip that asks for it. */
export const constraints = [
  'data',
  'reliability',
  'batch',
  'latency',
  'data-parallel bandwidth',
  'tensor-parallel bandwidth',
  'scale-up domain',
  'memory bandwidth',
  'memory',
  'time',
  'compute',
] as const
export type Constraint = (typeof constraints)[number]

const machine = (settled: Settled, change: Partial<Machine>): Settled => ({
  ...settled,
  machine: { ...settled.machine, ...change },
})

/** Utilization is held: what it would gain is the engine's to say. */
const ease: Readonly<Record<Constraint, (settled: Settled, by: number) => Settled>> = {
  memory: (s, by) => machine(s, { hbmBytes: s.machine.hbmBytes * by }),
  'memory bandwidth': (s, by) => machine(s, { hbmBytesPerSecond: s.machine.hbmBytesPerSecond * by }),
  'tensor-parallel bandwidth': (s, by) => machine(s, { scaleUpBytesPerSecond: s.machine.scaleUpBytesPerSecond * by }),
  'scale-up domain': (s, by) => machine(s, { scaleUpDomain: s.machine.scaleUpDomain * by }),
  'data-parallel bandwidth': (s, by) => machine(s, { scaleOutBytesPerSecond: s.machine.scaleOutBytesPerSecond * by }),
  latency: (s, by) =>
    machine(s, { layerSeconds: s.machine.layerSeconds / by, cellSeconds: s.machine.cellSeconds / by }),
  batch: (s, by) => {
    const { batchWorth, batchTokens } = s.recipe
    return { ...s, recipe: { ...s.recipe, batchWorth: batchWorth * by, batchTokens: batchTokens * by } }
  },
  data: (s, by) => ({ ...s, recipe: { ...s.recipe, uniqueTokens: s.recipe.uniqueTokens * by } }),
  reliability: (s, by) => machine(s, { chipMeanSeconds: s.machine.chipMeanSeconds * by }),
  time: (s, by) => ({ ...s, seconds: s.seconds * by }),
  // Chips alone: the memory that comes with them is another matter.
  compute: (s, by) => machine(s, { chips: s.machine.chips * by, hbmBytes: s.machine.hbmBytes / by }),
}

export interface ShadowPrice {
  readonly constraint: Constraint
  /** d ln C_eq / d ln of what the constraint limits. */
  readonly elasticity: number
}

/** What stands in the way of more than chips and time: the name of a wall. */
export function wallNameOf({ prices }: Binding): Exclude<Constraint, 'compute' | 'time'> {
  const names = prices.map(({ constraint }) => constraint)
  return names.find((name) => name !== 'time' && name !== 'compute') as Exclude<Constraint, 'compute' | 'time'>
}

export interface Binding {
  /** A wall, or the resource that bought the chips where more of it still pays best. */
  readonly name: Exclude<Constraint, 'compute' | 'time'> | Resource
  /** Dearest first. */
  readonly prices: readonly ShadowPrice[]
}

const BY = 1.1
/** Prices closer than this are the same. */
const EQUAL = 1e-4

export function bindingOf(point: Point, resource: Resource = 'chips'): Binding {
  const prices = constraints
    .map((constraint) => ({ constraint, elasticity: elasticity(point, constraint) }))
    .sort((a, b) => Math.round((b.elasticity - a.elasticity) / EQUAL))
  // More time is more compute: it never is the wall.
  const dearest = prices.find(({ constraint }) => constraint !== 'time')?.constraint ?? 'compute'
  return { name: dearest === 'compute' || dearest === 'time' ? resource : dearest, prices }
}

function elasticity(point: Point, constraint: Constraint): number {
  const eased = settle(ease[constraint](point.settled, BY))
  return Math.log(eased.equivalentFlop / point.equivalentFlop) / Math.log(BY)
}
