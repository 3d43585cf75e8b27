/** Where the step goes: parts that add up to the whole, largest cause first within compute, then what holds it up. */
import type { Dimension } from '../../../engine/operation.ts'
import type { Simulation } from '../../../engine/simulation.ts'
import { bar, cell, column, type Role, type Row, row, sumRow, type Table } from '../../report.ts'
import { counted, percent, timesLike } from '../../words.ts'
import { linkOf } from './communication.ts'
import type { RunInput } from './input.ts'

export interface StepPart {
  readonly label: string
  readonly seconds: number
  readonly role: Role
  readonly note: string
}

/** Less than this shows as 0.0 %. */
const visible = 0.0005

export function steps(input: RunInput): Table {
  const { simulation } = input
  const whole = simulation.metrics['step.time']
  const parts = stepParts(input).filter(({ seconds }) => seconds >= visible * whole)
  const longest = Math.max(...parts.map(({ seconds }) => seconds))
  const words = timesLike(whole)
  return {
    kind: 'table',
    title: 'Where the step goes',
    aside: simulation.strategy.pp > 1 ? 'one GPU of the busiest stage' : 'one GPU',
    columns: [
      column(''),
      column('', 'right'),
      column('', 'right'),
      column('', 'left', 'bar'),
      column('', 'left', 'below'),
    ],
    rows: [
      ...parts.map((part) => partRow(part, { whole, longest, words })),
      sumRow(cell('step', 'strong'), cell(words(whole), 'strong'), cell(percent(1)), cell(''), cell('')),
    ],
  }
}

interface Scale {
  readonly whole: number
  readonly longest: number
  readonly words: (seconds: number) => string
}

function partRow({ label, seconds, role, note }: StepPart, { whole, longest, words }: Scale): Row {
  return row(
    cell(label),
    cell(words(seconds)),
    cell(percent(seconds / whole)),
    bar(0, seconds / longest, role),
    cell(note, 'dim'),
  )
}

/** Their sum is `step.time`: compute in its three kinds, communication by dimension, and the rest. */
export function stepParts(input: RunInput): readonly StepPart[] {
  const { facts, metrics, strategy } = input.simulation
  const work = (label: string, seconds: number, note = ''): StepPart => ({ label, seconds, role: 'good', note })
  const loss = (label: string, seconds: number, note = ''): StepPart => ({ label, seconds, role: 'warn', note })
  return [
    work('matmuls', facts.matmulSeconds, rateOf(['matmul'], input.simulation)),
    work(mixingWords(input.simulation), facts.attentionSeconds, rateOf(mixing, input.simulation)),
    work('memory-bound', facts.memoryBoundSeconds, 'norms, activations, loss'),
    loss('recomputation', metrics['step.recompute'], strategy.recompute),
    ...(['tp', 'cp', 'pp', 'dp'] as const).map((dimension) => exposed(dimension, input)),
    loss('pipeline bubble', metrics['step.bubble'], pipeline(input.simulation)),
    loss('optimizer', metrics['step.optimizer']),
    loss('waiting for the host', metrics['step.host']),
    loss('stragglers', metrics['step.overhead'], 'and the fixed cost of a step'),
  ]
}

function exposed(dimension: Dimension, input: RunInput): StepPart {
  const { metrics } = input.simulation
  const all = timesLike(metrics['step.time'])(metrics[`comm.${dimension}.time`])
  const seconds = metrics[`comm.${dimension}.exposed`]
  return {
    label: `${dimension.toUpperCase()} exposed`,
    seconds,
    role: 'bad',
    note: `of ${all} · ${linkOf(dimension, input)}`,
  }
}

/** What takes information from token to token. */
const mixing = ['attention', 'scan', 'recurrence'] as const

function mixingWords({ operations }: Simulation): string {
  const found = mixing.filter((kind) => operations.some(({ timing }) => timing.operation.kind === kind))
  return found.length > 0 ? found.join(' and ') : 'attention'
}

/** How near the kernels of some kinds come to the peak, over all that the busiest stage runs. */
function rateOf(kinds: readonly string[], { operations, job }: Simulation): string {
  const own = operations.filter(
    ({ timing }) => kinds.includes(timing.operation.kind) && timing.operation.phase !== 'recompute',
  )
  const ideal = own.reduce((sum, { timing, times }) => sum + (times * timing.flop) / peakFor(timing.operation, job), 0)
  const seconds = own.reduce((sum, { timing, times }) => sum + times * timing.seconds, 0)
  return seconds > 0 ? `at ${percent(ideal / seconds)} of peak` : ''
}

type AnyOperation = Simulation['operations'][number]['timing']['operation']

function peakFor(operation: AnyOperation, { cluster, precision }: Simulation['job']): number {
  return cluster.device.peakFlopPerSecond[operation.kind === 'matmul' ? operation.datatype : precision.activation]
}

function pipeline({ strategy, job }: Simulation): string {
  const microBatches = job.batch.globalBatch / strategy.dp / strategy.microBatch
  const chunks = strategy.vpp > 1 ? ` × ${strategy.vpp}` : ''
  return `PP ${strategy.pp}${chunks}, ${counted(microBatches, 'micro-batch', 'micro-batches')}`
}
