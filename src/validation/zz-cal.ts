/**
 * Constants fitted to a few measured runs of one cluster. What the catalog knows is the prior; of three factors on it
 * (sustained rates, host cost, network efficiency) only those move that the runs say more about than the catalog does.
 * The most likely values by Gauss and Newton, in logarithms: factors are as likely to halve as to double.
 */
import type { Job } from '../engine/job.ts'
import { simulate } from '../engine/simulate.ts'
import type { Strategy } from '../engine/strategy.ts'
import { type Ground, uncertaintyOf } from '../engine/uncertainty.ts'
import type { Measured } from '../scenario/schema.ts'
import { judge } from './measured.ts'
import { mean } from './statistics.ts'

export interface Observation {
  readonly job: Job
  readonly strategy: Strategy
  readonly measured: Measured
  readonly ground: Ground
}

export const knobs = ['sustained', 'host', 'network'] as const
export type Knob = (typeof knobs)[number]

/** On the numbers of the catalog; 1 leaves them. */
export type Factors = Readonly<Record<Knob, number>>

export interface Calibrated {
  readonly factors: Factors
  /** What the runs decide; the other factors are 1. */
  readonly fitted: readonly Knob[]
  /** Signed error of the time of a step, run by run. */
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** An 80 % range is so many standard deviations wide to each side. */
const deviations = 1.2816

/** What is left between runs of one cluster when its rate is right: the same run twice, and the model's own scatter. */
const noise = Number(process.env['NO'])

/** Standard deviations of ln of what stacks and fabrics differ in: leave-out errors say nothing of these alone. */
const hostSpread = 0.5
const networkSpread = 0.25

/** Of the variance that the catalog leaves a factor, the runs must take this share. */
const decided = Number(process.env['DE'])

const none: Factors = { sustained: 1, host: 1, network: 1 }

export function applied(job: Job, { sustained, host, network }: Factors): Job {
  const { cluster, software } = job
  const { device, scaleOut } = cluster
  return {
    ...job,
    cluster: {
      ...cluster,
      device: {
        ...device,
        matmulEfficiency: scaled(device.matmulEfficiency, sustained),
        attentionEfficiency: scaled(device.attentionEfficiency, sustained),
      },
      scaleOut: { ...scaleOut, efficiency: Math.min(1, scaleOut.efficiency * network) },
    },
    software: {
      ...software,
      hostSecondsPerLayer: software.hostSecondsPerLayer * host,
      hostSecondsPerMoeLayer: software.hostSecondsPerMoeLayer * host,
    },
  }
}

/** No kernel is faster than its peak. */
const scaled = <Name extends string>(rates: Readonly<Record<Name, number>>, factor: number) =>
  Object.fromEntries(Object.entries<number>(rates).map(([name, rate]) => [name, Math.min(1, rate * factor)])) as Record<
    Name,
    number
  >

/** Undefined where no run has a speed to compare with. */
export function calibrate(given: readonly Observation[]): Calibrated | undefined {
  const observations = given.filter(({ job, strategy, measured }) => judge(simulate(job, strategy), measured))
  if (observations.length === 0) return undefined
  const spreads: Factors = { sustained: spreadOf(observations), host: hostSpread, network: networkSpread }
  const before = observations.map((observation) => residual(observation, none))
  const fitted = decidedBy(observations, spreads)
  const factors = mostLikely(observations, fitted, spreads)
  const after = observations.map((observation) => residual(observation, factors))
  return { factors, fitted, before: before.map(Math.expm1), after: after.map(Math.expm1) }
}

/** How far the catalog's rates may be off, by the range that it gives these runs. */
function spreadOf(observations: readonly Observation[]): number {
  const shares = observations.map(
    ({ job, strategy, ground }) => uncertaintyOf(simulate(job, strategy), { ...ground, own: false }).share,
  )
  return Number(process.env['SP']) * Math.log1p(mean(shares)) / deviations
}

/** ln of predicted over measured. */
function residual({ job, strategy, measured }: Observation, factors: Factors): number {
  return Math.log1p(judge(simulate(applied(job, factors), strategy), measured)?.error ?? 0)
}

const step = 0.05

/** How the residual follows ln of a factor. */
function slope(observation: Observation, factors: Factors, knob: Knob): number {
  const at = (x: number) => residual(observation, { ...factors, [knob]: factors[knob] * Math.exp(x) })
  return (at(step) - at(-step)) / (2 * step)
}

/** One by one, what explains most first: a factor that another already explains is not moved for the same reason. */
function decidedBy(observations: readonly Observation[], spreads: Factors): readonly Knob[] {
  const slopes = observations.map((observation) => knobs.map((knob) => slope(observation, none, knob)))
  const covariance = posterior(slopes, knobs.map((knob) => spreads[knob]))
  const left = knobs.map((knob, i) => (covariance[i]?.[i] as number) / spreads[knob] ** 2)
  const found = knobs.filter((_, i) => (left[i] as number) < 1 - decided)
  return found.length > 0 ? found : [knobs[left.indexOf(Math.min(...left))] as Knob]
}

/** Covariance of the factors once the runs are seen. */
function posterior(slopes: readonly (readonly number[])[], spreads: readonly number[]): readonly (readonly number[])[] {
  return inverse(information(slopes, spreads))
}

function information(slopes: readonly (readonly number[])[], spreads: readonly number[]): number[][] {
  return spreads.map((spread, i) =>
    spreads.map((_, j) => {
      const seen = slopes.reduce((sum, row) => sum + ((row[i] as number) * (row[j] as number)) / noise ** 2, 0)
      return seen + (i === j ? 1 / spread ** 2 : 0)
    }),
  )
}

const rounds = 4

function mostLikely(observations: readonly Observation[], fitted: readonly Knob[], spreads: Factors): Factors {
  let factors = none
  for (let round = 0; round < rounds; round++) {
    const slopes = observations.map((observation) => fitted.map((knob) => slope(observation, factors, knob)))
    const residuals = observations.map((observation) => residual(observation, factors))
    const pull = fitted.map((knob, i) => {
      const seen = slopes.reduce((sum, row, at) => sum + ((row[i] as number) * (residuals[at] as number)) / noise ** 2, 0)
      return -seen - Math.log(factors[knob]) / spreads[knob] ** 2
    })
    const covariance = posterior(slopes, fitted.map((knob) => spreads[knob]))
    const moved = fitted.map((knob, i) => {
      const by = (covariance[i] as readonly number[]).reduce((sum, value, j) => sum + value * (pull[j] as number), 0)
      return [knob, factors[knob] * Math.exp(Math.max(-1, Math.min(1, by)))] as const
    })
    factors = { ...factors, ...Object.fromEntries(moved) }
  }
  return factors
}

/** Of a small positive definite matrix (Gauss and Jordan). */
function inverse(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const size = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let i = 0; i < size; i++) {
    const pivot = rows[i] as number[]
    const first = pivot[i] as number
    rows[i] = pivot.map((value) => value / first)
    for (let j = 0; j < size; j++) {
      const factor = j === i ? 0 : (rows[j] as number[])[i] as number
      rows[j] = (rows[j] as number[]).map((value, at) => value - factor * ((rows[i] as number[])[at] as number))
    }
  }
  return rows.map((row) => row.slice(size))
}
