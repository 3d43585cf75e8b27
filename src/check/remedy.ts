/** What would help: changes of a single knob that the engine has simulated. */
import type { Job } from '../engine/job.ts'
import { isLegal } from '../engine/rules.ts'
import { estimate, simulate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Strategy } from '../engine/strategy.ts'

export interface Remedy {
  /** As the user would write it: `parallel.pp: 8`. */
  readonly change: string
  readonly label: string
  readonly simulation: Simulation
}

interface Knob {
  readonly change: string
  readonly label: string
  readonly turn: (strategy: Strategy) => Strategy
}

/** Fastest first among the changes that make a step shorter or, where the plan does not fit, that make it fit. */
export function remedies(simulation: Simulation, most = 3): readonly Remedy[] {
  const { job, strategy } = simulation
  const fitsNow = fits(simulation)
  const stepNow = simulation.metrics['step.time']
  return knobs(job, strategy)
    .map((knob) => ({ knob, turned: knob.turn(strategy) }))
    .filter(({ turned }) => isLegal(job, turned))
    .map(({ knob, turned }) => ({ change: knob.change, label: knob.label, simulation: estimate(job, turned) }))
    .filter(({ simulation: turned }) => fitsNow || fits(turned))
    .sort(byPromise)
    .slice(0, most + SPARE)
    .map((remedy) => ({ ...remedy, simulation: simulate(job, remedy.simulation.strategy) }))
    .filter((remedy) => !fitsNow || stepOf(remedy) < NOTICEABLE * stepNow)
    .sort(byPromise)
    .slice(0, most)
}

/** Candidates simulated beyond those wanted: the estimate that ranks them is not exact. */
const SPARE = 3

/** A smaller gain is not worth a change. */
const NOTICEABLE = 0.998

function byPromise(a: Remedy, b: Remedy): number {
  return Number(fits(b.simulation)) - Number(fits(a.simulation)) || stepOf(a) - stepOf(b) || (a.change < b.change ? -1 : 1)
}

function stepOf(remedy: Remedy): number {
  return remedy.simulation.metrics['step.time']
}

function fits({ metrics }: Simulation): boolean {
  return metrics['memory.headroom'] >= 0
}

function knobs(job: Job, strategy: Strategy): Knob[] {
  const { tp, pp, cp, vpp, microBatch, zero, recompute } = strategy
  const knob = (change: string, label: string, part: Partial<Strategy>): Knob => ({
    change,
    label,
    turn: (current) => refit(job, { ...current, ...part }),
  })
  const halfAndDouble = (n: number) => (n > 1 ? [n / 2, n * 2] : [n * 2])
  return [
    ...halfAndDouble(tp).map((n) => knob(`parallel.tp: ${n}`, `TP ${n}`, { tp: n, sp: n > 1 && (strategy.sp || tp === 1) })),
    ...halfAndDouble(pp).map((n) => knob(`parallel.pp: ${n}`, `PP ${n}`, { pp: n, ...(n === 1 ? { vpp: 1, schedule: '1f1b' } : {}) })),
    ...halfAndDouble(cp).map((n) => knob(`parallel.cp: ${n}`, `CP ${n}`, { cp: n })),
    ...(pp > 1 ? halfAndDouble(vpp).map((n) => knob(`parallel.vpp: ${n}`, `${n} chunks per stage`, { vpp: n, schedule: n > 1 ? 'interleaved' : '1f1b' })) : []),
    ...halfAndDouble(microBatch).map((n) => knob(`training.micro_batch: ${n}`, `micro-batch ${n}`, { microBatch: n })),
    ...(['none', 'selective', 'full'] as const)
      .filter((kind) => kind !== recompute)
      .map((kind) => knob(`training.recompute: ${kind}`, `recompute ${kind}`, { recompute: kind })),
    ...([0, 1, 2, 3] as const).filter((stage) => stage !== zero).map((stage) => knob(`parallel.zero: ${stage}`, `ZeRO ${stage}`, { zero: stage })),
    ...(tp > 1 && !strategy.sp ? [knob('parallel.sp: true', 'sequence parallelism', { sp: true })] : []),
    ...(tp > 1 && !strategy.overlapTp ? [knob('parallel.overlap.tp: true', 'overlap TP communication with matmuls', { overlapTp: true })] : []),
    ...(strategy.overlapGradients ? [] : [knob('parallel.overlap.gradients: true', 'overlap gradient reduction with backward', { overlapGradients: true })]),
    ...(pp > 1 && vpp === 1 && strategy.schedule !== 'zero-bubble' ? [knob('parallel.schedule: zero-bubble', 'zero-bubble schedule', { schedule: 'zero-bubble' })] : []),
  ].filter(({ turn }) => isWhole(turn(strategy)))
}

function isWhole({ tp, cp, pp, vpp, dp, microBatch }: Strategy): boolean {
  return [tp, cp, pp, vpp, dp, microBatch].every(Number.isInteger)
}

/** The data-parallel degree takes what the others leave; shards follow it unless they were a group of their own. */
function refit({ cluster }: Job, strategy: Strategy): Strategy {
  const dp = cluster.gpus / (strategy.tp * strategy.cp * strategy.pp)
  return { ...strategy, dp, shardRanks: dp * strategy.cp, layersPerChunk: [] }
}
