/** All strategies of a space, each with its step time and memory; the best of them kept. */
import { divisorsOf } from '../base/integers.ts'
import type { ProblemCode } from '../base/problems.ts'
import { type LayerBytes, layerBytes } from '../engine/activations.ts'
import { type Layered, priceLayers, Step } from '../engine/compose.ts'
import { type Shortage, shortages } from '../engine/filling.ts'
import { type Holding, hold, type Keeping, type Keepings, keep, keepAll } from '../engine/holding.ts'
import type { Job } from '../engine/job.ts'
import type { MetricName } from '../engine/metrics.ts'
import { ruleBroken } from '../engine/rules.ts'
import { scheduleTable } from '../engine/schedule/table.ts'
import { spreadKey } from '../engine/stages.ts'
import type { ScheduleKind, Strategy } from '../engine/strategy.ts'
import { type Contest, type Found, offerOf, type Shortlist, shortlist } from './order.ts'
import { type Goal, goalOf, sheetOf } from './sheet.ts'
import { type Chunking, chunkingsOf, type Fixed, type Sharing, type Space, sharingsOf, spaceOf } from './space.ts'

/** A condition beyond that the strategy must fit in memory. */
export interface Limit {
  /** As the user wrote it. */
  readonly text: string
  readonly metrics: readonly MetricName[]
  readonly holds: (metrics: Readonly<Record<MetricName, number>>) => boolean
}

export interface Question {
  readonly job: Job
  /** Whatever search does not turn is as here. */
  readonly given: Strategy
  readonly fixed: Fixed
  /** One: the best by it. Several: the front on which none can be bettered without worsening another. */
  readonly goals: readonly MetricName[]
  readonly limits: readonly Limit[]
  /** How many to keep of each pipeline. */
  readonly most: number
}

/** How many strategies went which way. */
export interface Tally {
  /** Sum of the illegal and the legal. */
  candidates: number
  legal: number
  fitting: number
  feasible: number
  readonly illegal: Partial<Record<ProblemCode, number>>
  readonly shortage: Record<Shortage, number>
  /** By limit: those that fit but break it. */
  readonly refused: number[]
}

export interface Answer {
  readonly tally: Tally
  readonly found: readonly Found[]
}

/** Shardings that share what hangs on no micro-batch: the pieces in which a search is cut for several workers. */
export interface Piece {
  readonly tp: number
  readonly ep: number
  readonly etp: number
  readonly cp: number
  readonly cpMode: Strategy['cpMode']
  readonly sp: boolean
}

export function piecesOf(question: Question): readonly Piece[] {
  return piecesIn(spaceOf(question.job, question.given, question.fixed))
}

function piecesIn({ job, fixed, tp: tps, ep: eps, etp: etps, cpModes }: Space): readonly Piece[] {
  const pieces: Piece[] = []
  for (const tp of tps)
    for (const ep of eps)
      for (const etp of etps)
        for (const cp of fixed.cp ?? divisorsOf(job.cluster.gpus / tp))
          for (const cpMode of cp === 1 ? cpModes.slice(0, 1) : cpModes)
            for (const sp of tp === 1 ? [false] : (fixed.sp ?? [false, true]))
              pieces.push({ tp, ep, etp, cp, cpMode, sp })
  return pieces
}

export function search(question: Question): Answer {
  const searcher = new Searcher(question)
  for (const piece of piecesOf(question)) searcher.try(piece)
  return searcher.answer
}

/** Answers of parts of a space, in any order, as the answer of the whole. */
export function join(answers: readonly Answer[], { goals, limits, most }: Question): Answer {
  const tally = emptyTally(limits)
  const best = shortlist(goals.length, most)
  for (const answer of answers) {
    for (const name of ['candidates', 'legal', 'fitting', 'feasible'] as const) tally[name] += answer.tally[name]
    for (const name of shortages) tally.shortage[name] += answer.tally.shortage[name]
    for (const [code, count] of Object.entries(answer.tally.illegal)) add(tally, code as ProblemCode, count)
    answer.tally.refused.forEach((count, at) => {
      tally.refused[at] = (tally.refused[at] ?? 0) + count
    })
    for (const found of answer.found) {
      const contest = best.of(found.strategy)
      if (contest.admits(Float64Array.from(found.values))) contest.offer(offerOf(found))
    }
  }
  return { tally, found: best.entries }
}

function emptyTally(limits: readonly Limit[]): Tally {
  return {
    candidates: 0,
    legal: 0,
    fitting: 0,
    feasible: 0,
    illegal: {},
    shortage: { states: 0, activations: 0, working: 0 },
    refused: limits.map(() => 0),
  }
}

function add({ illegal }: Tally, code: ProblemCode, count: number): void {
  illegal[code] = (illegal[code] ?? 0) + count
}

type Draft = { -readonly [Name in keyof Strategy]: Strategy[Name] }

/** A pipeline that the rules allow, with what its stages hold. */
interface Split {
  readonly spread: Spread
  readonly dp: number
  readonly schedules: readonly ScheduleKind[]
}

/** One way to cut the model, and ZeRO in all its ways on it. */
interface Spread {
  readonly holding: Holding
  /** Those whose states leave room for anything at all are worth a look; no sharding helps the others. */
  readonly keepings: Keepings
  /** The shortest of the roomy. */
  readonly optimizerSeconds: number
}

export class Searcher {
  private readonly question: Question
  private readonly space: Space
  private readonly tally: Tally
  private readonly best: Shortlist
  private readonly goals: readonly Goal[]
  private readonly fill: (step: Step) => void
  /** Nothing but the step time is asked for. */
  private readonly byTime: boolean
  private readonly step: Step
  private readonly values: Float64Array
  private readonly draft: Draft
  /** The strategies at hand, but for their split. */
  private sharding: Strategy
  private readonly chunkings = new Map<number, readonly Chunking[]>()
  private readonly sharings = new Map<number, readonly Sharing[]>()
  private spreads = new Map<number, Spread>()
  private alike = new Map<string, Keepings>()
  private spreadFor = ''
  private readonly holdings = new Map<string, Holding>()
  private readonly keepings = new Map<string, Keeping>()
  private readonly bytes = new Map<string, LayerBytes>()
  private readonly layers = new Map<string, Layered>()

  constructor(question: Question) {
    const { job, given, fixed, goals, limits, most } = question
    this.question = question
    this.space = spaceOf(job, given, fixed)
    this.tally = emptyTally(limits)
    this.best = shortlist(goals.length, most)
    this.goals = goals.map(goalOf)
    this.fill = sheetOf([...this.goals.map(({ read }) => read), ...limits.flatMap(({ metrics }) => metrics)])
    this.byTime = limits.length === 0 && goals.length === 1 && this.goals[0]?.read === 'step.time'
    this.step = new Step(job, given)
    this.values = new Float64Array(goals.length)
    this.draft = { ...given, layersPerChunk: [] }
    this.sharding = given
  }

  get answer(): Answer {
    const illegal = Object.values(this.tally.illegal).reduce((sum, count) => sum + count, 0)
    this.tally.candidates = this.tally.legal + illegal
    for (const [at, name] of shortages.entries()) this.tally.shortage[name] = this.step.memory.counts[at] as number
    return { tally: this.tally, found: this.best.entries }
  }

  try(piece: Piece): void {
    const { question, draft, space } = this
    Object.assign(draft, piece)
    const broken = ruleBroken(question.job, draft, 'sharding')
    const pps = this.pipelinesOf(piece)
    if (broken) {
      const under = pps.reduce((sum, pp) => sum + this.countSplits(piece, pp), 0)
      this.reject(broken, under * space.microBatch.length * space.recomputations.length)
      return
    }
    for (const microBatch of space.microBatch) {
      draft.microBatch = microBatch
      const splits = pps.flatMap((pp) => this.splitsOf(piece, pp))
      if (splits.length === 0) continue
      for (const recomputation of space.recomputations) {
        Object.assign(draft, recomputation)
        this.weigh(splits)
      }
    }
  }

  /** One strategy of a list. Lists come sorted more often than not, so what was worked out last is kept. */
  weighOne(strategy: Strategy): void {
    const { job } = this.question
    const broken = ruleBroken(job, strategy, 'sharding') ?? ruleBroken(job, strategy, 'split')
    if (broken) {
      this.reject(broken, 1)
      return
    }
    const { step, tally } = this
    const { tp, ep, etp, pp, vpp, dp, cp, zero, shardRanks } = strategy
    this.sharding = strategy
    const plain = { ...strategy, cp: 1, dp: dp * cp }
    const weights = `${tp} ${ep} ${etp} ${pp} ${vpp} ${dp * cp} ${spreadKey(strategy)}`
    const holding = remember(this.holdings, weights, () => hold(job, plain))
    const keeping = remember(this.keepings, `${weights} ${zero} ${shardRanks}`, () => keep(job, plain, holding))
    const sharding = shardingKey(strategy)
    tally.legal++
    step.place(
      strategy,
      remember(this.bytes, sharding, () => layerBytes(job, strategy)),
      holding,
      dp,
    )
    step.order(strategy.schedule)
    if (step.fill(keeping) > step.scope.hbmBytes) {
      this.countShortage(keeping.roomy ? step.memory.largest() : STATES, 1)
      return
    }
    step.time(remember(this.layers, sharding, () => priceLayers(job, strategy)))
    tally.fitting++
    if (this.byTime) tally.feasible++
    this.judge(keeping, strategy.schedule, dp, this.best.of(strategy))
  }

  private pipelinesOf({ tp, cp }: Piece): readonly number[] {
    const { job, fixed } = this.space
    const rest = job.cluster.gpus / (tp * cp)
    if (!Number.isInteger(rest)) return []
    const pps = fixed.pp?.filter((pp) => rest % pp === 0) ?? divisorsOf(rest)
    return pps.filter((pp) => fixed.dp?.includes(rest / pp) ?? true)
  }

  private countSplits({ tp }: Piece, pp: number): number {
    const schedules = this.chunkingsAt(pp).reduce((sum, chunking) => sum + chunking.schedules.length, 0)
    return schedules * this.sharingsAt(this.space.job.cluster.gpus / (tp * pp)).length
  }

  private reject(code: ProblemCode, count: number): void {
    add(this.tally, code, count)
  }

  private countShortage(shortage: number, count: number): void {
    const { counts } = this.step.memory
    counts[shortage] = (counts[shortage] as number) + count
  }

  private chunkingsAt(pp: number): readonly Chunking[] {
    const known = this.chunkings.get(pp)
    if (known) return known
    const made = chunkingsOf(this.space, pp)
    this.chunkings.set(pp, made)
    return made
  }

  private sharingsAt(replicas: number): readonly Sharing[] {
    const known = this.sharings.get(replicas)
    if (known) return known
    const made = sharingsOf(this.space, replicas)
    this.sharings.set(replicas, made)
    return made
  }

  /** Each rule is asked where all that it speaks of is decided. */
  private splitsOf({ tp, cp }: Piece, pp: number): readonly Split[] {
    const { draft, question, space } = this
    const dp = question.job.cluster.gpus / (tp * cp * pp)
    const sharings = this.sharingsAt(dp * cp)
    draft.pp = pp
    draft.dp = dp
    draft.shardRanks = sharings[0]?.shardRanks ?? 1
    return this.chunkingsAt(pp).flatMap(({ vpp, schedules }): readonly Split[] => {
      draft.vpp = vpp
      draft.schedule = schedules[0] as ScheduleKind
      const broken = ruleBroken(question.job, draft, 'split')
      if (!broken) return [{ spread: this.spreadAt(sharings), dp, schedules }]
      this.reject(broken, schedules.length * sharings.length * space.recomputations.length)
      return []
    })
  }

  /** What stages hold and say to their replicas hangs neither on cp nor on micro-batches. */
  private spreadAt(sharings: readonly Sharing[]): Spread {
    const { draft, question } = this
    const { tp, ep, etp, pp, vpp, dp, cp } = draft
    const weights = `${tp} ${ep} ${etp}`
    if (weights !== this.spreadFor) {
      this.spreads = new Map()
      this.alike = new Map()
      this.spreadFor = weights
    }
    const { placement, copies } = scheduleTable[draft.schedule]
    const key = (pp * 65_536 + vpp) * 4 + (placement === 'fold' ? 2 : copies - 1)
    const known = this.spreads.get(key)
    if (known) return known
    const plain = { ...draft, cp: 1, dp: dp * cp }
    const holding = hold(question.job, plain)
    const strategies = sharings.map(({ zero, shardRanks }) => ({ ...plain, zero, shardRanks }))
    const keepings = keepAll(question.job, holding, strategies, this.alike.get(holding.key))
    const optimizerSeconds = keepings.roomy.reduce((least, one) => Math.min(least, one.optimizerSeconds), Infinity)
    const made = { holding, keepings, optimizerSeconds }
    this.alike.set(holding.key, keepings)
    this.spreads.set(key, made)
    return made
  }

  /** Memory first: a sharding whose strategies all need too much is never priced. */
  private weigh(splits: readonly Split[]): void {
    const { question, step, tally } = this
    const { job } = question
    const sharding = { ...this.draft }
    this.sharding = sharding
    const bytes = layerBytes(job, sharding)
    let layered: Layered | undefined
    for (const { spread, dp, schedules } of splits) {
      const { all, roomy } = spread.keepings
      tally.legal += schedules.length * all.length
      this.countShortage(STATES, schedules.length * (all.length - roomy.length))
      if (roomy.length === 0) continue
      step.place(sharding, bytes, spread.holding, dp)
      for (const schedule of schedules) {
        step.order(schedule)
        const fits = step.memory.fillAll(spread.keepings.bytes, roomy.length, step.scope.hbmBytes)
        if (fits === 0) continue
        layered ??= priceLayers(job, sharding)
        this.rank(spread, fits, schedule, layered)
      }
    }
  }

  /** Those that fit: in full where their pipeline's list has room for what they can at best be. */
  private rank(spread: Spread, fits: number, schedule: ScheduleKind, layered: Layered): void {
    const { step, byTime, tally, draft } = this
    const { holding, keepings, optimizerSeconds } = spread
    const { pp, vpp } = holding
    const dp = this.question.job.cluster.gpus / (draft.tp * draft.cp * pp)
    const contest = this.best.of({ pp, vpp, schedule, dp, microBatch: draft.microBatch })
    const { fitting } = step.memory
    step.pass(layered)
    const hopeless = byTime && isAbove(step.leastOver(optimizerSeconds), contest.bar)
    for (let i = 0; i < fits && !hopeless; i++) {
      const keeping = keepings.roomy[fitting[i] as number] as Keeping
      if (byTime && isAbove(step.about(keeping), contest.bar)) continue
      step.fill(keeping)
      step.time(layered)
      this.judge(keeping, schedule, dp, contest)
    }
    tally.fitting += fits
    if (byTime) tally.feasible += fits
  }

  private judge({ zero, shardRanks }: Keeping, schedule: ScheduleKind, dp: number, contest: Contest): void {
    const { tally, goals, values, step } = this
    this.fill(step)
    if (!this.withinLimits(step.scope)) return
    if (!this.byTime) tally.feasible++
    for (let i = 0; i < goals.length; i++) {
      const goal = goals[i] as Goal
      values[i] = goal.sign * step.scope[goal.read]
    }
    if (!contest.admits(values)) return
    const { pp, vpp } = step.pipeline
    const least = goals[0]?.read === 'step.time' ? step.leastTime() : (values[0] as number)
    contest.offer({ values: [...values], least, like: this.sharding, pp, vpp, schedule, dp, zero, shardRanks })
  }

  private withinLimits(metrics: Readonly<Record<MetricName, number>>): boolean {
    const { limits } = this.question
    for (let i = 0; i < limits.length; i++) {
      if (limits[i]?.holds(metrics)) continue
      this.tally.refused[i] = (this.tally.refused[i] ?? 0) + 1
      return false
    }
    return true
  }
}

/** By more than sums in another order can differ. */
const isAbove = (seconds: number, bar: number): boolean => seconds * (1 - 1e-9) > bar

const STATES = shortages.indexOf('states')

const mostRemembered = 5_000

function remember<Made>(table: Map<string, Made>, key: string, make: () => Made): Made {
  const known = table.get(key)
  if (known !== undefined) return known
  if (table.size >= mostRemembered) table.clear()
  const made = make()
  table.set(key, made)
  return made
}

function shardingKey({
  tp,
  sp,
  cp,
  cpMode,
  ep,
  etp,
  microBatch,
  recompute,
  recomputeModules,
  overlapTp,
}: Strategy): string {
  return `${tp} ${sp} ${cp} ${cpMode} ${ep} ${etp} ${microBatch} ${recompute} ${recomputeModules} ${overlapTp}`
}
