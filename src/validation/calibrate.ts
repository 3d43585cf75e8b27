/**
 * Constants fitted to a few measured runs of one cluster. What the catalog knows is the prior. A run tells of each factor
 * on it as much as the factor has to do with its time, so one run moves several a little, and of another run's error only
 * the part goes that both have in common. The most likely values by Gauss and Newton, in logarithms: factors are as
 * likely to halve as to double.
 */
import type { Job } from '../engine/job.ts'
import { simulate } from '../engine/simulate.ts'
import type { Strategy } from '../engine/strategy.ts'
import { type DoubtName, doubts, doubtsOf, type Ground } from '../engine/uncertainty.ts'
import type { Measured } from '../scenario/schema.ts'
import { judge } from './measured.ts'
import { mean } from './statistics.ts'

export interface Observation {
  readonly job: Job
  readonly strategy: Strategy
  readonly measured: Measured
  readonly ground: Ground
}

export const knobs = ['matmul', 'attention', 'network', 'host'] as const
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
 * Standard deviations of ln of the factors: of rates in units of the spread that the range stands for, without what a
 * kind of layer adds; of the network by itself. And of a run around the right ones, in units of its own spread, with the
 * least that a measurement scatters. Chosen on sources left out of the fit of the rates, where one run of a source then
 * says most about its others: scripts/leave-out.ts.
 */
const rateSpreads = { matmul: 0.9, attention: 1.4 } as const
const networkSpread = 0.45
const scatter = 0.5
const leastScatter = 0.04

/** An estimate: errors on sources left out say nothing of it alone, so one run does not move it. */
const hostSpread = 0.3

/**
 * What a cost scatters between the runs of one source, in ln: of the error of a run that mostly waits for its network or
 * its host, more is its own and less tells of other runs. The most likely values on sources left out of the fit of the
 * rates are 0.25 of the network and 0 of rates, beside what all runs scatter; of the host it is the root of the mean square
 * over the runs of vTrain's single node (arXiv:2312.12391) that mostly wait for it.
 */
const ownScatter: Factors = { matmul: 0, attention: 0, network: 0.25, host: 0.2 }

/** Of the variance that the catalog leaves the host's cost, the runs must take this share: where they confuse it, nothing. */
const decided = 0.5
/** With less than this taken they say nothing at all. */
const heard = 0.01

/** They say how little is known of such layers, and nothing of the rates of the chip. */
const ofLayers: readonly DoubtName[] = ['moe', 'scan', 'unmeasured']

const none: Factors = { matmul: 1, attention: 1, network: 1, host: 1 }

export function applied(job: Job, { matmul, attention, network, host }: Factors): Job {
  const { cluster, software } = job
  const { device, scaleOut } = cluster
  return {
    ...job,
    cluster: {
      ...cluster,
      device: {
        ...device,
        matmulEfficiency: scaled(device.matmulEfficiency, matmul),
        attentionEfficiency: scaled(device.attentionEfficiency, attention),
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
  const evidence = evidenceOf(observations)
  const before = observations.map((observation) => residual(observation, none))
  const fitted = decidedBy(evidence)
  const factors = mostLikely(evidence, fitted)
  const after = observations.map((observation) => residual(observation, factors))
  return { factors, fitted, before: before.map(Math.expm1), after: after.map(Math.expm1) }
}

interface Evidence {
  readonly observations: readonly Observation[]
  /** How each run follows ln of each factor, at one. */
  readonly slopes: readonly (readonly number[])[]
  /** Standard deviation of ln of each factor. */
  readonly spreads: Factors
  /** And of each run around the right ones. */
  readonly noise: readonly number[]
}

function evidenceOf(observations: readonly Observation[]): Evidence {
  const rates = mean(observations.map((observation) => spreadOf(observation, (name) => !ofLayers.includes(name))))
  const slopes = observations.map((observation) => knobs.map((knob) => slope(observation, none, knob)))
  return {
    observations,
    slopes,
    spreads: {
      matmul: rateSpreads.matmul * rates,
      attention: rateSpreads.attention * rates,
      network: networkSpread,
      host: hostSpread,
    },
    noise: observations.map((observation, run) => noiseOf(observation, slopes[run] as readonly number[])),
  }
}

/** Standard deviation of ln of the time of a run around the right factors. */
function noiseOf(observation: Observation, slopes: readonly number[]): number {
  const own = knobs.map((knob, i) => ownScatter[knob] * (slopes[i] as number))
  return Math.hypot(scatter * spreadOf(observation, () => true), leastScatter, ...own)
}

/** Of ln of the time, by those doubts about the run that count here. */
function spreadOf({ job, strategy, ground }: Observation, counts: (name: DoubtName) => boolean): number {
  const names = doubtsOf(simulate(job, strategy), { ...ground, own: false }).filter(counts)
  return Math.log1p(Math.hypot(...names.map((name) => doubts[name].share))) / deviations
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

/** What the runs say something about. */
function decidedBy(evidence: Evidence): readonly Knob[] {
  const { slopes, spreads } = evidence
  const covariance = posterior(slopes, evidence, knobs)
  const taken = (knob: Knob, i: number) => 1 - (covariance[i]?.[i] as number) / spreads[knob] ** 2
  return knobs.filter((knob, i) => taken(knob, i) > (knob === 'host' ? decided : heard))
}

/** Covariance of the factors once the runs are seen. */
function posterior(slopes: readonly (readonly number[])[], { spreads, noise }: Evidence, of: readonly Knob[]) {
  const information = of.map((knob, i) =>
    of.map((_, j) => {
      const seen = slopes.reduce(
        (sum, row, run) => sum + ((row[i] as number) * (row[j] as number)) / (noise[run] as number) ** 2,
        0,
      )
      return seen + (i === j ? 1 / spreads[knob] ** 2 : 0)
    }),
  )
  return inverse(information)
}

const rounds = 5

/**
 * A chip that nobody ran may be far off, and a normal distribution knows no far: its rates are spread as by Student's t with
 * so many degrees of freedom (Lange, Little and Taylor 1989, doi:10.1080/01621459.1989.10478852), whose most likely values
 * are those of a normal one that is wider where a rate has moved.
 */
const freedom = 4

const ran = ({ job }: Observation): boolean => job.cluster.device.calibrated

function widened({ matmul, attention, network, host }: Factors, factors: Factors): Factors {
  const wide = (spread: number, factor: number) =>
    Math.sqrt((freedom * spread ** 2 + Math.log(factor) ** 2) / (freedom + 1))
  return { matmul: wide(matmul, factors.matmul), attention: wide(attention, factors.attention), network, host }
}

/** Farther than this the slope at one place says nothing about another. */
const farthest = 1

function mostLikely(evidence: Evidence, fitted: readonly Knob[]): Factors {
  const { observations, noise } = evidence
  let factors = none
  for (let round = 0; round < rounds; round++) {
    const spreads = observations.some(ran) ? evidence.spreads : widened(evidence.spreads, factors)
    const slopes = observations.map((observation) => fitted.map((knob) => slope(observation, factors, knob)))
    const residuals = observations.map((observation) => residual(observation, factors))
    const pull = fitted.map((knob, i) => {
      const seen = slopes.reduce(
        (sum, row, run) => sum + ((row[i] as number) * (residuals[run] as number)) / (noise[run] as number) ** 2,
        0,
      )
      return -seen - Math.log(factors[knob]) / spreads[knob] ** 2
    })
    const covariance = posterior(slopes, { ...evidence, spreads }, fitted)
    const moved = fitted.map((knob, i) => {
      const by = (covariance[i] as readonly number[]).reduce((sum, value, j) => sum + value * (pull[j] as number), 0)
      return [knob, factors[knob] * Math.exp(Math.max(-farthest, Math.min(farthest, by)))] as const
    })
    factors = { ...factors, ...Object.fromEntries(moved) }
  }
  return factors
}

/**
 * Of several runs the one to measure if only one can be: what it says of the factors leaves least open about the times of
 * the others, each in units of what is open now (in sum of logarithms: the entropy, Lindley 1956,
 * doi:10.1214/aoms/1177728069). Measurements are not looked at.
 */
export function mostTelling(observations: readonly Observation[]): number {
  const { noise, spreads, ...evidence } = evidenceOf(observations)
  const slopes = evidence.slopes.map((row) => row.map((each, i) => each * spreads[knobs[i] as Knob]))
  const shared = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, knob) => sum + x * (b[knob] as number), 0)
  const open = slopes.map((own, i) => shared(own, own) + (noise[i] as number) ** 2)
  const left = slopes.map((own, i) =>
    slopes.reduce((sum, other, j) => {
      const told = shared(own, other) ** 2 / (open[i] as number)
      return sum + Math.log(1 - told / (open[j] as number))
    }, 0),
  )
  return left.indexOf(Math.min(...left))
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
