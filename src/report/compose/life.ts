/** The life of a model, phase by phase: where time, energy and money go, and how each part of it comes about. */
import type { Bill, Life, Phase } from '../../engine/phases/life.ts'
import { formatQuantity } from '../../units/format.ts'
import type { Unit } from '../../units/unit.ts'
import {
  bar,
  cell,
  column,
  type Field,
  type Json,
  type Report,
  row,
  type Section,
  sumRow,
  type Table,
} from '../report.ts'
import { about, group, percent } from '../words.ts'

/** The report of a run, with the life of its model after the run itself. */
export function addLife(report: Report, life: Life): Report {
  const after = report.sections.findIndex((section) => section.kind === 'table' && section.title === 'The whole run')
  const at = after < 0 ? report.sections.length : after + 1
  return {
    ...report,
    sections: [...report.sections.slice(0, at), ...lifeSections(life), ...report.sections.slice(at)],
    data: { ...report.data, ...lifeRecord(life) },
    fields: [...report.fields, ...lifeFields(life)],
  }
}

export function lifeSections(life: Life): readonly Section[] {
  const generating = life.phases.filter(({ reinforced }) => reinforced !== undefined)
  return [phaseTable(life), energyTable(life), ...(generating.length > 0 ? [generationTable(generating)] : [])]
}

function phaseTable({ phases, total }: Life): Table {
  const money = (usd: number) => (total.usd > 0 ? [cell(formatQuantity(usd, 'usd'))] : [])
  const line = (bill: Bill) => [
    cell(formatQuantity(bill.flop, 'flop').replace(' FLOP', '')),
    cell(formatQuantity(bill.seconds, 'seconds'), 'strong'),
    cell(about(bill.gpuHours)),
    cell(formatQuantity(bill.joules, 'joules')),
    ...money(bill.usd),
  ]
  return {
    kind: 'table',
    title: 'The life of the model',
    aside: 'one phase after the other',
    columns: [
      column(''),
      column('GPUs', 'right'),
      column('FLOP', 'right', 'drop'),
      column('time', 'right'),
      column('GPU-hours', 'right'),
      column('energy', 'right'),
      ...(total.usd > 0 ? [column('cost', 'right')] : []),
      column('memory', 'right'),
    ],
    rows: [
      ...phases.map((phase) =>
        row(
          cell(phase.planned.name, 'strong'),
          cell(group(phase.planned.job.cluster.gpus)),
          ...line(phase),
          cell(`${formatQuantity(phase.memoryBytes, 'bytes')} ${phase.fits ? '✔' : '✘'}`, phase.fits ? 'plain' : 'bad'),
        ),
      ),
      sumRow(cell('all'), cell(''), ...line(total), cell('')),
    ],
  }
}

function energyTable({ phases, total }: Life): Table {
  const share = ({ joules }: Bill) => (total.joules > 0 ? joules / total.joules : 0)
  const line = (label: string, bill: Bill, role: 'strong' | 'dim') =>
    row(
      cell(label, role),
      cell(formatQuantity(bill.seconds, 'seconds'), 'dim'),
      cell(formatQuantity(bill.joules, 'joules')),
      cell(percent(share(bill))),
      bar(0, share(bill), role === 'strong' ? 'accent' : 'plain'),
    )
  return {
    kind: 'table',
    title: 'Where the energy goes over the life of the model',
    aside: formatQuantity(total.joules, 'joules'),
    columns: [
      column(''),
      column('time', 'right'),
      column('energy', 'right'),
      column('of all', 'right'),
      column('', 'left', 'bar'),
    ],
    rows: [
      ...phases.flatMap((phase) => [
        line(phase.planned.name, phase, 'strong'),
        ...phase.parts.map((part) => line(`  ${part.label}`, part, 'dim')),
      ]),
      sumRow(
        cell('all'),
        cell(formatQuantity(total.seconds, 'seconds'), 'dim'),
        cell(formatQuantity(total.joules, 'joules')),
        cell(percent(1)),
        cell(''),
      ),
    ],
  }
}

/** How the responses are made: what a rank has in its hands in one step of decoding. */
function generationTable(phases: readonly Phase[]): Table {
  return {
    kind: 'table',
    title: 'Generation',
    aside: 'of one rank; a step makes one token of every sequence',
    columns: [
      column(''),
      column('step', 'right'),
      column('sequences', 'right'),
      column('steps', 'right'),
      column('weights', 'right', 'drop'),
      column('cache each', 'right'),
      column('tokens/s per GPU', 'right'),
      column('limited by'),
    ],
    rows: phases.flatMap(({ planned, reinforced }) => {
      if (!reinforced) return []
      const { serving, decode } = reinforced
      const rate = decode.live / decode.stepSeconds / serving.strategy.tp
      return [
        row(
          cell(planned.name),
          cell(formatQuantity(decode.stepSeconds, 'seconds'), 'strong'),
          cell(about(Number(decode.live.toPrecision(3)))),
          cell(about(Number(decode.steps.toPrecision(3)))),
          cell(formatQuantity(serving.weightsBytes, 'bytes')),
          cell(formatQuantity(serving.cacheBytes, 'bytes')),
          cell(about(Number(rate.toPrecision(3)))),
          cell(mostOf(decode.timings), 'dim'),
        ),
      ]
    }),
  }
}

type Timings = NonNullable<Phase['reinforced']>['decode']['timings']

/** What most of a step waits for. */
function mostOf(timings: Timings): string {
  const by = new Map<string, number>()
  for (const { timing, times } of timings)
    by.set(timing.bound, (by.get(timing.bound) ?? 0) + times * timing.exposedSeconds)
  const [most] = [...by].toSorted((a, b) => b[1] - a[1])
  return most?.[0] ?? ''
}

/** For dotted names: `phases.fine_tuning.energy`. */
export const nameOf = ({ planned }: Phase): string =>
  planned.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '_')
    .replaceAll(/^_|_$/gu, '')

const amounts = [
  ['flop', 'flop', ({ flop }) => flop],
  ['time', 'seconds', ({ seconds }) => seconds],
  ['gpu_hours', 'count', ({ gpuHours }) => gpuHours],
  ['energy', 'joules', ({ joules }) => joules],
  ['cost', 'usd', ({ usd }) => usd],
] as const satisfies readonly (readonly [string, Unit, (bill: Bill) => number])[]

const billRecord = (bill: Bill): { readonly [key: string]: Json } =>
  Object.fromEntries(amounts.map(([name, unit, of]) => [name, { value: of(bill), unit }]))

export function lifeRecord({ phases, total }: Life): { readonly [key: string]: Json } {
  return {
    phases: phases.map((phase) => ({
      name: nameOf(phase),
      title: phase.planned.name,
      kind: phase.planned.kind,
      gpus: phase.planned.job.cluster.gpus,
      fits: phase.fits,
      metrics: {
        ...billRecord(phase),
        'memory.peak': { value: phase.memoryBytes, unit: 'bytes' },
        goodput: { value: phase.goodput, unit: 'ratio' },
        'step.time': { value: phase.simulation.metrics['step.time'], unit: 'seconds' },
        ...(phase.reinforced && generationRecord(phase.reinforced)),
      },
      parts: phase.parts.map((part) => ({ name: part.name, label: part.label, metrics: billRecord(part) })),
    })),
    life: billRecord(total),
  }
}

function generationRecord({ decode, serving }: NonNullable<Phase['reinforced']>): { readonly [key: string]: Json } {
  return {
    'generation.step': { value: decode.stepSeconds, unit: 'seconds' },
    'generation.steps': { value: decode.steps, unit: 'count' },
    'generation.sequences': { value: decode.live, unit: 'count' },
    'generation.weights': { value: serving.weightsBytes, unit: 'bytes' },
    'generation.cache': { value: serving.cacheBytes, unit: 'bytes' },
    'generation.memory': { value: serving.memoryBytes, unit: 'bytes' },
  }
}

/** By dotted name: of the life, of each phase and of each part. */
export function lifeFields({ phases, total }: Life): readonly Field[] {
  const fields = (prefix: string, bill: Bill): readonly Field[] =>
    amounts.map(([name, unit, of]) => ({ name: `${prefix}.${name}`, unit, value: of(bill) }))
  return [
    ...phases.flatMap((phase) => [
      ...fields(`phases.${nameOf(phase)}`, phase),
      ...phase.parts.flatMap((part) => fields(`phases.${nameOf(phase)}.${part.name}`, part)),
    ]),
    ...fields('life', total),
  ]
}
