/** The best model that a cluster can make in a time, its utilization asked of the engine. */
import type { Datatype } from '../engine/job.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Strategy } from '../engine/strategy.ts'
import type { Machine } from './machine.ts'
import type { Recipe } from './recipe.ts'
import { type Point, type Settled, settle } from './settle.ts'
import type { Shape } from './shape.ts'

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

export type Outcome =
  | { readonly kind: 'reached'; readonly point: Point }
  | { readonly kind: 'blocked'; readonly why: string }

/** Where the search begins: what large runs reach, at eight times the least batch. */
const GUESS = 0.3
const GUESSED_FACTOR = 8
const ROUNDS = 3
/** The optimum is flat: a size off by this much is worth nothing. */
const CLOSE = 0.05

/**
 * Utilization is asked for the next lower of few numbers of chips, and for the one before: what runs well on those runs
 * as well on a few more, so that one more chip never makes a worse model.
 */
export function frontier(question: Question): Outcome {
  const { machine } = question
  const near = fewChips(machine.chips)
  const found = [near, fewChips(near * ALMOST)].map((chips) =>
    frontierAt({ ...question, machine: { ...machine, chips } }),
  )
  const points = found.flatMap((outcome) =>
    outcome.kind === 'reached' ? [settledLike(outcome.point, { ...outcome.point.settled, machine })] : [],
  )
  const [first, ...others] = points
  return first ? { kind: 'reached', point: others.reduce(better, first) } : (found[0] as Outcome)
}

/** Off a rung, just below it. */
const ALMOST = 0.999

/** At most as many, of four binary digits. */
function fewChips(chips: number): number {
  const unit = 2 ** (Math.floor(Math.log2(chips)) - 3)
  return Math.floor(chips / unit) * unit
}

/** Asks for utilization, settles, and asks again where the answer has moved. */
function frontierAt(question: Question): Outcome {
  let at = settle(settledAt(question, GUESS, 1))
  let from = Math.min(GUESSED_FACTOR, 2 ** question.doublings)
  let best: Point | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const found = bestBatch(question, at, from)
    if (found.kind === 'blocked') return found
    const { point } = found
    // Not larger than was asked: a little less room can mean another split.
    const sure = settledLike(point, { ...point.settled, mostParameters: at.parameters })
    best = best ? better(best, sure) : sure
    const moved = Math.abs(Math.log(point.parameters / at.parameters))
    at = point
    from = nearestPower(point.settled.batchFactor)
    if (moved < CLOSE) break
  }
  const last = runAs(question, at, at.settled)
  const sure = last && best ? better(best, last) : (last ?? best)
  return sure ? { kind: 'reached', point: slimmer(question, sure) } : { kind: 'blocked', why: 'it cannot run' }
}

const settledLike = (point: Point, settled: Settled): Point => ({ ...point, ...settle(settled) })

const nearestPower = (factor: number): number => 2 ** Math.max(0, Math.round(Math.log2(factor)))

/**
 * Just above what a shorter pipeline holds, a model runs so much worse that a smaller one may learn more: sizes below the
 * one that laws alone would take are asked, at this batch and at twice as large a one.
 */
function slimmer(question: Question, point: Point): Point {
  const { mostParameters: _, ...free } = point.settled
  const { parameters } = settle(free)
  const tries = [
    { batchFactor: free.batchFactor, shares: FINE },
    { batchFactor: 2 * free.batchFactor, shares: COARSE },
  ]
  return tries.reduce((best, { batchFactor, shares }) => {
    const asked = (share: number): Slim | undefined => {
      const settled = { ...free, batchFactor, mostParameters: share * parameters }
      const ran = runAs(question, settle(settled), settled)
      return ran && { share, point: ran, promise: settle({ ...ran.settled, mostParameters: undefined }).lossNats }
    }
    return fullest(asked, best, shares)
  }, point)
}

/** A share of the size that laws alone would take, and what any size would learn at its speed. */
interface Slim {
  readonly share: number
  readonly point: Point
  readonly promise: number
}

/** Of the share that promises most, as near to the next larger one as its speed holds. */
function fullest(asked: (share: number) => Slim | undefined, best: Point, shares: readonly number[]): Point {
  const [first, ...others] = shares.flatMap((share) => asked(share) ?? [])
  if (!first) return best
  let slim = others.reduce((most, other) => (other.promise < most.promise ? other : most), first)
  if (slim.promise >= best.lossNats) return best
  let found = better(best, slim.point)
  let full = shares[shares.indexOf(slim.share) - 1] ?? 1
  for (let halving = 0; halving < HALVINGS; halving++) {
    const share = (slim.share + full) / 2
    const tried = asked(share)
    if (tried && tried.promise < best.lossNats) slim = tried
    else full = share
    found = better(found, slim.point)
  }
  return found
}

const better = (best: Point, other: Point): Point => (other.lossNats < best.lossNats ? other : best)

/** The optimum is flat: below the last of these shares a model is too small to be worth any speed that was met. */
const FINE = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7]
const COARSE = [0.9, 0.8, 0.7]
/** To about one part in a hundred of the size. */
const HALVINGS = 3

function settledAt({ machine, seconds, recipe }: Question, mfu: number, batchFactor: number): Settled {
  return { machine, seconds, recipe, mfu, batchFactor }
}

function ask({ machine, recipe, utilization }: Question, at: Point, batchTokens: number): Utilized {
  const { parameters, shape, usedChips } = at
  const { seqLen, datatype } = recipe
  return utilization({ machine, recipe, chips: usedChips, parameters, ...shape, batchTokens, seqLen, datatype })
}

/** Settled anew as it ran: on round numbers, whose batch may be another. Undefined where it cannot run. */
function runAs(question: Question, at: Point, settled: Settled): Point | undefined {
  const batchTokens = (at.batchTokens / at.settled.batchFactor) * settled.batchFactor
  const utilized = ask(question, at, batchTokens)
  return utilized.mfu > 0 ? asRun(utilized, at.usedChips / batchTokens, settled) : undefined
}

function asRun({ mfu, split, simulation }: Utilized, chipsPerToken: number, settled: Settled): Point {
  const grain = simulation ? tokensPerChip(simulation) * chipsPerToken : 1
  const point = settle({ ...settled, mfu, batchFactor: settled.batchFactor * grain })
  return { ...point, ...(split && { split }), ...(simulation && { simulation }) }
}

const tokensPerChip = ({ job: { batch, cluster } }: Simulation): number =>
  (batch.globalBatch * batch.seqLen) / cluster.gpus

/** A larger batch may run better and learns worse: doubled or halved from where the last round ended, while that pays. */
function bestBatch(question: Question, at: Point, from: number): Outcome {
  let why = 'no batch was tried'
  let best: Point | undefined
  const pays = (factor: number): boolean => {
    const batchTokens = (at.batchTokens / at.settled.batchFactor) * factor
    const utilized = ask(question, at, batchTokens)
    if (utilized.mfu <= 0) {
      why = utilized.why ?? 'it cannot run'
      return !best
    }
    const point = asRun(utilized, at.usedChips / batchTokens, settledAt(question, utilized.mfu, factor))
    if (best && point.lossNats >= best.lossNats) return false
    best = point
    return true
  }
  const most = 2 ** question.doublings
  let factor = from
  while (factor <= most && pays(factor)) factor *= 2
  // Upwards nothing was gained if the second did not pay.
  if (factor <= from * 2) for (factor = from / 2; factor >= 1 && pays(factor); ) factor /= 2
  return best ? { kind: 'reached', point: best } : { kind: 'blocked', why }
}
