/** The columns of a sweep. A row is numbers: words stand as their place in a list that the column brings along. */
import type { ProblemCode } from '../base/problems.ts'
import { catalogue } from '../engine/catalogue.ts'
import type { MetricName } from '../engine/metrics.ts'
import { cpModes, recomputes, type Strategy, schedules } from '../engine/strategy.ts'
import type { Unit } from '../units/unit.ts'

export interface ColumnSpec {
  readonly name: string
  readonly unit: Unit
  readonly kind: 'number' | 'count' | 'flag' | 'word'
  /** Of a word. */
  readonly words?: readonly string[]
}

/** What became of a point. */
export const states = ['fits', 'too-large', 'illegal', 'invalid', 'none'] as const
export type State = (typeof states)[number]

const count = (name: string): ColumnSpec => ({ name, unit: 'count', kind: 'count' })
const word = (name: string, words: readonly string[]): ColumnSpec => ({ name, unit: 'count', kind: 'word', words })
const flag = (name: string): ColumnSpec => ({ name, unit: 'count', kind: 'flag' })

/** The strategy of the row. */
export const strategyColumns: readonly ColumnSpec[] = [
  count('tp'),
  flag('sp'),
  count('cp'),
  word('cp_mode', cpModes),
  count('ep'),
  count('etp'),
  count('pp'),
  count('vpp'),
  word('schedule', schedules),
  count('dp'),
  count('zero'),
  count('shard_group'),
  count('micro_batch'),
  word('recompute', recomputes),
]

/** In the order of `strategyColumns`. */
export function writeStrategy(row: Float64Array, at: number, strategy: Strategy): void {
  const { tp, sp, cp, cpMode, ep, etp, pp, vpp, schedule, dp, zero, shardRanks, microBatch, recompute } = strategy
  row[at] = tp
  row[at + 1] = Number(sp)
  row[at + 2] = cp
  row[at + 3] = cpModes.indexOf(cpMode)
  row[at + 4] = ep
  row[at + 5] = etp
  row[at + 6] = pp
  row[at + 7] = vpp
  row[at + 8] = schedules.indexOf(schedule)
  row[at + 9] = dp
  row[at + 10] = zero
  row[at + 11] = shardRanks
  row[at + 12] = microBatch
  row[at + 13] = recomputes.indexOf(recompute)
}

export const usualMetrics = [
  'step.time',
  'mfu',
  'hfu',
  'utilization.effective',
  'throughput.tokens_per_second',
  'ratio.compute_to_communication',
  'ratio.compute_to_exposed',
  'step.compute',
  'step.recompute',
  'step.exposed',
  'step.bubble',
  'memory.peak',
  'memory.headroom',
  'run.days',
  'run.cost',
] as const satisfies readonly MetricName[]

export const metricColumns = (metrics: readonly MetricName[]): readonly ColumnSpec[] =>
  metrics.map((name) => ({ name, unit: catalogue[name].unit, kind: 'number' }))

export const stateColumns = (codes: readonly ProblemCode[]): readonly ColumnSpec[] => [
  word('state', states),
  word('why', codes),
]
