/** The winner with one knob turned: what became of each. */
import { catalogue } from '../../../engine/catalogue.ts'
import type { Simulation } from '../../../engine/simulation.ts'
import type { Strategy } from '../../../engine/strategy.ts'
import type { Neighbour } from '../../../search/neighbours.ts'
import { formatQuantity } from '../../../units/format.ts'
import { cell, column, type Row, row, type Table } from '../../report.ts'
import { change, timesLike } from '../../words.ts'
import type { SearchInput } from '../search.ts'
import { recomputation } from './strategy.ts'

export function neighbourTable({ neighbours, best, goals }: SearchInput): Table | undefined {
  const [winner] = best
  if (!winner || neighbours.length === 0 || goals.length > 1) return undefined
  return {
    kind: 'table',
    title: 'Why the neighbours lost',
    aside: 'the winner with one knob turned',
    columns: [column(''), column('step', 'right'), column('')],
    rows: neighbours.map((neighbour) => neighbourRow(neighbour, winner)),
  }
}

function neighbourRow({ knob, strategy, fate }: Neighbour, winner: Simulation): Row {
  const name = cell(turned(knob, strategy))
  if (fate.kind === 'illegal') return row(name, cell('–', 'dim'), cell(fate.problem.message, 'dim'))
  const { metrics } = fate.simulation
  const slower = metrics['step.time'] / winner.metrics['step.time'] - 1
  const step = cell(change(`${(slower * 100).toFixed(1)} %`, slower), slower > 0 ? 'warn' : 'dim')
  if (fate.kind === 'too-large') {
    const peak = formatQuantity(metrics['memory.peak'], 'bytes')
    return row(name, step, cell(`does not fit: ${peak}`, 'bad'))
  }
  return row(name, step, cell(reason(fate.loss, winner), 'plain'))
}

function reason(loss: Extract<Neighbour['fate'], { kind: 'runs' }>['loss'], winner: Simulation): string {
  if (!loss) return 'as fast: the tie goes to the smaller degrees'
  return `${change(timesLike(winner.metrics['step.time'])(loss.seconds), loss.seconds)} ${catalogue[loss.part].label}`
}

function turned(knob: Neighbour['knob'], strategy: Strategy): string {
  const names: Partial<Record<Neighbour['knob'], string>> = {
    tp: `TP ${strategy.tp}`,
    sp: strategy.sp ? 'with SP' : 'without SP',
    cp: `CP ${strategy.cp}`,
    cpMode: `CP by ${strategy.cpMode}`,
    ep: `EP ${strategy.ep}`,
    pp: `PP ${strategy.pp}`,
    vpp: `${strategy.vpp} ${strategy.vpp === 1 ? 'chunk' : 'chunks'} a stage`,
    schedule: strategy.schedule,
    microBatch: `micro-batch ${strategy.microBatch}`,
    recompute: recomputation(strategy) || 'recompute nothing',
    zero: `ZeRO ${strategy.zero}`,
  }
  return names[knob] ?? knob
}
