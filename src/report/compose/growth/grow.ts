/** The page of `grow`. */
import type { Grown } from '../../../growth/answer/grow.ts'
import type { Decade, Test } from '../../../growth/grow.ts'
import type { Effect, Shift } from '../../../growth/levers.ts'
import { bar, cell, column, type Prose, type Report, row, type Section, type Table } from '../../report.ts'
import { percent } from '../../words.ts'
import { strategyWords } from '../search/strategy.ts'
import { thresholdWords } from './ahead.ts'
import { groundsTable, unverified } from './grounds.ts'
import { growFields, growRecord } from './grow-record.ts'
import { type Asked, titleOf } from './title.ts'
import {
  count,
  fixed,
  flop,
  lossWords,
  nats,
  refusalCells,
  decades as signed,
  span,
  TRUSTED_FLOP,
  times,
  tokens,
} from './words.ts'

export function composeGrow(asked: Asked, grown: Grown, verbose = false): Report {
  const sections: readonly Section[] = [
    titleOf(asked, grown.sought, false),
    verdict(grown),
    picture(grown),
    decadesTable(grown),
    runsTable(grown),
    testsTable(grown),
    shiftsTable(grown),
    notes(grown),
    ...(verbose ? [groundsTable(grown.grounds)] : []),
  ]
  return { tool: asked.tool, sections, data: growRecord(asked, grown), fields: growFields(grown) }
}

function verdict({ wall, wallBinding }: Grown): Section {
  return {
    kind: 'verdict',
    role: 'warn',
    word: 'WALL',
    text: `at ${flop(wall.offeredFlop)}, ${count(wall.chips)} GPUs: from there 1 % more compute brings less than half a per cent`,
    lines: [`What binds there: ${wallBinding}.`],
  }
}

/** Loss against compute, turned by a right angle: down is more compute, to the left is better. Both axes logarithmic. */
function picture({ decades, crossings, wall, wallBinding }: Grown): Table {
  const levels = decades.map(({ milestone }) => Math.log(milestone.point.reducibleNats))
  const [low, high] = [Math.min(...levels) - 0.1, Math.max(...levels)]
  const marks = [
    ...crossings.flatMap(({ threshold, at }) => (at ? [{ flop: at.offeredFlop, text: `◂ ${short[threshold]}` }] : [])),
    { flop: wall.offeredFlop, text: `◂ wall: ${wallBinding}` },
  ]
  const between = (from: number, to: number) =>
    marks.filter(({ flop: at }) => at > from && at <= to).map(({ text }) => text)
  return {
    kind: 'table',
    title: 'Reducible loss against compute',
    aside: 'both logarithmic; shorter is better',
    columns: [column(''), column('', 'right'), column('', 'left', 'bar'), column('')],
    rows: decades.map(({ milestone }, n) => {
      const here = milestone.offeredFlop
      const before = decades[n - 1]?.milestone.offeredFlop ?? 0
      const passed = between(before, here)
      return row(
        cell(power(here)),
        cell(nats(milestone.point.reducibleNats)),
        bar(0, ((levels[n] as number) - low) / (high - low), passed.length > 0 ? 'warn' : 'accent'),
        cell(passed.join('  '), 'warn'),
      )
    }),
  }
}

const short = {
  'half at the margin': 'm < ½',
  'half of all': 'A < ½',
  'a hundredth of a nat per decade': '< 0.01 nats per tenfold',
} as const

const power = (value: number): string => {
  const exponent = Math.log10(value)
  return Math.abs(exponent - Math.round(exponent)) < 1e-6
    ? `1e${Math.round(exponent)}`
    : value.toExponential(1).replace('e+', 'e')
}

function decadesTable({ sought, decades }: Grown): Table {
  return {
    kind: 'table',
    title: 'Decade by decade',
    aside: '',
    columns: [
      column('FLOP'),
      column('GPUs', 'right'),
      column('loss', 'right', 'drop'),
      column('Δ nats', 'right'),
      column('C_eq ×', 'right'),
      column('A', 'right'),
      column('m', 'right'),
      column('R', 'right'),
      column('slope', 'right', 'drop'),
      column('what binds'),
    ],
    rows: decades.map(({ milestone, gain }) => {
      const { point, absorption, binding, offeredFlop, ofOffered, ratio, chips } = milestone
      return row(
        cell(power(offeredFlop), 'strong'),
        cell(count(chips)),
        cell(
          lossWords(sought, offeredFlop > TRUSTED_FLOP ? `(${point.lossNats.toFixed(3)})` : point.lossNats.toFixed(4)),
          offeredFlop > TRUSTED_FLOP ? 'dim' : 'plain',
        ),
        cell(gain ? change(gain.nats) : ''),
        cell(gain ? times(gain.equivalentRatio) : ''),
        cell(percent(ofOffered)),
        cell(fixed(absorption.marginal), absorption.marginal < 0.5 ? 'warn' : 'plain'),
        cell(ratio.toPrecision(3)),
        cell(gain ? fixed(gain.ratioSlope) : '', 'dim'),
        cell(binding.name),
      )
    }),
  }
}

/** Below what the arithmetic resolves, nothing. */
const change = (gained: number): string => (Math.abs(gained) < 1e-7 ? '0' : nats(-gained).replace(' nats', ''))

function runsTable({ decades }: Grown): Table {
  return {
    kind: 'table',
    title: 'The best runs',
    aside: 'splits searched by the engine',
    columns: [
      column('FLOP'),
      column('model', 'right'),
      column('tokens', 'right'),
      column('batch', 'right'),
      column('use', 'right'),
      column('goodput', 'right', 'drop'),
      column('split'),
    ],
    rows: decades.map(({ milestone: { offeredFlop, point } }) =>
      row(
        cell(power(offeredFlop), 'strong'),
        cell(count(point.parameters)),
        cell(tokens(point.tokens).replace(' tokens', '')),
        cell(tokens(point.batchTokens).replace(' tokens', '')),
        cell(percent(point.settled.mfu)),
        cell(percent(point.goodput)),
        cell(point.split ? strategyWords(point.split).replace(' · mb 1', '') : '–', 'dim'),
      ),
    ),
  }
}

function testsTable({ tests }: Grown): Table {
  return {
    kind: 'table',
    title: 'A thousandfold compute: is it digested?',
    aside: 'yes if at least half of its logarithm arrives (C_eq × 31.6); 5 to 95 %',
    columns: [
      column(''),
      column('nats gained', 'right'),
      column('interval', 'right', 'drop'),
      column('of reducible', 'right', 'drop'),
      column('C_eq ×', 'right'),
      column('interval', 'right', 'drop'),
      column(''),
    ],
    rows: tests.map((test) =>
      row(
        cell(`${power(test.from)} → ${power(test.to)}`, 'strong'),
        cell(nats(test.nats).replace(' nats', '')),
        cell(span(test.natsInterval), 'dim'),
        cell(percent(-test.removed)),
        cell(times(test.equivalentRatio)),
        cell(span(test.ratioInterval, times), 'dim'),
        verdictOf(test),
      ),
    ),
  }
}

function verdictOf({ digests, ratioInterval }: Test) {
  const half = 10 ** 1.5
  const sure = digests ? ratioInterval.low >= half : ratioInterval.high < half
  const word = digests ? 'digests' : 'does not digest'
  return cell(sure ? word : `${word}, unsure`, sure ? (digests ? 'good' : 'bad') : 'warn')
}

const effectWords: Readonly<Record<Effect, string>> = {
  lifts: 'lifts the ceiling',
  cheapens: 'cheaper, same ceiling',
  neither: 'neither',
  lowers: 'lowers',
}

function shiftsTable({ shifts }: Grown): Table {
  const sorted = shifts.toSorted((a, b) => b.equivalentDecades - a.equivalentDecades)
  return {
    kind: 'table',
    title: 'What would move the wall',
    aside: 'decades; utilization held',
    columns: [
      column(''),
      column('compute', 'right'),
      column('GPUs', 'right', 'drop'),
      column('C_eq there', 'right'),
      column('same GPUs', 'right'),
      column(''),
    ],
    rows: sorted.map(({ label, offeredDecades, chipDecades, equivalentDecades, sameChipsDecades, effect }: Shift) =>
      row(
        cell(label),
        cell(signed(offeredDecades)),
        cell(signed(chipDecades)),
        cell(signed(equivalentDecades), 'strong'),
        cell(signed(sameChipsDecades)),
        cell(effectWords[effect], effect === 'lifts' ? 'good' : effect === 'lowers' ? 'bad' : 'dim'),
      ),
    ),
  }
}

function notes({ sought, grounds, road, crossings, decades }: Grown): Prose {
  const weak = unverified(grounds)
  const slopes = decades.flatMap(({ gain }: Decade) => (gain ? [gain.ratioSlope] : []))
  const mean = slopes.reduce((sum, slope) => sum + slope, 0) / Math.max(1, slopes.length)
  return {
    kind: 'prose',
    title: 'Read with care',
    mark: 'bullet',
    items: [
      cell(
        `FLOP is what is bought: GPUs at ${percent(road.referenceMfu)} for the whole time. A: compute-equivalent over it. m: gain of 1 % more GPUs.`,
      ),
      cell(
        `R: compute over communication of fully sharded training at the critical batch; it goes as C^${fixed(mean)} on this road.`,
      ),
      ...crossings.map(({ threshold, at }) =>
        cell(
          at
            ? `${thresholdWords[threshold]}: from ${flop(at.offeredFlop)}, bound by ${at.binding}.`
            : `${thresholdWords[threshold]}: not on this road.`,
        ),
      ),
      cell(
        'Beyond 1e26 FLOP losses stand in brackets: E alone is uncertain by 0.04 nats. Differences and compute-equivalents hold better.',
        'warn',
      ),
      ...refusalCells(sought),
      cell('Walls, levers and intervals hold utilization at the reference; the decades ask the engine.', 'dim'),
      ...(weak.length > 0 ? [cell(`Unverified: ${weak.map(({ label }) => label).join('; ')}.`, 'warn')] : []),
    ],
  }
}
