/** Where someone measured this very run: what they saw, and how far off we are. */

import type { Simulation } from '../../../engine/simulation.ts'
import { formatQuantity } from '../../../units/format.ts'
import type { Unit } from '../../../units/unit.ts'
import { cell, column, type Row, row, type Table } from '../../report.ts'
import { change } from '../../words.ts'
import type { RunInput } from './input.ts'

type Key = 'step_time' | 'tokens_per_second_per_gpu' | 'flop_per_second_per_gpu' | 'mfu' | 'hfu' | 'memory_peak'

interface Comparison {
  readonly label: string
  readonly unit: Unit
  readonly of: (simulation: Simulation) => number
}

const comparisons = {
  step_time: { label: 'step time', unit: 'seconds', of: ({ metrics }) => metrics['step.time'] },
  mfu: { label: 'MFU', unit: 'ratio', of: ({ metrics }) => metrics.mfu },
  hfu: { label: 'HFU', unit: 'ratio', of: ({ metrics }) => metrics.hfu },
  tokens_per_second_per_gpu: {
    label: 'tokens/s per GPU',
    unit: 'tokensPerSecond',
    of: ({ metrics }) => metrics['throughput.tokens_per_second_per_gpu'],
  },
  flop_per_second_per_gpu: {
    label: 'FLOP/s per GPU',
    unit: 'flopPerSecond',
    of: ({ metrics }) => metrics['throughput.flop_per_second_per_gpu'],
  },
  memory_peak: { label: 'peak memory', unit: 'bytes', of: ({ metrics }) => metrics['memory.allocated'] },
} satisfies Record<Key, Comparison>

/** Sources count FLOP in their own ways, so an error of these can be one of counting. */
const byFlop: ReadonlySet<Key> = new Set(['mfu', 'hfu', 'flop_per_second_per_gpu'])

export interface Compared extends Comparison {
  readonly key: Key
  readonly predicted: number
  readonly measured: number
  /** Of the prediction, as a share of what was measured. */
  readonly error: number
}

/** What the source gives, each beside our answer. */
export function compared({ loaded, simulation }: Pick<RunInput, 'loaded' | 'simulation'>): readonly Compared[] {
  return (Object.keys(comparisons) as Key[]).flatMap((key) => {
    const measured = loaded.measured?.[key]
    if (measured === undefined) return []
    const comparison: Comparison = comparisons[key]
    const predicted = comparison.of(simulation)
    return [{ ...comparison, key, predicted, measured, error: predicted / measured - 1 }]
  })
}

export function measuredTable(input: RunInput): Table | undefined {
  const found = compared(input)
  if (found.length === 0) return undefined
  const convention = `FLOP as its source counts them: ${input.loaded.measured?.flop_convention ?? 'not stated'}`
  const counting = found.find(({ key }) => byFlop.has(key))
  return {
    kind: 'table',
    title: 'Against the published run',
    aside: '',
    columns: [
      column(''),
      column('predicted', 'right'),
      column('measured', 'right'),
      column('error', 'right'),
      column('', 'left', 'below'),
    ],
    // Said once, where it first matters.
    rows: found.map((one) => comparedRow(one, one === counting ? convention : '')),
  }
}

function comparedRow({ label, unit, predicted, measured, error }: Compared, note: string): Row {
  return row(
    cell(label),
    cell(formatQuantity(predicted, unit), 'strong'),
    cell(formatQuantity(measured, unit)),
    cell(change(`${(error * 100).toFixed(1)} %`, error), Math.abs(error) > 0.1 ? 'warn' : 'plain'),
    cell(note, 'dim'),
  )
}
