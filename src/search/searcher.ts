/** One worker of a search: tries piece after piece, or strategies one by one. */
import { divisorsOf } from '../base/integers.ts'
import type { ProblemCode } from '../base/problems.ts'
import { type LayerBytes, layerBytes } from '../engine/activations.ts'
import { Step } from '../engine/compose.ts'
import { shortages } from '../engine/filling.ts'
import { type Holding, hold, type Keeping, keep } from '../engine/holding.ts'
import { type Layered, priceLayers } from '../engine/layered.ts'
import type { MetricName } from '../engine/metrics.ts'
import { ruleBroken } from '../engine/rules.ts'
import { spreadKey } from '../engine/stages.ts'
import type { ScheduleKind, Strategy } from '../engine/strategy.ts'
import { type Contest, type Shortlist, shortlist } from './order.ts'
import type { Piece } from './pieces.ts'
import { type Answer, addIllegal, emptyTally, type Question, type Tally } from './question.ts'
import { type Goal, goalOf, sheetOf } from './sheet.ts'
import { type Chunking, chunkingsOf, type Sharing, type Space, sharingsOf, spaceOf } from './space.ts'
import { type Spread, Spreads } from './spreads.ts'

type Draft = { -readonly [Name in keyof Strategy]: Strategy[Name] }

/** A pipeline that the rules allow, with what its stages hold. */
interface Split {
  readonly spread: Spread
  readonly dp: number
  readonly schedules: readonly ScheduleKind[]
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
  private readonly spreads: Spreads
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
    this.spreads = new Spreads(job)
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
    addIllegal(this.tally, code, count)
  }

  private countShortage(shortage: number, count: number): void {
    const { counts } = this.step.memory
    counts[shortage] = (counts[shortage] as number) + count
  }

  private chunkingsAt(pp: number): readonly Chunking[] {
    return remember(this.chunkings, pp, () => chunkingsOf(this.space, pp))
  }

  private sharingsAt(replicas: number): readonly Sharing[] {
    return remember(this.sharings, replicas, () => sharingsOf(this.space, replicas))
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
      if (!broken) return [{ spread: this.spreads.at(draft, sharings), dp, schedules }]
      this.reject(broken, schedules.length * sharings.length * space.recomputations.length)
      return []
    })
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

const mostRemembered = 512

function remember<Key, Made>(table: Map<Key, Made>, key: Key, make: () => Made): Made {
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
