/** What would move the wall, and by how many decades. */
import { marginalOfChips, withChips } from './absorb.ts'
import { type Road, settledOnRoad } from './grow.ts'
import type { Machine } from './machine.ts'
import type { Recipe } from './recipe.ts'
import { type Settled, settle } from './settle.ts'
import { turningPoint } from './solve.ts'

export interface Lever {
  readonly label: string
  readonly pull: (road: Road) => Road
}

const recipe = (change: (was: Recipe) => Partial<Recipe>) => (road: Road) => {
  const { question } = road
  return { ...road, question: { ...question, recipe: { ...question.recipe, ...change(question.recipe) } } }
}

const machine = (change: (was: Machine) => Partial<Machine>) => (road: Road) => {
  const { question } = road
  return { ...road, question: { ...question, machine: { ...question.machine, ...change(question.machine) } } }
}

/** Speeds of H100 and B200 data sheets against bf16. */
const faster = (datatype: 'fp8' | 'fp4', by: number) => (road: Road) =>
  machine(({ peakFlopPerSecond }) => ({ peakFlopPerSecond: peakFlopPerSecond * by }))(
    recipe(() => ({ datatype }))(road),
  )

export const levers = {
  batch: { label: 'critical batch × 4', pull: recipe(({ batchWorth }) => ({ batchWorth: batchWorth * 4 })) },
  width: { label: 'width instead of depth', pull: recipe(() => ({ shape: 'levine' })) },
  interconnect: {
    label: 'interconnect × 2, inside nodes and between',
    pull: machine((m) => ({
      scaleUpBytesPerSecond: m.scaleUpBytesPerSecond * 2,
      scaleOutBytesPerSecond: m.scaleOutBytesPerSecond * 2,
    })),
  },
  domain: { label: 'scale-up domain of 72', pull: machine(() => ({ scaleUpDomain: 72 })) },
  repair: {
    label: 'spares within 10 s, checkpoints in 1 s',
    pull: machine(() => ({ restartSeconds: 10, checkpointSeconds: 1 })),
  },
  muon: { label: 'Muon', pull: recipe(() => ({ optimizer: 'muon' })) },
  fp8: { label: 'fp8', pull: faster('fp8', 2) },
  fp4: { label: 'fp4', pull: faster('fp4', 4) },
  regularized: {
    label: '30 × weight decay and ensembles',
    pull: recipe(() => ({ dataPolicy: 'regularized' })),
  },
  diffusion: { label: 'masked diffusion', pull: recipe(() => ({ objective: 'diffusion' })) },
  moe: {
    label: 'mixture of experts, 3.5 % active',
    pull: recipe(() => ({ architecture: 'moe', activeFraction: 0.035 })),
  },
  time: {
    label: 'twice the time',
    pull: (road) => ({ ...road, question: { ...road.question, seconds: road.question.seconds * 2 } }),
  },
} as const satisfies Record<string, Lever>

export type LeverName = keyof typeof levers

export interface Wall {
  /** Where one per cent more compute bought brings half a per cent. */
  readonly offeredFlop: number
  readonly chips: number
  readonly equivalentFlop: number
}

const RANGE = [1e22, 1e36] as const
const HALF = 0.5
/** To a thousandth of a decade. */
const STEPS = 16

/** With utilization held at the reference. */
export function wallOf(road: Road): Wall {
  const absorbs = (flop: number) => marginalOfChips(settledOnRoad(road, flop)) >= HALF
  const offeredFlop = turningPoint(...RANGE, absorbs, STEPS)
  const settled: Settled = settledOnRoad(road, offeredFlop)
  return { offeredFlop, chips: settled.machine.chips, equivalentFlop: settle(settled).equivalentFlop }
}

export type Effect = 'lifts' | 'cheapens' | 'neither' | 'lowers'

export interface Shift {
  readonly name: LeverName
  readonly label: string
  readonly wall: Wall
  /** Of the compute bought, of the chips, and of the compute-equivalent at the wall. */
  readonly offeredDecades: number
  readonly chipDecades: number
  readonly equivalentDecades: number
  /** Of the compute-equivalent that the chips of the old wall reach. */
  readonly sameChipsDecades: number
  /** A cheaper way to the same ceiling, a higher ceiling, or neither. */
  readonly effect: Effect
}

/** A tenth of a decade is within the doubt. */
const NOTABLE = 0.1

export function shiftBy(road: Road, name: LeverName, from: Wall = wallOf(road)): Shift {
  const { label, pull } = levers[name]
  const pulled = pull(road)
  const wall = wallOf(pulled)
  const decades = (of: (wall: Wall) => number) => Math.log10(of(wall) / of(from))
  const same = settle(withChips(settledOnRoad(pulled, wall.offeredFlop), from.chips / wall.chips))
  const shift = {
    offeredDecades: decades((w) => w.offeredFlop),
    chipDecades: decades((w) => w.chips),
    equivalentDecades: decades((w) => w.equivalentFlop),
    sameChipsDecades: Math.log10(same.equivalentFlop / from.equivalentFlop),
  }
  return { name, label, wall, ...shift, effect: effectOf(shift) }
}

function effectOf({
  equivalentDecades,
  sameChipsDecades,
}: Pick<Shift, 'equivalentDecades' | 'sameChipsDecades'>): Effect {
  if (equivalentDecades > NOTABLE) return 'lifts'
  if (sameChipsDecades > NOTABLE) return 'cheapens'
  return sameChipsDecades < -NOTABLE ? 'lowers' : 'neither'
}
