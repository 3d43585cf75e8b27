/** How a job grows with its cluster: the best strategy at each size, and what the next chip is worth. */
import type { Job } from '../engine/job.ts'
import type { MetricName, Metrics } from '../engine/metrics.ts'
import { simulate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Strategy } from '../engine/strategy.ts'
import { playOut } from './play.ts'
import type { Limit } from './question.ts'
import { search } from './search.ts'
import type { Fixed } from './space.ts'

/** strong: the batch stays; weak: it grows with the cluster. */
export type Growth = 'strong' | 'weak'

export interface ScalePoint {
  readonly gpus: number
  readonly globalBatch: number
  /** Absent where nothing fits. */
  readonly best?: Simulation
  /** d ln(throughput) / d ln N towards this size: 1 is perfect, 0 a chip for nothing. */
  readonly gain?: number
  readonly binds?: Binding
}

/** What keeps the utilization from being what one node's is. */
export type Binding = 'memory' | 'bandwidth' | 'latency' | 'batch' | 'reliability' | 'compute'

export interface ScaleQuestion {
  readonly job: Job
  readonly given: Strategy
  readonly fixed: Fixed
  readonly limits: readonly Limit[]
}

export function jobAt(job: Job, gpus: number, growth: Growth): Job {
  const factor = growth === 'weak' ? gpus / job.cluster.gpus : 1
  const globalBatch = Math.max(1, Math.round(job.batch.globalBatch * factor))
  return { ...job, cluster: { ...job.cluster, gpus }, batch: { ...job.batch, globalBatch } }
}

export function bestAt({ job, given, fixed, limits }: ScaleQuestion, gpus: number, growth: Growth): ScalePoint {
  const asked = jobAt(job, gpus, growth)
  const question = { job: asked, given, fixed, limits, goals: ['step.time' as const], most: 3 }
  const best = playOut(question, search(question).found, 1, [])[0]?.simulation
  const { globalBatch } = asked.batch
  return best ? { gpus, globalBatch, best, binds: bindingOf(best) } : { gpus, globalBatch }
}

/** With the gain from each size to the next that has an answer. */
export function withGains(points: readonly ScalePoint[]): readonly ScalePoint[] {
  let before: ScalePoint | undefined
  return points.map((point) => {
    const gain = before && gainBetween(before, point)
    if (point.best) before = point
    return gain === undefined ? point : { ...point, gain }
  })
}

const useful = ({ best }: ScalePoint): number => {
  if (!best) return Number.NaN
  return best.metrics['throughput.tokens_per_second'] * best.metrics.goodput
}

function gainBetween(before: ScalePoint, now: ScalePoint): number | undefined {
  if (!before.best || !now.best) return undefined
  return Math.log(useful(now) / useful(before)) / Math.log(now.gpus / before.gpus)
}

/** The first size at which a chip brings half of what it should, between two sizes by the logarithm. */
export function kneeOf(points: readonly ScalePoint[], at = 0.5): number | undefined {
  const gained = points.filter((point) => point.gain !== undefined)
  const first = gained.findIndex(({ gain }) => (gain as number) < at)
  if (first < 0) return undefined
  const now = gained[first] as ScalePoint
  const before = gained[first - 1]
  if (!before) return now.gpus
  const share = ((before.gain as number) - at) / ((before.gain as number) - (now.gain as number))
  return Math.round(Math.exp(Math.log(before.gpus) + share * Math.log(now.gpus / before.gpus)))
}

/** The largest size up to which every answer keeps the floor. */
export function largestThat(
  points: readonly ScalePoint[],
  keeps: (metrics: Metrics) => boolean,
): ScalePoint | undefined {
  const broken = points.findIndex(({ best }) => best !== undefined && !keeps(best.metrics))
  const within = (broken < 0 ? points : points.slice(0, broken)).filter(({ best }) => best !== undefined)
  return within.at(-1)
}

/** How much of the step goes where, as causes of scale. */
const shares: Readonly<Record<'bandwidth' | 'batch', readonly MetricName[]>> = {
  bandwidth: ['step.exposed'],
  // Too few micro-batches to fill the pipeline.
  batch: ['step.bubble'],
}

/**
 * The largest loss names the binding limit. Exposed communication is bandwidth or latency by what free latencies would
 * save; recomputation, and a pipeline deeper than it would be with more memory, count as memory.
 */
export function bindingOf(simulation: Simulation): Binding {
  const { metrics, job, strategy } = simulation
  const sum = (names: readonly MetricName[]) => names.reduce((total, name) => total + metrics[name], 0)
  const exposed = sum(shares.bandwidth)
  const freed = simulate(withoutLatency(job), strategy).metrics
  const latency = Math.max(0, metrics['step.time'] - freed['step.time'])
  const losses: readonly (readonly [Binding, number])[] = [
    ['bandwidth', Math.max(0, exposed - latency)],
    ['latency', latency],
    ['batch', sum(shares.batch)],
    ['memory', metrics['step.recompute']],
    ['reliability', metrics['step.time'] * (1 / metrics.goodput - 1)],
  ]
  const [binding, loss] = losses.reduce((most, one) => (one[1] > most[1] ? one : most))
  // Less than this, and the kernels themselves are what is left to improve.
  return loss < 0.03 * metrics['step.time'] ? 'compute' : binding
}

function withoutLatency(job: Job): Job {
  const { scaleUp, scaleOut } = job.cluster
  return {
    ...job,
    cluster: { ...job.cluster, scaleUp: { ...scaleUp, stepSeconds: 0 }, scaleOut: { ...scaleOut, stepSeconds: 0 } },
    calibration: {
      ...job.calibration,
      collectiveSeconds: 0,
      rampSeconds: 0,
      crossingStepSeconds: 0,
      allToAllPeerSeconds: 0,
      treeStepSeconds: 0,
      pointToPointSeconds: 0,
    },
  }
}
