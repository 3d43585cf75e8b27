/** What travels, how much of it shows, and how compute stands against it. */
import { type Dimension, dimensions } from '../../../engine/operation.ts'
import type { Simulation } from '../../../engine/simulation.ts'
import { formatQuantity } from '../../../units/format.ts'
import { type Cell, cell, column, type Row, row, sumRow, type Table } from '../../report.ts'
import { percent, ratio, timesLike } from '../../words.ts'
import type { RunInput } from './input.ts'

/** Dimensions that say anything to each other. */
export function talking({ metrics }: Simulation): readonly Dimension[] {
  return dimensions.filter((dimension) => metrics[`comm.${dimension}.time`] > 0)
}

/** The slowest link that a dimension's groups cross, in the words of the scenario. */
export function linkOf(dimension: Dimension, { loaded, simulation }: Pick<RunInput, 'loaded' | 'simulation'>): string {
  const inside = simulation.layout[dimension].domains === 1
  const { scaleUp, scaleOut } = simulation.job.cluster
  const { scale_up, scale_out } = loaded.scenario.cluster
  const name = inside ? (scale_up.name ?? 'scale-up') : (scale_out.name ?? 'scale-out')
  // "RoCE, three-layer Clos": its first words are enough here.
  return `${name.split(/[,(]/)[0]?.trim()} ${formatQuantity((inside ? scaleUp : scaleOut).bytesPerSecond, 'bytesPerSecond')}`
}

export function communication(input: RunInput): Table | undefined {
  const { simulation } = input
  const { metrics } = simulation
  const talk = talking(simulation)
  if (talk.length === 0) return undefined
  const words = timesLike(metrics['step.communication'])
  return {
    kind: 'table',
    title: 'Compute : communication',
    aside: '',
    columns: [
      column(''),
      column('time', 'right'),
      column('exposed', 'right'),
      column('hidden', 'right', 'drop'),
      column('sent per GPU', 'right', 'drop'),
      column('compute : all', 'right'),
      column(': exposed', 'right'),
      column('', 'left', 'drop'),
    ],
    rows: [...talk.map((dimension) => dimensionRow(dimension, input, words)), total(simulation, words)],
  }
}

function dimensionRow(dimension: Dimension, input: RunInput, words: (seconds: number) => string): Row {
  const { metrics } = input.simulation
  const time = metrics[`comm.${dimension}.time`]
  const exposed = metrics[`comm.${dimension}.exposed`]
  return row(
    cell(dimension.toUpperCase()),
    cell(words(time)),
    cell(words(exposed)),
    hidden(time, exposed),
    cell(formatQuantity(metrics[`comm.${dimension}.bytes`], 'bytes')),
    cell(ratio(metrics[`ratio.${dimension}.compute_to_communication`])),
    cell(ratio(metrics[`ratio.${dimension}.compute_to_exposed`])),
    cell(linkOf(dimension, input), 'dim'),
  )
}

function total(simulation: Simulation, words: (seconds: number) => string): Row {
  const { metrics } = simulation
  const bytes = dimensions.reduce((sum, dimension) => sum + metrics[`comm.${dimension}.bytes`], 0)
  return sumRow(
    cell('all', 'strong'),
    cell(words(metrics['step.communication'])),
    cell(words(metrics['step.exposed'])),
    hidden(metrics['step.communication'], metrics['step.exposed']),
    cell(formatQuantity(bytes, 'bytes')),
    cell(ratio(metrics['ratio.compute_to_communication']), 'strong'),
    cell(ratio(metrics['ratio.compute_to_exposed']), 'strong'),
    cell(''),
  )
}

/** Waiting for a transfer can take longer than the transfer itself; then nothing is hidden. */
function hidden(time: number, exposed: number): Cell {
  return cell(exposed < time ? percent(1 - exposed / time) : '–', 'dim')
}
