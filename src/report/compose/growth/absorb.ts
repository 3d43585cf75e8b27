/** The page of `absorb`. */
import type { AbsorbAnswer, Absorbed } from '../../../growth/answer/absorb.ts'
import { formatQuantity } from '../../../units/format.ts'
import {
  bar,
  cell,
  column,
  type Prose,
  type Report,
  row,
  type Section,
  sumRow,
  type Table,
  type Tiles,
} from '../../report.ts'
import { group, percent } from '../../words.ts'
import { strategyWords } from '../search/strategy.ts'
import { absorbFields, absorbRecord } from './absorb-record.ts'
import { aheadTable } from './ahead.ts'
import { groundsTable, unverified } from './grounds.ts'
import { type Asked, titleOf } from './title.ts'
import { count, fixed, flop, lossWords, nats, part, refusalCells, span, TRUSTED_FLOP, times, tokens } from './words.ts'

export function composeAbsorb(asked: Asked, answer: AbsorbAnswer, verbose = false): Report {
  const { tool } = asked
  if (answer.kind === 'blocked') {
    const { sought, why } = answer
    const sections: readonly Section[] = [
      titleOf(asked, sought),
      {
        kind: 'verdict',
        role: 'bad',
        word: 'NOTHING',
        text: why,
        lines: ['No model of the family trains on this cluster.'],
      },
    ]
    return { tool, sections, data: { name: asked.name, file: asked.file, reached: false, why }, fields: [] }
  }
  const absorbed = answer.answer
  const sections: readonly Section[] = [
    titleOf(asked, absorbed.sought),
    verdict(absorbed),
    tiles(absorbed),
    waterfallTable(absorbed),
    bindingTable(absorbed),
    limitsTable(absorbed),
    aheadTable(absorbed),
    doubts(absorbed),
    ...(verbose ? [groundsTable(absorbed.grounds)] : []),
    next(asked),
  ]
  return { tool, sections, data: absorbRecord(asked, absorbed), fields: absorbFields(absorbed) }
}

function verdict({ binding, absorption, point }: Absorbed): Section {
  const { marginal } = absorption
  const half = marginal < 0.5
  return {
    kind: 'verdict',
    role: half ? 'warn' : 'good',
    word: half ? 'STALLS' : 'ABSORBS',
    text: `${shareWords(absorption.ofDelivered)}; 1 % more of them brings ${fixed(marginal)} %`,
    lines: [`What binds: ${binding.name}. ${idle(point)}`],
  }
}

/** A better paradigm than the yardstick makes more of its FLOP than they are. */
function shareWords(share: number): string {
  if (share <= 1) return `${part(share)} of what the GPUs deliver becomes model`
  return `the model is worth ${times(share)} what the GPUs deliver, in FLOP of the standard recipe`
}

function idle({ usedChips, settled }: Absorbed['point']): string {
  const { chips } = settled.machine
  return usedChips < 0.99 * chips
    ? `${group(Math.round(chips - usedChips))} of the GPUs bring nothing and are left idle.`
    : 'All of the GPUs are used.'
}

function tiles({ sought, point, lossInterval, lastDecade, absorption }: Absorbed): Tiles {
  const { settled, simulation, hardwareFlop, equivalentFlop } = point
  const run = simulation?.metrics
  const refused = sought.question.recipe.surface.refusal !== undefined
  const far = hardwareFlop > TRUSTED_FLOP || refused
  return {
    kind: 'tiles',
    tiles: [
      {
        label: far ? 'LAST TENFOLD BOUGHT' : 'LOSS',
        value: far ? nats(lastDecade.nats) : formatQuantity(point.lossNats, 'nats'),
        details: far
          ? [span(lastDecade.interval), refused ? 'no absolute loss' : `loss ${point.lossNats.toFixed(3)} ± 0.04 (E)`]
          : [span(lossInterval, (value) => value.toFixed(3)), `last tenfold ${nats(lastDecade.nats)}`],
      },
      {
        label: 'BEST MODEL',
        value: `${count(point.parameters)}`,
        details: [tokens(point.tokens), `${point.epochs.toFixed(point.epochs < 10 ? 1 : 0)} epochs`],
      },
      {
        label: 'STEP',
        value: run ? formatQuantity(run['step.time'], 'seconds') : '–',
        details: [`batch ${tokens(point.batchTokens)}`, `6 N D at ${percent(settled.mfu)}`],
      },
      {
        label: 'COMPUTE',
        value: flop(hardwareFlop),
        details: [
          `as good as ${flop(equivalentFlop)}`,
          `A ${part(absorption.ofDelivered)}  m ${fixed(absorption.marginal)}`,
        ],
      },
    ],
  }
}

const stepWords: Readonly<Record<string, string>> = {
  'idle chips': 'GPUs that bring nothing',
  failures: 'stops, lost work, checkpoints',
  utilization: 'from the engine, best of a set of splits; attention counts as cost',
  latency: 'steps that cannot get shorter, or data at its most readings',
  'search for settings': 'compute spent on learning rates',
  architecture: 'worth of its FLOP against a dense Transformer',
  optimizer: 'tokens worth per token, against AdamW',
  objective: 'share of tokens that carry a loss',
  batch: 'tokens lost to a large batch',
  repetition: 'reading the same text again',
  allocation: 'size off the best for this compute',
  precision: 'fewer bits as fewer parameters',
  settings: 'what the search for settings missed',
}

/** On a logarithmic axis, as factors are: the bar of a step is as long as its factor is large. */
function waterfallTable({ absorption, point }: Absorbed): Table {
  const { waterfall } = absorption
  const levels = [point.peakFlop, ...waterfall.map(({ flopLeft }) => flopLeft)].map(Math.log)
  const [low, high] = [Math.min(...levels) - 0.15, Math.max(...levels)]
  const at = (level: number) => (level - low) / (high - low)
  return {
    kind: 'table',
    title: 'From peak to absorbed',
    aside: 'logarithmic; factors multiply',
    columns: [
      column(''),
      column('', 'right'),
      column('FLOP left', 'right'),
      column('', 'left', 'bar'),
      column('', 'left', 'drop'),
    ],
    rows: [
      row(cell('peak', 'strong'), cell(''), cell(flop(point.peakFlop)), bar(0, 1, 'accent'), cell('')),
      ...waterfall
        .map((loss, n) => ({ ...loss, before: levels[n] as number }))
        .filter(({ nats: lost }) => Math.abs(lost) > 5e-4)
        .map(({ step, nats: lost, flopLeft, before }) => {
          const after = Math.log(flopLeft)
          return row(
            cell(step),
            cell(`× ${Math.exp(-lost).toPrecision(3)}`, lost < 0 ? 'good' : 'plain'),
            cell(flop(flopLeft)),
            bar(at(Math.min(before, after)), at(Math.max(before, after)), lost < 0 ? 'good' : 'bad'),
            cell(stepWords[step] ?? '', 'dim'),
          )
        }),
      sumRow(
        cell('absorbed', 'strong'),
        cell(part(absorption.ofPeak)),
        cell(flop(point.equivalentFlop), 'strong'),
        bar(0, at(Math.log(point.equivalentFlop)), 'accent'),
        cell('compute-equivalent', 'dim'),
      ),
    ],
  }
}

const SHOWN_PRICES = 5

function bindingTable({ binding, sought }: Absorbed): Table {
  const most = Math.max(...binding.prices.map(({ elasticity }) => elasticity), 1e-9)
  const named = (constraint: string) =>
    constraint === 'compute' ? (sought.resource === 'chips' ? 'chips' : sought.resource) : constraint
  return {
    kind: 'table',
    title: 'What binds',
    aside: 'compute-equivalent gained by 1 % more of each, utilization held',
    columns: [column(''), column('', 'right'), column('', 'left', 'bar')],
    rows: binding.prices
      .slice(0, SHOWN_PRICES)
      .map(({ constraint, elasticity }) =>
        row(
          cell(named(constraint), named(constraint) === binding.name ? 'strong' : 'plain'),
          cell(`${elasticity > 5e-4 ? '+' : ''}${fixed(elasticity, 3)} %`),
          bar(0, Math.max(0, elasticity / most)),
        ),
      ),
  }
}

function limitsTable({ point }: Absorbed): Table {
  const { bounds, shape, criticalTokens, batchTokens, batchForChips, settled, split, simulation, steps } = point
  const { machine } = settled
  const engine = simulation
    ? `${group(simulation.job.cluster.gpus)} GPUs, ${group(simulation.job.batch.globalBatch)} sequences, ${simulation.job.model.layers} layers of ${group(simulation.job.model.hidden)}`
    : ''
  const line = (label: string, value: string, note: string) =>
    row(cell(label), cell(value, 'strong'), cell(note, 'dim'))
  return {
    kind: 'table',
    title: 'How it runs',
    aside: '',
    columns: [column(''), column(''), column('', 'left', 'below')],
    rows: [
      ...(split ? [line('split', strategyWords(split), `searched by the engine at ${engine}`)] : []),
      ...(simulation
        ? [
            line(
              'MFU',
              percent(simulation.metrics.mfu),
              `attention and output matrix counted; goodput ${percent(point.goodput)}`,
            ),
          ]
        : []),
      line('shape', `${Math.round(shape.layers)} layers of ${group(Math.round(shape.hidden))}`, ''),
      line(
        'batch',
        `${tokens(batchTokens)}, ${group(Math.round(steps))} steps`,
        `critical ${tokens(criticalTokens)}; at the roofline ${tokens(batchForChips)} keep ${group(Math.round(point.usedChips))} GPUs busy`,
      ),
      line('tensor parallel', `at most ${Math.floor(bounds.tp)}`, `bound by ${bounds.tpLimit}`),
      line(
        'GPUs',
        `at most ${count(bounds.chipsPerToken * batchTokens)} at this batch`,
        `bound by ${bounds.limit}; memory of ${group(machine.chips)} holds ${count(point.memoryParameters)} parameters`,
      ),
    ],
  }
}

function doubts(absorbed: Absorbed): Prose {
  const { sought, planned, gain, suspicious, grounds, point, equivalentInterval, lossInterval } = absorbed
  const weak = unverified(grounds)
  const dense = point.settled.recipe.architecture === 'moe' ? ' as if dense in its active parameters' : ''
  const plan = `The model and tokens of the scenario, ${count(planned.parameters)} on ${tokens(planned.tokens)}${dense}: ${flop(planned.flop)}, ${times(planned.spentOverWorth)} what its loss${lossWords(sought, ` of ${planned.lossNats.toFixed(4)} nats`).replace('–', '')} costs at best.`
  return {
    kind: 'prose',
    title: 'Doubts',
    mark: 'bullet',
    items: [
      cell(plan),
      cell(
        `16 surfaces × 3 batch laws × 3 stocks, 5 to 95 %: compute-equivalent ${span(equivalentInterval, flop)}; loss ${lossWords(sought, `${span(lossInterval, (value) => value.toFixed(3))} nats, most of it doubt about E`)}.`,
      ),
      ...refusalCells(sought),
      ...(point.hardwareFlop > TRUSTED_FLOP
        ? [
            cell(
              'Beyond 1e26 FLOP only differences and compute-equivalents mean something: no law was fitted above 1e23.',
              'warn',
            ),
          ]
        : []),
      ...(suspicious
        ? [
            cell(
              `Claims multiply to ${times(gain)}: above 5 × they have never been seen together. No joint law exists.`,
              'warn',
            ),
          ]
        : []),
      ...(weak.length > 0 ? [cell(`Unverified: ${weak.map(({ label }) => label).join('; ')}.`, 'warn')] : []),
    ],
  }
}

function next({ file }: Asked): Section {
  return {
    kind: 'commands',
    title: 'Next',
    commands: [
      { words: ['clusterwise', 'grow', file], purpose: 'the road: decades, walls, what would move them' },
      { words: ['clusterwise', 'compare-paradigms', file], purpose: 'same FLOP, better model?' },
      { words: ['clusterwise', 'absorb', file, '-v'], purpose: 'with every law, its range and its confidence' },
    ],
  }
}
