/** The optimizer's step: number by number over what a rank keeps, and matrix by matrix where the method wants them whole. */
import type { Job } from '../job.ts'
import type { Layout } from '../layout.ts'
import { price } from '../price/operation.ts'
import type { Stage } from '../stages.ts'
import type { Strategy } from '../strategy.ts'
import type { Timing } from '../timing.ts'
import { asTeams, dealt, type Pool, poolsOf, worksOnMatrices } from './homes.ts'
import { wireBytesOf } from './kinds.ts'
import type { WeightMatrix } from './matrices.ts'
import { flopOfWork, workOnMatrix } from './matrix-work.ts'
import { momentBytes, shardsOf } from './state.ts'

type Timed = readonly { readonly timing: Timing; readonly times: number }[]

export interface OptimizerStep {
  /** Of the busiest rank of the stage. */
  readonly operations: Timed
  readonly seconds: number
}

interface Context {
  readonly job: Job
  readonly strategy: Strategy
  readonly layout: Layout
  readonly stage: Stage
}

export function stepOptimizer(context: Context): OptimizerStep {
  const update = priceUpdate(context)
  if (!worksOnMatrices(context.job)) return { operations: [{ timing: update, times: 1 }], seconds: update.seconds }
  const operations = [{ timing: update, times: 1 }, ...settledPools(context).flatMap(({ timed }) => timed)]
  return { operations, seconds: secondsOf(operations) }
}

/** Of all ranks of a stage. What goes number by number is not counted, as in norms and activations. */
export function optimizerFlop(context: Context): number {
  if (!worksOnMatrices(context.job)) return 0
  return settledPools(context).reduce((sum, { pool }) => sum + pool.copies * flopOf(context.job, pool), 0)
}

const secondsOf = (timed: Timed): number => timed.reduce((sum, { timing, times }) => sum + times * timing.seconds, 0)

/** Matrices dealt out whole or worked on in teams: whichever is faster. Teams are known for Muon alone. */
function settledPools({ job, strategy, layout, stage }: Context): readonly { pool: Pool; timed: Timed }[] {
  const timedAs = (pool: Pool) => ({ pool, timed: [...route(job, layout, pool), ...workOf(job, layout, pool)] })
  return poolsOf(job, strategy, stage).map((pool) => {
    const whole = timedAs(pool)
    const team = job.optimizer.kind === 'muon' ? asTeams(pool) : undefined
    if (!team) return whole
    const split = timedAs(team)
    return secondsOf(split.timed) < secondsOf(whole.timed) ? split : whole
  })
}

/** Kernels of a fused optimizer over flat buffers: norm, clip, step, copy. */
const OPTIMIZER_KERNELS = 4

/**
 * Every state is read and written, the gradient read twice (its norm comes first), the weights written: 30 bytes per
 * parameter for AdamW in mixed precision and 4 for the norm. What travels is written before and read after.
 */
function priceUpdate({ job, strategy, layout, stage }: Context): Timing {
  const { masterBytes, weightBytes, gradientBytes } = job.precision
  const { parameters, expertParameters } = shardsOf(strategy, stage)
  const updated = masterBytes > 0 ? 2 * masterBytes + weightBytes : 2 * weightBytes
  const perWeight = updated + 2 * gradientBytes + 2 * wireBytesOf(job.optimizer)
  const bytes = (parameters + expertParameters) * perWeight + 2 * momentBytes(job, strategy, stage)
  const operation = {
    kind: 'elementwise',
    name: 'optimizer',
    phase: 'step',
    bytes,
    kernels: OPTIMIZER_KERNELS,
  } as const
  return price(operation, job, layout)
}

/** The parts of each matrix go to its home, and the step comes back: an all-to-all each way per group it is spread over. */
function route(job: Job, layout: Layout, { name, weights, homes, team, spread }: Pool): Timed {
  const bytes = (wireBytesOf(job.optimizer) * weights) / (homes * team.ranks)
  return spread
    .filter(({ ranks }) => ranks > 1)
    .map(({ dimension, group }) => {
      const operation = {
        kind: 'collective',
        name: `optimizer.${name}.route.${dimension}`,
        phase: 'step',
        collective: 'all-to-all',
        dimension,
        bytes,
        hidden: 0,
        rate: 1,
      } as const
      return { timing: price(operation, job, { ...layout, [dimension]: layout[group] }), times: 2 }
    })
}

function workOf(job: Job, layout: Layout, pool: Pool): Timed {
  return dealt(pool)
    .filter(([, rounds]) => rounds > 0)
    .flatMap(([unit, rounds]) =>
      workOnMatrix(job, unit, pool.team).map(([operation, times]) => ({
        timing: price(operation, job, layout),
        times: times * rounds,
      })),
    )
}

/** Of one copy of a pool. */
function flopOf(job: Job, { units, team }: Pool): number {
  const perRank = (unit: WeightMatrix) =>
    workOnMatrix(job, unit, team).reduce((sum, [operation, times]) => sum + times * flopOfWork(operation), 0)
  return units.reduce((sum, unit) => sum + unit.count * team.ranks * perRank(unit), 0)
}
