/** Changes of one knob, each tried by the engine: the ones worth a thought. */
import { formatQuantity } from '../../../units/format.ts'
import { type Cell, cell, column, type Row, row, type Table } from '../../report.ts'
import { change, timesLike } from '../../words.ts'
import { fits, type RunInput } from './input.ts'

/** More than these are a search, not a hint. */
const most = 5

export function remedyTable({ remedies, simulation }: RunInput): Table | undefined {
  if (remedies.length === 0) return undefined
  return {
    kind: 'table',
    title: fits(simulation) ? 'What would help most' : 'What would make it fit',
    aside: '',
    columns: [
      column(''),
      column(''),
      column('', 'left', 'below'),
      column('Δ step', 'right'),
      column('', 'right', 'drop'),
      column('Δ memory', 'right'),
      column(''),
    ],
    rows: remedies.slice(0, most).map((remedy, at) => remedyRow(remedy, at, simulation)),
  }
}

function remedyRow(remedy: RunInput['remedies'][number], at: number, now: RunInput['simulation']): Row {
  const before = now.metrics['step.time']
  const step = remedy.simulation.metrics['step.time'] - before
  const memory = remedy.simulation.metrics['memory.peak'] - now.metrics['memory.peak']
  return row(
    cell(String(at + 1), 'dim'),
    cell(remedy.label),
    cell(remedy.change, 'accent'),
    cell(change(timesLike(before)(step), step), sign(step)),
    cell(change(`${((step / before) * 100).toFixed(1)} %`, step), 'dim'),
    cell(change(formatQuantity(memory, 'bytes'), memory), Math.abs(memory) < 1 ? 'dim' : 'plain'),
    verdict(remedy),
  )
}

function sign(step: number): Cell['role'] {
  return step < 0 ? 'good' : step > 0 ? 'warn' : 'dim'
}

function verdict({ simulation }: RunInput['remedies'][number]): Cell {
  if (fits(simulation)) return cell('✔ fits', 'good')
  return cell(`✘ ${formatQuantity(simulation.metrics['memory.peak'], 'bytes')}`, 'bad')
}
