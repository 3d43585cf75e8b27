/** `explain FILE phases.reinforcement.decode`: how a part of a model's life comes about, down to its operations. */

import type { Reckoned } from '../../../engine/phases/generate.ts'
import type { Life, Phase } from '../../../engine/phases/life.ts'
import { formatQuantity } from '../../../units/format.ts'
import type { Unit } from '../../../units/unit.ts'
import { cell, column, type Report, row, type Section, type Table, type Tool, type TreeNode } from '../../report.ts'
import { about, percent } from '../../words.ts'
import { lifeRecord, lifeSections, nameOf } from '../life.ts'
import { withValues } from './formula.ts'

type Part = Phase['parts'][number]

/** Undefined where nothing in this life has that name. */
export function explainLife(subject: string, life: Life, tool: Tool): Report | undefined {
  const [, name, partName, ...more] = subject.split('.')
  if (more.length > 0) return undefined
  if (name === undefined) return reportOf(subject, tool, life, [...lifeSections(life), ...life.phases.map(phaseTree)])
  const phase = life.phases.find((each) => nameOf(each) === name)
  if (!phase) return undefined
  if (partName === undefined) return reportOf(subject, tool, life, [phaseTree(phase)])
  const part = phase.parts.find((each) => each.name === partName)
  return part && reportOf(subject, tool, life, partSections(phase, part))
}

/** All that has a name: for suggestions. */
export function namesOfLife({ phases }: Life): readonly string[] {
  const names = phases.flatMap((phase) => [nameOf(phase), ...phase.parts.map(({ name }) => `${nameOf(phase)}.${name}`)])
  return ['phases', ...names.map((name) => `phases.${name}`)]
}

function reportOf(subject: string, tool: Tool, life: Life, sections: readonly Section[]): Report {
  return {
    tool,
    sections: [{ kind: 'title', text: subject, aside: '', lines: [] }, ...sections],
    data: lifeRecord(life),
    fields: [{ name: 'subject', unit: 'count', value: subject }],
  }
}

function phaseTree(phase: Phase): Section {
  const { parts, seconds, planned } = phase
  return {
    kind: 'tree',
    title: planned.name,
    nodes: [
      {
        name: `phases.${nameOf(phase)}.time`,
        value: formatQuantity(seconds, 'seconds'),
        from: `= ${parts.map(({ name }) => name).join(' + ')}`,
        place: '',
        children: parts.map((part) => reckonedNode(part.name, part)),
      },
    ],
  }
}

function reckonedNode(name: string, { seconds, formula, inputs }: Reckoned): TreeNode {
  return {
    name,
    value: formatQuantity(seconds, 'seconds'),
    from: `= ${withValues(formula.text, (input) => wordsOf(input, inputs[input]))}`,
    place: '',
    children: [],
  }
}

const endings: readonly (readonly [RegExp, Unit])[] = [
  [/seconds$/iu, 'seconds'],
  [/bytesPerSecond$/iu, 'bytesPerSecond'],
  [/bytes$/iu, 'bytes'],
]

function wordsOf(name: string, value: number | undefined): string | undefined {
  if (value === undefined) return undefined
  return formatQuantity(value, endings.find(([ending]) => ending.test(name))?.[1] ?? 'count')
}

function partSections(phase: Phase, part: Part): readonly Section[] {
  const inner = phase.reinforced && innerOf(phase.reinforced, part.name)
  const chain = [part, ...(inner ? [inner] : [])]
  const steps = chain.map(
    (each): Section => ({
      kind: 'prose',
      title: each.formula.id,
      mark: 'none',
      items: [
        cell(`= ${each.formula.text}`),
        cell(`= ${withValues(each.formula.text, (input) => wordsOf(input, each.inputs[input]))}`),
        cell(`= ${formatQuantity(each.seconds, 'seconds')}`, 'strong'),
        cell(each.formula.source, 'dim'),
      ],
    }),
  )
  const decode = part.name === 'decode' ? phase.reinforced?.decode : undefined
  return [...steps, ...(decode ? [operationsTable(decode)] : [])]
}

/** What one rollout takes, behind what all of them do. */
function innerOf(reinforced: NonNullable<Phase['reinforced']>, name: string): Reckoned | undefined {
  const { prefill, decode, logProbs, update, handOver } = reinforced
  return { prefill, decode, log_probs: logProbs, update, hand_over: handOver }[name]
}

const MOST_ROWS = 12

function operationsTable({ timings, stepSeconds }: NonNullable<Phase['reinforced']>['decode']): Table {
  const spent = timings
    .map(({ timing, times }) => ({ timing, times, seconds: times * timing.exposedSeconds }))
    .toSorted((a, b) => b.seconds - a.seconds)
  return {
    kind: 'table',
    title: 'One step of decoding',
    aside: formatQuantity(stepSeconds, 'seconds'),
    columns: [
      column(''),
      column('times', 'right'),
      column('each', 'right'),
      column('of the step', 'right'),
      column('bound by'),
    ],
    rows: spent
      .slice(0, MOST_ROWS)
      .map(({ timing, times, seconds }) =>
        row(
          cell(timing.operation.name),
          cell(about(times)),
          cell(formatQuantity(timing.exposedSeconds, 'seconds')),
          cell(percent(seconds / stepSeconds)),
          cell(timing.bound, 'dim'),
        ),
      ),
  }
}
