/** The whole run: time, GPU-hours, energy, money. */
import { formatQuantity } from '../../../units/format.ts'
import { cell, column, type Row, row, type Table } from '../../report.ts'
import { about, group, percent } from '../../words.ts'
import type { RunInput } from './input.ts'

export function totals({ simulation }: Pick<RunInput, 'simulation'>): Table {
  const { job, metrics } = simulation
  const { economics } = job
  const rate = formatQuantity(economics.usdPerGpuSecond, 'usdPerSecond')
  const energyPrice = formatQuantity(economics.usdPerJoule, 'usdPerJoule')
  const paid = economics.energyIncluded
    ? `${rate} per GPU, energy included`
    : `${rate} per GPU, and energy at ${energyPrice}`
  return {
    kind: 'table',
    title: 'The whole run',
    aside: '',
    columns: [column(''), column('', 'right'), column('', 'left', 'below')],
    rows: [
      line(
        'steps',
        group(Math.ceil(metrics['run.steps'])),
        `${formatQuantity(job.batch.tokens, 'tokens')}, ${formatQuantity(metrics['tokens.per_step'], 'tokens')} a step`,
      ),
      line('work', formatQuantity(metrics['flop.run'], 'flop'), 'model FLOP, recomputation not counted'),
      line('time', formatQuantity(metrics['run.time'], 'seconds'), `at ${percent(metrics.goodput)} goodput`),
      line('GPU-hours', about(metrics['run.gpu_hours']), `${group(job.cluster.gpus)} GPUs`),
      line('energy', formatQuantity(metrics['run.energy'], 'joules'), `PUE ${economics.pue}`),
      ...(metrics['run.cost'] > 0 ? [line('cost', formatQuantity(metrics['run.cost'], 'usd'), paid)] : []),
    ],
  }
}

function line(label: string, value: string, note: string): Row {
  return row(cell(label), cell(value, 'strong'), cell(note, 'dim'))
}
