/** Where on the road of more GPUs the thresholds are passed. */
import type { Absorbed } from '../../../growth/answer/absorb.ts'
import { cell, column, row, type Table } from '../../report.ts'
import { count, flop, times } from './words.ts'

export function aheadTable({ ahead, point }: Absorbed): Table {
  const here = point.settled.machine.chips
  return {
    kind: 'table',
    title: 'On the road of more GPUs',
    aside: 'same time, utilization held',
    columns: [
      column(''),
      column('compute', 'right'),
      column('GPUs', 'right'),
      column('from here', 'right'),
      column('what binds there'),
    ],
    rows: ahead.map(({ threshold, offeredFlop, chips, passed, binding }) =>
      row(
        cell(thresholdWords[threshold]),
        cell(flop(offeredFlop)),
        cell(count(chips)),
        cell(times(chips / here), passed ? 'warn' : 'plain'),
        cell(binding),
      ),
    ),
  }
}

export const thresholdWords = {
  'half at the margin': 'm < 0.5: 1 % more brings half a per cent',
  'half of all': 'A < 0.5: half of what is bought arrives',
  'a hundredth of a nat per decade': 'less than 0.01 nats per tenfold',
} as const
