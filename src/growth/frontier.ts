/** The best model that a cluster can make in a time: size, tokens and batch, under everything that limits them. */
import type { Datatype } from '../engine/job.ts'
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

/** What the engine is asked: how well does this model train on this many chips? */
export interface Ask extends Shape {
  readonly machine: Machine
  readonly recipe: Recipe
  readonly chips: number
  readonly parameters: number
  readonly batchTokens: number
  readonly seqLen: number
  readonly datatype: Datatype
}

export interface Utilized {
  /** 0: it cannot run, and `why` says so. */
  readonly mfu: number
  readonly split?: Strategy
  /** The run that was asked, on round numbers near the ask. */
  readonly simulation?: Simulation
  readonly why?: string
}

export type Utilization = (ask: Ask) => Utilized

export function constantMfu(mfu: number): Utilization {
  return () => ({ mfu })
}

export interface Question {
  readonly machine: Machine
  readonly seconds: number
  readonly recipe: Recipe
  readonly utilization: Utilization
  /** How often the batch may double above the least that keeps all chips busy, where utilization depends on it. */
  readonly doublings: number
}

/** A question with its utilization settled: plain arithmetic from here on. */
export interface Settled {
  readonly machine: Machine
  readonly seconds: number
  readonly recipe: Recipe
  readonly mfu: number
  /** Batch over the least that keeps all chips busy. */
  readonly batchFactor: number
  /** Largest model that is known to run at this utilization; absent: any does. */
  readonly mostParameters?: number
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
  if (learned(deliver(trial, chips * 0.99)) <= learned(all)) return all
  return deliver(
    trial,
    lowest(chips * 1e-6, chips, (some) => -learned(deliver(trial, some)), steps),
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

export type Outcome =
  | { readonly kind: 'reached'; readonly point: Point }
  | { readonly kind: 'blocked'; readonly why: string }

const GUESS = 0.4
const ROUNDS = 3
/** The optimum is flat: a size off by this much is worth nothing. */
const CLOSE = 0.05

/**
 * Asks for utilization, settles, and asks again where the answer has moved. A little less room can mean another split:
 * of all models that were asked, the best stays in the running.
 */
export function frontier(question: Question): Outcome {
  let at = settle(settledAt(question, GUESS, 1))
  let sure: Point | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const found = bestBatch(question, at)
    if (found.kind === 'blocked') return found
    const { point } = found
    const asked = asLargeAsAsked(point, at.parameters)
    if (asked && (!sure || asked.lossNats < sure.lossNats)) sure = asked
    const moved = Math.abs(Math.log(point.parameters / at.parameters))
    at = point
    if (moved < CLOSE) break
  }
  const last = confirm(question, at)
  const isBetter = sure && (last.kind === 'blocked' || sure.lossNats < last.point.lossNats)
  const found: Outcome = sure && isBetter ? { kind: 'reached', point: sure } : last
  return found.kind === 'reached' ? { kind: 'reached', point: slimmer(question, found.point) } : found
}

/**
 * Just above what a shorter pipeline holds, a model runs so much worse that a smaller one may learn more: sizes below the
 * one that laws alone would take are asked, and where one runs better, how near to that size this holds.
 */
function slimmer(question: Question, point: Point): Point {
  const { mostParameters: _, ...free } = point.settled
  const { parameters } = settle(free)
  const asked = (share: number) => askSlim(question, point, share * parameters)
  let full = 1
  for (const share of SLIMMER) {
    const found = asked(share)
    if (found) return [found, ...fuller(asked, share, full)].reduce(better, point)
    full = share
  }
  return point
}

/** Between a share that runs better and one that does not: those nearer to the latter. */
function fuller(asked: (share: number) => Point | undefined, better: number, not: number): Point[] {
  const points: Point[] = []
  let [slim, full] = [better, not]
  for (let halving = 0; halving < HALVINGS; halving++) {
    const share = (slim + full) / 2
    const found = asked(share)
    if (found) points.push(found)
    if (found) slim = share
    else full = share
  }
  return points
}

const better = (best: Point, other: Point): Point => (other.lossNats < best.lossNats ? other : best)

/** The optimum is flat: below the last of these shares a model is too small to be worth any speed that was met. */
const SLIMMER = [0.9, 0.8, 0.7]
/** To about one part in a hundred of the size. */
const HALVINGS = 3

/** A size, if it runs better. */
function askSlim(question: Question, point: Point, mostParameters: number): Point | undefined {
  const small = { ...point, ...settle({ ...point.settled, mostParameters }) }
  const utilized = ask(question, small, small.batchTokens)
  if (utilized.mfu < point.settled.mfu * RUNS_BETTER) return undefined
  return ranAs(settle({ ...small.settled, mfu: utilized.mfu }), utilized)
}

/** Another split, and not the grain of the same one. */
const RUNS_BETTER = 1.02

/** The same utilization for no larger a model than was asked. */
function asLargeAsAsked(point: Point, mostParameters: number): Point | undefined {
  if (mostParameters >= point.parameters) return undefined
  return { ...point, ...settle({ ...point.settled, mostParameters }) }
}

function settledAt({ machine, seconds, recipe }: Question, mfu: number, batchFactor: number): Settled {
  return { machine, seconds, recipe, mfu, batchFactor }
}

function ask({ machine, recipe, utilization }: Question, at: Point, batchTokens: number): Utilized {
  const { parameters, shape, usedChips } = at
  const { seqLen, datatype } = recipe
  return utilization({ machine, recipe, chips: usedChips, parameters, ...shape, batchTokens, seqLen, datatype })
}

/** A larger batch may run better and learns worse: doubles it until that has not paid twice. */
function bestBatch(question: Question, at: Point): Outcome {
  let best: Point | undefined
  let why = 'no batch was tried'
  let failures = 0
  const least = at.batchTokens / at.settled.batchFactor
  for (let doubling = 0; doubling <= question.doublings && failures < 2; doubling++) {
    const factor = 2 ** doubling
    const utilized = ask(question, at, least * factor)
    const { mfu, why: reason } = utilized
    const point = mfu > 0 ? settle(settledAt(question, mfu, factor)) : undefined
    if (!point) why = reason ?? 'it cannot run'
    else if (!best || point.lossNats < best.lossNats) best = ranAs(point, utilized)
    else failures++
  }
  return best ? { kind: 'reached', point: best } : { kind: 'blocked', why }
}

/** The last word on utilization is asked at the very model that is reported. */
function confirm(question: Question, point: Point): Outcome {
  const utilized = ask(question, point, point.batchTokens)
  const { mfu, why } = utilized
  if (mfu === point.settled.mfu) return { kind: 'reached', point }
  if (mfu <= 0) return { kind: 'blocked', why: why ?? 'it cannot run' }
  const last = settle(settledAt(question, mfu, point.settled.batchFactor))
  return { kind: 'reached', point: ranAs(last, utilized) }
}

function ranAs(point: Point, { split, simulation }: Utilized): Point {
  return { ...point, ...(split && { split }), ...(simulation && { simulation }) }
}
