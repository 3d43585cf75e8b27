/** The page of `compare-paradigms`. */
import type { Compared } from '../../../growth/answer/compare.ts'
import type { Comparison } from '../../../growth/compare.ts'
import {
  bar,
  cell,
  column,
  type Field,
  type Json,
  type Prose,
  type Report,
  row,
  type Section,
  type Table,
} from '../../report.ts'
import { about, group, percent } from '../../words.ts'
import { soughtRecord } from './absorb-record.ts'
import { claimsRecord, claimsTable } from './claims.ts'
import { type Asked, titleOf } from './title.ts'
import { confidenceCell, flop, lossValue, pair, refusalCells, span, times, tokens } from './words.ts'

export function composeCompare(asked: Asked, compared: Compared): Report {
  const sections: readonly Section[] = [
    titleOf(asked, compared.sought),
    choicesTable(compared),
    epochsTable(compared),
    familiesTable(compared),
    ...(compared.claims ? [claimsTable(compared.claims)] : []),
    notes(compared),
  ]
  return { tool: asked.tool, sections, data: compareRecord(asked, compared), fields: fieldsOf(compared) }
}

const kinds = {
  architecture: 'Architecture',
  optimizer: 'Optimizer',
  precision: 'Precision',
  objective: 'Objective',
  data: 'Data policy',
  settings: 'Settings',
} as const satisfies Record<Comparison['choice']['kind'], string>

function choicesTable({ rows, standard }: Compared): Table {
  const { recipe } = standard.settled
  const of = (kind: string) => rows.filter(({ choice }) => choice.kind === kind)
  return {
    kind: 'table',
    title: 'Same FLOP, better model?',
    aside: `against ${recipe.architecture}, ${recipe.optimizer}, ${recipe.datatype}, ${recipe.objective} at ${flop(standard.hardwareFlop)}`,
    columns: [
      column(''),
      column('same FLOP', 'right'),
      column('span', 'right'),
      column('cluster', 'right'),
      column('verdict'),
      column('confidence', 'left', 'drop'),
    ],
    rows: (Object.keys(kinds) as (keyof typeof kinds)[])
      .filter((kind) => of(kind).length > 0)
      .flatMap((kind) => [row(cell(kinds[kind], 'accent')), ...of(kind).map(choiceRow)]),
  }
}

function choiceRow(comparison: Comparison) {
  const { choice, sameFlop, sameCluster, suspicious } = comparison
  const mark = suspicious ? ' !' : ''
  return row(
    cell(`  ${choice.label.split(',')[0]}`.replace('  BERT (encoder', '  BERT (masked tokens)')),
    cell(`${times(sameFlop.central)}${mark}`, suspicious ? 'warn' : 'strong'),
    cell(
      span(sameFlop, (value) => times(value).replace(' ×', '')),
      'dim',
    ),
    cell(times(sameCluster.central)),
    cell(verdictOf(comparison), roleOf(comparison)),
    confidenceCell(choice.cited.confidence),
  )
}

const NOTABLE = 1.05

/** Cheaper is a factor on compute; a ceiling moves only where data, batch or bits set it. */
function verdictOf({ choice, sameFlop, sameCluster, usedShare }: Comparison): string {
  if (usedShare < 0.5) return 'too few GPUs find work'
  if (choice.kind === 'data') return 'lifts the data ceiling'
  if (choice.label.startsWith('masked diffusion')) return 'lifts the data ceiling'
  // A gain that is said to be just notable comes back from a search with its last digits off.
  if (sameFlop.low < 1 && sameFlop.high > NOTABLE * (1 + 1e-6)) return 'unsure'
  const best = Math.max(sameFlop.central, sameCluster.central)
  if (sameCluster.central < 1 / NOTABLE && sameFlop.central > 0.95) return 'same quality, slower'
  if (best > NOTABLE) return 'cheaper, same ceiling'
  return sameFlop.central < 1 / NOTABLE ? 'dearer' : 'the same'
}

function roleOf({ sameCluster }: Comparison) {
  return sameCluster.central > NOTABLE ? 'good' : sameCluster.central < 1 / NOTABLE ? 'bad' : 'dim'
}

function epochsTable({ epochs }: Compared): Table {
  return {
    kind: 'table',
    title: 'Epochs',
    aside: 'what tokens that were read before are worth in fresh ones',
    columns: [column(''), column('all of them', 'right'), column('the next', 'right'), column('', 'left', 'bar')],
    rows: epochs.map(({ epochs: n, ofFresh, atTheMargin }) =>
      row(
        cell(n === 1 ? 'one epoch' : `${n} epochs`),
        cell(percent(ofFresh)),
        cell(percent(atTheMargin)),
        bar(0, atTheMargin),
      ),
    ),
  }
}

/** Bars on a logarithmic axis from one GPU. */
function familiesTable({ computers, utilization, svm, sizes }: Compared): Table {
  const most = Math.log(Math.max(...computers.map(({ usefulChips }) => usefulChips)))
  const length = (chips: number) => Math.max(0, Math.log(chips) / most)
  const sorted = computers.toSorted((a, b) => b.usefulChips - a.usefulChips)
  return {
    kind: 'table',
    title: 'How many GPUs a family keeps busy',
    aside: `${Math.round(sizes.layers)} layers of ${group(Math.round(sizes.hidden))}, ${tokens(sizes.batchTokens)} a step, context ${group(sizes.seqLen)}; logarithmic`,
    columns: [
      column(''),
      column('GPUs', 'right'),
      column('', 'left', 'bar'),
      column('serial steps', 'right'),
      column('MFU', 'right'),
      column('TP', 'right', 'drop'),
      column('slots', 'right', 'drop'),
      column('limited by'),
    ],
    rows: [
      ...sorted.map(({ name, label, usefulChips, chain, tp, slots, limit }) =>
        row(
          cell(label),
          cell(about(Math.round(usefulChips)), 'strong'),
          bar(0, length(usefulChips), 'accent'),
          cell(about(Math.round(chain))),
          cell(utilization[name].mfu > 0 ? percent(utilization[name].mfu) : 'none fits'),
          cell(String(Math.floor(tp))),
          cell(about(Math.max(1, Math.round(slots)))),
          cell(limit, 'dim'),
        ),
      ),
      row(
        cell('kernel SVM (SMO)'),
        cell(about(Math.round(svm.usefulChips)), 'strong'),
        bar(0, length(svm.usefulChips), 'accent'),
        cell(about(svm.chain)),
        cell(percent(svm.utilization)),
        cell('1'),
        cell(''),
        cell('memory', 'dim'),
      ),
    ],
  }
}

function notes({ sought, standard }: Compared): Prose {
  return {
    kind: 'prose',
    title: 'Read with care',
    mark: 'bullet',
    items: [
      cell(
        '× is compute-equivalent: how much compute the standard recipe needs for the same loss, over the compute spent. Cluster adds what the chips run faster or leave idle.',
      ),
      cell(
        'Cheaper moves along the same curve; only data, critical batch, repair and width move where it ends (grow shows by how much).',
      ),
      ...refusalCells(sought),
      cell('! factors above 5 × were never seen together with others, and no joint law exists.', 'warn'),
      cell(
        `Utilization is ${percent(standard.settled.mfu)} for every row, and for a family or an optimizer by as much more or less as the engine finds between it and the standard. MFU is that of a family's best model on at most 16,384 GPUs, six FLOP per weight; rates of scans, recurrences and convolutions are estimates.`,
        'dim',
      ),
    ],
  }
}

function compareRecord(
  asked: Asked,
  { sought, standard, rows, epochs, computers, utilization, svm, sizes, claims }: Compared,
): { readonly [key: string]: Json } {
  return {
    name: asked.name,
    file: asked.file,
    ...soughtRecord(sought),
    flop: standard.hardwareFlop,
    loss: lossValue(sought, standard.lossNats),
    choices: rows.map((comparison) => {
      const { choice, sameFlop, sameCluster, usedShare, lossNats, suspicious } = comparison
      return {
        kind: choice.kind,
        label: choice.label,
        same_flop: { ...(pair(sameFlop) as object), central: sameFlop.central },
        same_cluster: { ...(pair(sameCluster) as object), central: sameCluster.central },
        gpus_used: usedShare,
        loss: lossValue(sought, lossNats),
        suspicious,
        verdict: verdictOf(comparison),
        confidence: choice.cited.confidence,
        source: choice.cited.source,
        validity: choice.cited.validity,
      }
    }),
    epochs: epochs.map(({ epochs: n, ofFresh, atTheMargin }) => ({
      epochs: n,
      of_fresh: ofFresh,
      at_the_margin: atTheMargin,
    })),
    families: computers.map(({ name, usefulChips, chain, tp, slots, limit, flopPerToken, pool }) => ({
      name,
      gpus: usefulChips,
      serial_steps: chain,
      tp,
      slots,
      limit,
      flop_per_token: flopPerToken,
      pool: pool.of,
      pool_size: pool.size,
      mfu: utilization[name].mfu,
    })),
    svm: { gpus: svm.usefulChips, serial_steps: svm.chain, utilization: svm.utilization },
    sizes: { ...sizes },
    ...(claims && { claims: claimsRecord(claims) }),
  }
}

function fieldsOf({ rows }: Compared): readonly Field[] {
  return rows.map(({ choice, sameFlop }) => ({
    name: `${choice.kind}.${choice.label}`,
    unit: 'ratio',
    value: sameFlop.central,
  }))
}
