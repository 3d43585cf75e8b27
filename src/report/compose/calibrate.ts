/** `calibrate`: what the runs changed, by how much, and how far off each of them is before and after. */
import type { Loaded } from '../../scenario/read.ts'
import type { Calibrated, Knob } from '../../validation/calibrate.ts'
import { type Cell, cell, column, type Json, type Report, row, type Section, type Table, type Tool } from '../report.ts'
import { change, counted } from '../words.ts'

export interface CalibrateInput {
  readonly runs: readonly string[]
  readonly first: Loaded
  readonly calibrated: Calibrated
  /** File that was written. */
  readonly out?: string
  readonly tool: Tool
}

const labels: Readonly<Record<Knob, string>> = {
  matmul: 'sustained rates of matmuls',
  attention: 'rates of attention',
  network: 'efficiency of the network between domains',
  host: 'host time per layer',
}

const paths: Readonly<Record<Knob, string>> = {
  matmul: 'cluster.gpu.sustained.matmul',
  attention: 'cluster.gpu.sustained.attention',
  network: 'cluster.scale_out.efficiency',
  host: 'software.host',
}

export function composeCalibrate(input: CalibrateInput): Report {
  const { tool, calibrated } = input
  return {
    tool,
    sections: [titleOf(input), changes(calibrated), errors(input), next(input)],
    data: recordOf(input),
    fields: (Object.keys(labels) as Knob[]).map((knob) => ({
      name: `factor.${knob}`,
      unit: 'count',
      value: calibrated.factors[knob],
    })),
  }
}

function titleOf({ runs, first }: CalibrateInput): Section {
  const facts = [counted(runs.length, 'measured run'), first.scenario.cluster.gpu.name ?? 'GPU']
  return { kind: 'title', text: 'Calibration', aside: '', lines: [facts] }
}

function changes({ factors, fitted }: Calibrated): Table {
  const note = (knob: Knob) => (fitted.includes(knob) ? paths[knob] : 'these runs do not tell it apart: as it was')
  return {
    kind: 'table',
    title: 'What changes',
    aside: 'against the catalog',
    columns: [column(''), column('', 'right'), column('', 'left', 'below')],
    rows: (Object.keys(labels) as Knob[]).map((knob) =>
      row(cell(labels[knob]), changeCell(factors[knob] - 1), cell(note(knob), 'dim')),
    ),
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const changeCell = (share: number): Cell => cell(share === 0 ? '–' : change(percent(share), share), 'strong')

function errors({ runs, calibrated: { before, after } }: CalibrateInput): Table {
  const errorOf = (errors: readonly number[], i: number) => changeCell(errors[i] as number)
  return {
    kind: 'table',
    title: 'Error of the step time',
    aside: 'above 0: predicted too slow',
    columns: [column('run'), column('before', 'right'), column('after', 'right')],
    rows: runs.map((name, i) => row(cell(name), errorOf(before, i), errorOf(after, i))),
  }
}

function next({ out }: CalibrateInput): Section {
  const file = out ?? 'calibration.yaml'
  const write = { purpose: 'keep it', words: ['clusterwise calibrate …', `--out ${file}`] }
  const use = { purpose: 'use it', words: ['clusterwise run plan.yaml', `--calibration ${file}`] }
  return { kind: 'commands', title: 'Next', commands: out === undefined ? [write, use] : [use] }
}

function recordOf({ runs, calibrated: { factors, fitted, before, after } }: CalibrateInput): {
  readonly [key: string]: Json
} {
  return {
    factors: { ...factors },
    fitted: [...fitted],
    runs: runs.map((id, i) => ({ id, before: before[i] as number, after: after[i] as number })),
  }
}
