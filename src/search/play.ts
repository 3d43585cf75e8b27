/** The shortlist played out: the closed form ranked it, the pipeline pass by pass decides. */
import type { Job } from '../engine/job.ts'
import { Players } from '../engine/schedule/players.ts'
import { simulate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import { microBatchesOf, type Strategy } from '../engine/strategy.ts'
import { beats, byFields, byPromise, type Found, pipelineOf } from './order.ts'
import type { Question } from './question.ts'
import { type Goal, goalOf } from './sheet.ts'

/** Passes that may be played to compare pipelines: about a second's worth. */
const passesToPlay = 1_000_000

export interface Played {
  readonly values: readonly number[]
  readonly simulation: Simulation
}

/** Best first. Of one goal as many as asked for, of several the front. `others` compete too, where they are allowed. */
export function playOut(
  question: Question,
  found: readonly Found[],
  count: number,
  others: readonly Strategy[],
): Played[] {
  const table = new Table(question)
  for (const strategy of others) table.play(strategy)
  if (question.goals.length > 1) for (const { strategy } of found) table.play(strategy)
  else playBest(table, found, count)
  const ranked = table.allowed.sort(byPlay)
  return question.goals.length > 1
    ? ranked.filter((one) => !ranked.some((other) => beats(other.values, one.values)))
    : ranked.slice(0, count)
}

/** The first of each pipeline shows how far the closed form is off for it; then the best by what that foretells. */
function playBest(table: Table, found: readonly Found[], count: number): void {
  const off = new Map<number, number>()
  let left = passesToPlay
  for (const { strategy, values, least } of found) {
    const pipeline = pipelineOf(strategy)
    if (off.has(pipeline) || least > table.best) continue
    left -= passesOf(table.job, strategy)
    if (left < 0 && off.size > 0) break
    off.set(pipeline, (table.play(strategy).values[0] as number) / (values[0] as number))
  }
  const foretold = found
    .map((one) => ({ ...one, values: [(one.values[0] as number) * (off.get(pipelineOf(one.strategy)) ?? 1)] }))
    .filter(({ strategy }) => off.has(pipelineOf(strategy)))
    .sort(byPromise)
  for (const { strategy } of foretold.slice(0, 2 * count)) table.play(strategy)
}

function passesOf(job: Job, strategy: Strategy): number {
  return 2 * strategy.pp * strategy.vpp * microBatchesOf(job.batch.globalBatch, strategy)
}

function byPlay(a: Played, b: Played): number {
  const difference = a.values.map((value, at) => value - (b.values[at] as number)).find((delta) => delta !== 0)
  return difference ?? byFields(a.simulation.strategy, b.simulation.strategy)
}

/** Each strategy is played once. */
class Table {
  readonly job: Job
  private readonly goals: readonly Goal[]
  private readonly question: Question
  private readonly played = new Map<string, Played>()
  private readonly players = new Players()
  best = Number.POSITIVE_INFINITY

  constructor(question: Question) {
    this.question = question
    this.job = question.job
    this.goals = question.goals.map(goalOf)
  }

  play(strategy: Strategy): Played {
    const key = JSON.stringify(strategy)
    const known = this.played.get(key)
    if (known) return known
    const simulation = simulate(this.job, strategy, this.players)
    const made = { simulation, values: this.goals.map(({ read, sign }) => sign * simulation.metrics[read]) }
    this.played.set(key, made)
    if (this.allows(made)) this.best = Math.min(this.best, made.values[0] as number)
    return made
  }

  /** A limit that the closed form kept may be broken by the pipeline as it is. */
  private allows({ simulation: { metrics } }: Played): boolean {
    return metrics['memory.headroom'] >= 0 && this.question.limits.every(({ holds }) => holds(metrics))
  }

  get allowed(): Played[] {
    return [...this.played.values()].filter((one) => this.allows(one))
  }
}
