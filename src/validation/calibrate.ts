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

/**
 * Of the spread that such a range stands for: what the runs of one source have in common, so that one of them tells of
 * the others, and what is left between them. Measured on sources left out of the fit: scripts/leave-out.ts.
 */
const common = 0.69
const scatter = 0.64

/** Standard deviations of ln of the other two, estimates: errors on sources left out say nothing of these alone. */
const hostSpread = 0.3
const networkSpread = 0.1

/** Of the variance that the catalog leaves a factor, the runs must take this share: of two that runs confuse, neither. */
const decided = 0.5

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
  const spread = spreadOf(observations)
  const spreads: Factors = { sustained: common * spread, host: hostSpread, network: networkSpread }
  const evidence: Evidence = { observations, spreads, noise: scatter * spread }
  const before = observations.map((observation) => residual(observation, none))
  const fitted = decidedBy(evidence)
  const factors = mostLikely(evidence, fitted)
  const after = observations.map((observation) => residual(observation, factors))
  return { factors, fitted, before: before.map(Math.expm1), after: after.map(Math.expm1) }
}

interface Evidence {
  readonly observations: readonly Observation[]
  /** Standard deviation of ln of each factor, and of each run around the right ones. */
  readonly spreads: Factors
  readonly noise: number
}

/** How far the catalog's rates may be off, by the range that it gives these runs. */
function spreadOf(observations: readonly Observation[]): number {
  const shares = observations.map(
    ({ job, strategy, ground }) => uncertaintyOf(simulate(job, strategy), { ...ground, own: false }).share,
  )
  return Math.log1p(mean(shares)) / deviations
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

/** Any run tells of the sustained rates; of the others, several that differ do, where they say more than the catalog. */
function decidedBy({ observations, spreads, noise }: Evidence): readonly Knob[] {
  if (observations.length < 2) return ['sustained']
  const slopes = observations.map((observation) => knobs.map((knob) => slope(observation, none, knob)))
  const covariance = posterior(slopes, spreads, knobs, noise)
  const left = (knob: Knob, i: number) => (covariance[i]?.[i] as number) / spreads[knob] ** 2
  return knobs.filter((knob, i) => knob === 'sustained' || left(knob, i) < 1 - decided)
}

/** Covariance of the factors once the runs are seen. */
function posterior(slopes: readonly (readonly number[])[], spreads: Factors, of: readonly Knob[], noise: number) {
  const information = of.map((knob, i) =>
    of.map((_, j) => {
      const seen = slopes.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), 0) / noise ** 2
      return seen + (i === j ? 1 / spreads[knob] ** 2 : 0)
    }),
  )
  return inverse(information)
}

const rounds = 2

/** Farther than this the slope at one place says nothing about another. */
const farthest = 1

function mostLikely({ observations, spreads, noise }: Evidence, fitted: readonly Knob[]): Factors {
  let factors = none
  for (let round = 0; round < rounds; round++) {
    const slopes = observations.map((observation) => fitted.map((knob) => slope(observation, factors, knob)))
    const residuals = observations.map((observation) => residual(observation, factors))
    const pull = fitted.map((knob, i) => {
      const seen = slopes.reduce((sum, row, run) => sum + (row[i] as number) * (residuals[run] as number), 0)
      return -seen / noise ** 2 - Math.log(factors[knob]) / spreads[knob] ** 2
    })
    const covariance = posterior(slopes, spreads, fitted, noise)
    const moved = fitted.map((knob, i) => {
      const by = (covariance[i] as readonly number[]).reduce((sum, value, j) => sum + value * (pull[j] as number), 0)
      return [knob, factors[knob] * Math.exp(Math.max(-farthest, Math.min(farthest, by)))] as const
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
      const factor = j === i ? 0 : ((rows[j] as number[])[i] as number)
      rows[j] = (rows[j] as number[]).map((value, at) => value - factor * ((rows[i] as number[])[at] as number))
    }
  }
  return rows.map((row) => row.slice(size))
}
