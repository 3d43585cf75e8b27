/** The report of a search: the winner, those behind it, why its neighbours lost, and how many went which way. */
import { catalogue } from '../../engine/catalogue.ts'
import type { MetricName } from '../../engine/metrics.ts'
import type { Simulation } from '../../engine/simulation.ts'
import type { Neighbour } from '../../search/neighbours.ts'
import type { Tally } from '../../search/question.ts'
import { formatQuantity } from '../../units/format.ts'
import {
  type Cell,
  cell,
  column,
  type Report,
  type Row,
  row,
  type Section,
  type Table,
  type Tool,
  titled,
} from '../report.ts'
import { change, counted, group, percent } from '../words.ts'
import { neighbourTable } from './search/neighbours.ts'
import { searchRecord, strategyFields } from './search/record.ts'
import { degreeWords, recomputation, strategyWords } from './search/strategy.ts'
import { tallyTable } from './search/tally.ts'

export interface Timed {
  readonly seconds: number
  readonly candidatesPerSecond: number
}

export interface SearchInput {
  readonly name: string
  readonly file: string
  readonly tool: Tool
  readonly goals: readonly MetricName[]
  readonly requirements: readonly string[]
  readonly tally: Tally
  /** Best first, played out; of several goals the front. */
  readonly best: readonly Simulation[]
  readonly neighbours: readonly Neighbour[]
  /** The scenario's own strategy, where it is legal. */
  readonly given?: Simulation
  readonly timed?: Timed
  readonly interrupted: boolean
  /** As a person would type it again. */
  readonly command: readonly string[]
}

export function composeSearch(input: SearchInput): Report {
  const sections: readonly (Section | undefined)[] = [
    title(input),
    verdict(input),
    bestTable(input),
    neighbourTable(input),
    tallyTable(input),
    timing(input),
    next(input),
  ]
  const winner = input.best[0]
  return {
    tool: input.tool,
    sections: sections.filter((section) => section !== undefined),
    data: searchRecord(input),
    fields: winner ? strategyFields(winner) : [],
  }
}

function title({ name, tool, goals, best, requirements }: SearchInput): Section {
  const by = goals.map((goal) => catalogue[goal].label).join(' against ')
  const cluster = best[0]?.job.cluster
  return titled(name, tool, [
    [goals.length > 1 ? `front of ${by}` : `the best ${by}`, cluster ? counted(cluster.gpus, 'GPU') : ''],
    requirements.map((text) => `must hold: ${text}`),
  ])
}

function verdict(input: SearchInput): Section {
  const [winner] = input.best
  if (!winner) {
    const { legal, fitting } = input.tally
    const text =
      legal === 0
        ? 'no strategy is legal'
        : fitting === 0
          ? 'no legal strategy fits in memory'
          : 'no strategy that fits keeps what must hold'
    return { kind: 'verdict', role: 'bad', word: 'NONE', text, lines: ['The counts below say what stood in the way.'] }
  }
  const { metrics, strategy } = winner
  const text = `${strategyWords(strategy)}: ${formatQuantity(metrics['step.time'], 'seconds')} a step, MFU ${percent(metrics.mfu)}`
  const lines = [
    memoryWords(winner),
    ...against(input, winner),
    ...(input.interrupted ? ['Interrupted: the best of what was tried.'] : []),
  ]
  return { kind: 'verdict', role: input.interrupted ? 'warn' : 'good', word: 'BEST', text, lines }
}

function memoryWords({ metrics }: Simulation): string {
  const peak = formatQuantity(metrics['memory.peak'], 'bytes')
  return `${peak} of ${formatQuantity(metrics['memory.capacity'], 'bytes')}, ${formatQuantity(metrics['memory.headroom'], 'bytes')} to spare.`
}

function against({ given }: SearchInput, winner: Simulation): readonly string[] {
  if (!given) return []
  const own = given.metrics['step.time']
  const gain = winner.metrics['step.time'] / own - 1
  const fits = given.metrics['memory.headroom'] >= 0 ? '' : ' and does not fit'
  return [
    `The scenario's own strategy takes ${formatQuantity(own, 'seconds')}${fits}: ${change(`${(gain * 100).toFixed(1)} %`, gain)}.`,
  ]
}

function bestTable({ best, goals }: SearchInput): Table | undefined {
  const [winner] = best
  if (!winner) return undefined
  const others = goals.filter((goal) => goal !== 'step.time' && goal !== 'mfu' && goal !== 'memory.peak')
  return {
    kind: 'table',
    title: goals.length > 1 ? 'The front' : `The best ${best.length}`,
    aside: '',
    columns: [
      column(''),
      column('strategy'),
      column('step', 'right'),
      column('Δ', 'right'),
      column('MFU', 'right'),
      column('memory', 'right'),
      ...others.map((goal) => column(catalogue[goal].label, 'right')),
      column('', 'left', 'drop'),
    ],
    rows: best.map((simulation, at) => bestRow(simulation, at, winner, others)),
  }
}

function bestRow(
  { metrics, strategy }: Simulation,
  at: number,
  winner: Simulation,
  others: readonly MetricName[],
): Row {
  const slower = metrics['step.time'] / winner.metrics['step.time'] - 1
  const delta: Cell = at === 0 ? cell('', 'dim') : cell(change(`${(slower * 100).toFixed(1)} %`, slower), 'dim')
  return row(
    cell(String(at + 1), 'dim'),
    cell(degreeWords(strategy), at === 0 ? 'strong' : 'plain'),
    cell(formatQuantity(metrics['step.time'], 'seconds'), at === 0 ? 'strong' : 'plain'),
    delta,
    cell(percent(metrics.mfu)),
    cell(formatQuantity(metrics['memory.peak'], 'bytes')),
    ...others.map((goal) => cell(formatQuantity(metrics[goal], catalogue[goal].unit))),
    cell(recomputation(strategy), 'dim'),
  )
}

function timing({ timed, tally }: SearchInput): Section | undefined {
  if (!timed) return undefined
  const rate = group(Math.round(timed.candidatesPerSecond))
  const text = `${group(tally.legal)} legal candidates in ${formatQuantity(timed.seconds, 'seconds')}: ${rate} a second.`
  return { kind: 'prose', title: 'Time', mark: 'none', items: [cell(text, 'dim')] }
}

function next({ command, best, file }: SearchInput): Section | undefined {
  if (best.length === 0 || file === '-') return undefined
  return {
    kind: 'commands',
    title: 'Next',
    commands: [
      { words: [...command, '--write', 'best.yaml'], purpose: 'keep the winner as a scenario' },
      ...(command.some((word) => /^tp(?:=|$)/u.test(word))
        ? []
        : [{ words: [...command, '--fix', 'tp'], purpose: 'leave tp as the scenario has it' }]),
    ],
  }
}
