/** The best model of a cluster whose utilization is known: size, tokens and batch, under everything that limits them. */
import { optimizerFor } from '../engine/optimizer/kinds.ts'
import { stateBytesPerParameter } from '../engine/optimizer/state.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Strategy } from '../engine/strategy.ts'
import { computers, stepSecondsOf } from './computer.ts'
import { efforts } from './hyper-parameter.ts'
import { FLOP_PER_PARAMETER_TOKEN, optimalParameters } from './loss-law.ts'
import type { Machine } from './machine.ts'
import { type SplitBounds, splitBounds } from './parallel-limit.ts'
import { criticalTokensOf, type Recipe, type Weighed, weigh, worthOf } from './recipe.ts'
import { goodput, mostUsefulChips } from './reliability.ts'
import { type Shape, shapeRules } from './shape.ts'
import { lowest } from './solve.ts'
import { shortestStepSeconds } from './walls.ts'

/** A question with its utilization settled: plain arithmetic from here on. */
export interface Settled {
  readonly machine: Machine
  readonly seconds: number
  readonly recipe: Recipe
  readonly mfu: number
  /** Batch over the least that keeps all chips busy. */
  readonly batchFactor: number
  /** Largest model that is known to run at this utilization; absent: any does. */
  readonly mostParameters?: number | undefined
}

/** Seven tenths of the memory hold weights, gradients and optimizer; the rest is for activations and buffers. */
const STATE_SHARE = 0.7
/** Weights in bf16, gradients and master copy in fp32. Narayanan et al. 2021, arXiv:2104.04473. */
const BYTES_BESIDE_OPTIMIZER = 2 + 4 + 4

/** The shape of a matrix by which states are counted before there is a model. */
const SQUARE = { rows: 8192, columns: 8192 }

/** Narrows the search for a size to one part in 10⁴: the valley is flat, so the loss is right to one in 10⁸. */
const STEPS = 26
const ROUGH_STEPS = 15

export interface Plan extends Weighed, Delivery {
  readonly shape: Shape
  readonly bounds: SplitBounds
}

export interface Point extends Plan {
  readonly settled: Settled
  readonly parameters: number
  /** Most that the memory holds. */
  readonly memoryParameters: number
  readonly epochs: number
  readonly steps: number
  /** Of the cluster at its peak, all the time. */
  readonly peakFlop: number
  readonly lossNats: number
  readonly equivalentFlop: number
  readonly split?: Strategy
  readonly simulation?: Simulation
}

/** A size under trial: what it allows before chips are counted. */
interface Trial {
  readonly settled: Settled
  readonly parameters: number
  readonly bounds: SplitBounds
  /** The shortest step, and the share of compute that is left for it. */
  readonly stepSeconds: number
  readonly trainFraction: number
}

export interface Delivery {
  readonly usedChips: number
  readonly goodput: number
  readonly batchTokens: number
  /** Least batch that keeps all these chips busy, and least that fits the steps into the time. */
  readonly batchForChips: number
  readonly batchForTime: number
  /** What the chips deliver. */
  readonly hardwareFlop: number
  readonly tokens: number
  /** Tokens trained over those there was compute for: below 1 when steps cannot get shorter. */
  readonly timeShare: number
}

function deliver({ settled, parameters, bounds, stepSeconds, trainFraction }: Trial, chips: number): Delivery {
  const { machine, seconds, recipe, mfu, batchFactor } = settled
  const usedChips = Math.min(chips, recipe.batchTokens * bounds.chipsPerToken)
  const useful = goodput(machine, usedChips)
  const hardwareFlop = usedChips * machine.peakFlopPerSecond * mfu * useful * seconds
  const wanted = (trainFraction * hardwareFlop) / (FLOP_PER_PARAMETER_TOKEN * parameters)
  const batchForChips = usedChips / bounds.chipsPerToken
  const batchForTime = (wanted * stepSeconds) / (seconds * useful)
  const least = Math.max(batchForChips, batchForTime, recipe.seqLen)
  const batchTokens = Math.min(recipe.batchTokens, least * batchFactor)
  const mostTokens = recipe.mostEpochs * recipe.uniqueTokens
  const tokens = Math.min(wanted, (batchTokens * seconds * useful) / stepSeconds, mostTokens)
  const timeShare = tokens / wanted
  return { usedChips, goodput: useful, batchTokens, batchForChips, batchForTime, hardwareFlop, tokens, timeShare }
}

/** Where a batch is far above the critical one, more chips bring hardly more learning and still more failures. */
function bestDelivery(trial: Trial, chips: number, steps: number): Delivery {
  const { recipe } = trial.settled
  const { parameters } = trial
  const learned = (delivery: Delivery) => {
    const { hardwareFlop: flop, tokens, batchTokens } = delivery
    return tokens / (1 + batchTokens / criticalTokensOf(recipe, { flop, parameters, tokens, batchTokens }))
  }
  const all = deliver(trial, chips)
  const { usedChips } = all
  if (learned(deliver(trial, usedChips * 0.99)) <= learned(all)) return all
  return deliver(
    trial,
    lowest(usedChips * 1e-6, usedChips, (some) => -learned(deliver(trial, some)), steps),
  )
}

/** Everything that follows from a size once utilization is known. */
export function planFor(settled: Settled, chips: number, parameters: number, steps = STEPS): Plan {
  const { weighed, delivery, shape, bounds } = tryOut(settled, chips, parameters, steps)
  return { ...weighed, ...delivery, shape, bounds }
}

function tryOut(settled: Settled, chips: number, parameters: number, steps: number) {
  const { machine, recipe } = settled
  const { seqLen, activeFraction } = recipe
  const computer = computers[recipe.architecture]
  const shape = shapeRules[recipe.shape].of(parameters, computer.perLayer)
  const bounds = splitBounds(machine, shape, { pool: computer.pool, seqLen, activeFraction, fill: 1 })
  const chain = computer.chain({ ...shape, seqLen, batchTokens: 0, activeFraction })
  const stepSeconds = shortestStepSeconds.compute({ chain, stepSeconds: stepSecondsOf(computer, machine) })
  const trainFraction = 1 - efforts[recipe.effort].searchFraction
  const delivery = bestDelivery({ settled, parameters, bounds, stepSeconds, trainFraction }, chips, steps)
  const { hardwareFlop, timeShare, tokens, batchTokens } = delivery
  const weighed = weigh(recipe, { flop: hardwareFlop * timeShare, parameters, tokens, batchTokens })
  return { weighed, delivery, shape, bounds }
}

/** The best size when utilization is settled. */
export function settle(settled: Settled): Point {
  return settleIn(STEPS, settled)
}

/** To one part in fifty, the loss to one in 10⁵: for the many answers of an interval. */
export function settleRoughly(settled: Settled): Point {
  return settleIn(ROUGH_STEPS, settled)
}

function settleIn(steps: number, settled: Settled): Point {
  const { machine, seconds, recipe, mfu } = settled
  const peakFlop = machine.chips * machine.peakFlopPerSecond * seconds
  const memoryParameters = parametersInMemory(machine, recipe)
  const free = optimalParameters.compute({ ...recipe.surface, flop: peakFlop * mfu })
  const high = Math.min(free * 1e3, memoryParameters, settled.mostParameters ?? memoryParameters)
  const low = Math.min(free * 1e-4, high / 2)
  const chips = Math.min(machine.chips, mostUsefulChips(machine))
  const parameters = lowest(low, high, (n) => tryOut(settled, chips, n, steps).weighed.reducibleNats, steps)
  const plan = planFor(settled, chips, parameters, steps)
  return {
    ...plan,
    settled,
    parameters,
    memoryParameters,
    epochs: plan.tokens / Math.min(plan.tokens, recipe.uniqueTokens),
    steps: plan.tokens / plan.batchTokens,
    peakFlop,
    lossNats: recipe.surface.irreducibleNats + plan.reducibleNats,
    equivalentFlop: worthOf(recipe, plan.reducibleNats),
  }
}

function parametersInMemory(machine: Machine, recipe: Recipe): number {
  const optimizer = optimizerFor(recipe.optimizer, 4)
  const bytes = BYTES_BESIDE_OPTIMIZER + stateBytesPerParameter({ optimizer }, SQUARE)
  return (machine.chips * machine.hbmBytes * STATE_SHARE * recipe.activeFraction) / bytes
}
