/** One point of a sweep: the scenario with other values, its strategy or the best one, and its metrics as a row. */
import { type ProblemCode, problems } from '../base/problems.ts'
import type { MetricName } from '../engine/metrics.ts'
import { ruleBroken } from '../engine/rules.ts'
import { type Resolved, resolve } from '../scenario/resolve.ts'
import { brokenScenarioRules } from '../scenario/rules.ts'
import type { Scenario } from '../scenario/schema.ts'
import { playOut } from '../search/play.ts'
import type { Question } from '../search/question.ts'
import { search } from '../search/search.ts'
import type { Fixed } from '../search/space.ts'
import { type Likeness, Pricer } from './pricer.ts'
import {
  type ColumnSpec,
  metricColumns,
  type State,
  stateColumns,
  states,
  strategyColumns,
  writeStrategy,
} from './table.ts'
import { digitsAt, type Grid } from './vary.ts'

/** Values of a path as the scenario holds them, and as they were written. */
export interface Axis {
  readonly path: readonly string[]
  readonly values: readonly unknown[]
  readonly column: ColumnSpec
}

/** A path whose value follows from others. */
export interface Follower {
  readonly path: readonly string[]
  readonly column: ColumnSpec
  readonly value: (scenario: Scenario) => number
}

/** closed: of the strategy given, its pipeline in closed form; played: pass by pass; best: of the best strategy. */
export type Mode = 'closed' | 'played' | 'best'

export interface SweepPlan {
  readonly scenario: Scenario
  readonly axes: readonly Axis[]
  readonly followers: readonly Follower[]
  readonly grid: Grid
  readonly metrics: readonly MetricName[]
  readonly mode: Mode
  readonly fixed: Fixed
  readonly limits: Question['limits']
}

const codes = Object.keys(problems) as readonly ProblemCode[]

export function columnsOf({
  axes,
  followers,
  metrics,
}: Pick<SweepPlan, 'axes' | 'followers' | 'metrics'>): ColumnSpec[] {
  return [
    ...axes.map(({ column }) => column),
    ...followers.map(({ column }) => column),
    ...stateColumns(codes),
    ...strategyColumns,
    ...metricColumns(metrics),
  ]
}

/** The scenario with the first axes turned. */
interface Layer {
  readonly digit: number
  readonly scenario: Scenario
}

export class Sweeper {
  private readonly plan: SweepPlan
  private readonly pricer: Pricer
  private readonly digits: Int32Array
  /** Which of the values that a row begins with tell two points apart. */
  private readonly columns: { readonly [Part in keyof Likeness]: readonly number[] }
  readonly width: number
  private readonly layers: Layer[]
  private last: { readonly scenario: Scenario; readonly resolved: Resolved } | undefined

  constructor(plan: SweepPlan) {
    this.plan = plan
    this.pricer = new Pricer([...plan.metrics, 'memory.headroom'], plan.mode === 'closed' ? 'closed' : 'played')
    this.digits = new Int32Array(plan.axes.length)
    const paths = [...plan.axes, ...plan.followers].map(({ path }) => path.join('.'))
    const where = (bears: (path: string) => boolean) => [...paths.keys()].filter((at) => bears(paths[at] as string))
    const bears = (path: string) => !/^(?:economics|reliability)\./u.test(path)
    this.columns = {
      model: where((path) => /^(?:model|training)\./u.test(path)),
      near: where((path) => bears(path) && !path.startsWith('cluster.scale_out.')),
      whole: where(bears),
    }
    this.layers = [{ digit: -1, scenario: plan.scenario }]
    this.width = columnsOf(plan).length
  }

  /** NaN where there is nothing to say. */
  write(point: number, row: Float64Array): void {
    const { axes, followers } = this.plan
    row.fill(Number.NaN)
    const scenario = this.scenarioAt(point, row)
    const at = axes.length + followers.length
    const broken = contradictionsOf(scenario)[0]
    if (broken) {
      this.say(row, at, 'invalid', broken.code)
      return
    }
    const resolved = this.resolve(scenario)
    if (this.plan.mode === 'best') this.writeBest(row, at, resolved)
    else this.writeGiven(row, at, resolved)
  }

  private writeGiven(row: Float64Array, at: number, { job, strategy }: Resolved): void {
    writeStrategy(row, at + 2, strategy)
    const rule = ruleBroken(job, strategy, 'sharding') ?? ruleBroken(job, strategy, 'split')
    if (rule) {
      this.say(row, at, 'illegal', rule)
      return
    }
    this.writeMetrics(row, at, this.pricer.price(job, strategy, this.likenessOf(row)))
  }

  private likenessOf(row: Float64Array): Likeness {
    const { model, near, whole } = this.columns
    const { digits } = this
    const name = (columns: readonly number[]) =>
      columns.reduce((text, at) => `${text} ${at < digits.length ? digits[at] : row[at]}`, '')
    return { model: name(model), near: name(near), whole: name(whole) }
  }

  private scenarioAt(point: number, row: Float64Array): Scenario {
    const { axes, followers, grid } = this.plan
    digitsAt(grid, point, this.digits)
    axes.forEach(({ values, column }, at) => {
      const digit = this.digits[at] as number
      row[at] = column.kind === 'word' ? digit : Number(values[digit])
    })
    return followers.reduce((scenario, { path, value }, at) => {
      const made = value(scenario)
      row[axes.length + at] = made
      return withValue(scenario, path, made)
    }, this.varied())
  }

  /** Sections that no turn has touched stay the same objects, so that what was worked out for them holds. */
  private varied(): Scenario {
    const { layers, digits, plan } = this
    const turned = plan.axes.findIndex((_, at) => layers[at + 1]?.digit !== digits[at])
    if (turned >= 0) layers.length = turned + 1
    for (let at = layers.length - 1; at < plan.axes.length; at++) {
      const { path, values } = plan.axes[at] as Axis
      const digit = digits[at] as number
      const below = (layers[at] as Layer).scenario
      layers.push({ digit, scenario: withValue(below, path, values[digit]) })
    }
    return (layers.at(-1) as Layer).scenario
  }

  /** The same model is the same object from point to point. */
  private resolve(scenario: Scenario): Resolved {
    const fresh = resolve(scenario)
    const { last } = this
    const same = last && last.scenario.model === scenario.model
    const resolved = same ? { ...fresh, job: { ...fresh.job, model: last.resolved.job.model } } : fresh
    this.last = { scenario, resolved }
    return resolved
  }

  private writeBest(row: Float64Array, at: number, { job, strategy }: Resolved): void {
    const { fixed, limits } = this.plan
    const question: Question = { job, given: strategy, fixed, limits, goals: ['step.time'], most: 3 }
    const winner = bestOf(question)
    if (!winner) {
      this.say(row, at, 'none')
      return
    }
    writeStrategy(row, at + 2, winner.strategy)
    this.writeMetrics(row, at, winner.metrics)
  }

  private writeMetrics(row: Float64Array, at: number, metrics: Readonly<Record<MetricName, number>>): void {
    const first = at + 2 + strategyColumns.length
    this.plan.metrics.forEach((name, index) => {
      const value = metrics[name]
      // A ratio over nothing has no number.
      row[first + index] = Number.isFinite(value) ? value : Number.NaN
    })
    this.say(row, at, metrics['memory.headroom'] >= 0 ? 'fits' : 'too-large')
  }

  private say(row: Float64Array, at: number, state: State, why?: ProblemCode): void {
    row[at] = states.indexOf(state)
    if (why) row[at + 1] = codes.indexOf(why)
  }
}

/** What no cluster could be. A link faster than those of today is no slip of the pen here, but the question. */
export function contradictionsOf(scenario: Scenario): ReturnType<typeof brokenScenarioRules> {
  return brokenScenarioRules(scenario).filter(({ code }) => code !== 'cluster/both-directions')
}

export function bestOf(question: Question) {
  const [best] = playOut(question, search(question).found, 1, [])
  return best?.simulation
}

/** A copy in which one value is another; the rest is shared. */
export function withValue<Tree>(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [key, ...rest] = path
  if (key === undefined) return value as Tree
  const section = (tree ?? {}) as Readonly<Record<string, unknown>>
  return { ...section, [key]: withValue(section[key], rest, value) } as Tree
}

export function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], tree)
}
