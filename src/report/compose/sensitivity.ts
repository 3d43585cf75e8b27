/** Which inputs matter most, as a tornado, and the value at which a goal is met. */
import { catalogue } from '../../engine/catalogue.ts'
import type { MetricName } from '../../engine/metrics.ts'
import type { Sought, Swing } from '../../search/sensitivity.ts'
import { formatQuantity } from '../../units/format.ts'
import type { Unit } from '../../units/unit.ts'
import { bar, cell, column, type Json, type Report, type Row, row, type Section, type Tool, titled } from '../report.ts'
import { change } from '../words.ts'

export interface SensitivityInput {
  readonly name: string
  readonly file: string
  readonly tool: Tool
  readonly metric: MetricName
  readonly now: number
  /** By how much inputs are turned, as a share. */
  readonly part: number
  readonly swings: readonly Swing[]
  readonly unitOf: (path: string) => Unit
  readonly goal?: { readonly text: string; readonly path: string; readonly now: number; readonly sought: Sought }
}

const most = 15

export function composeSensitivity(input: SensitivityInput): Report {
  const { name, file, tool, metric, now, part, swings, goal } = input
  const { label, unit } = catalogue[metric]
  return {
    tool,
    sections: [
      titled(name, tool, [
        [`${label}: ${formatQuantity(now, unit)}`, goal ? '' : `each input ${Math.round(part * 100)} % less and more`],
      ]),
      goal ? goalVerdict(input, goal) : tornado(input),
    ],
    data: {
      name,
      file,
      metric,
      value: now,
      ...(goal ? { goal: goalRecord(goal) } : { part, inputs: swings.map((swing) => ({ ...swing })) }),
    },
    fields: [],
  }
}

function tornado({ swings, now, part, metric, unitOf }: SensitivityInput): Section {
  const widest = Math.max(...swings.flatMap(({ less, more }) => [Math.abs(less - now), Math.abs(more - now)]), 1e-300)
  const share = `${Math.round(part * 100)} %`
  return {
    kind: 'table',
    title: 'What matters',
    aside: '',
    columns: [
      column('input'),
      column('', 'right', 'drop'),
      column(`−${share}`, 'right'),
      column(`+${share}`, 'right'),
      column('elasticity', 'right'),
      column('', 'left', 'bar'),
    ],
    rows: swings.slice(0, most).map((swing) => swingRow(swing, { now, widest, metric, unitOf })),
  }
}

interface Frame extends Pick<SensitivityInput, 'now' | 'metric' | 'unitOf'> {
  readonly widest: number
}

function swingRow({ path, value, less, more, elasticity }: Swing, { now, widest, metric, unitOf }: Frame): Row {
  const place = (result: number) => 0.5 + (result - now) / (2 * widest)
  const moved = (result: number) => {
    const by = result / now - 1
    const good = catalogue[metric].better === 'higher' ? by > 0 : by < 0
    return cell(change(`${(by * 100).toFixed(2)} %`, by), Math.abs(by) < 1e-4 ? 'dim' : good ? 'good' : 'warn')
  }
  const [from, to] = [Math.min(place(less), place(more)), Math.max(place(less), place(more))]
  return row(
    cell(path),
    cell(formatQuantity(value, unitOf(path)), 'dim'),
    moved(less),
    moved(more),
    cell(elasticity.toFixed(2).replace('-', '−')),
    bar(from, to, 'accent'),
  )
}

type Goal = NonNullable<SensitivityInput['goal']>

function goalVerdict({ unitOf }: SensitivityInput, { text, path, now, sought }: Goal): Section {
  const say = (value: number) => formatQuantity(value, unitOf(path))
  if (sought.kind !== 'found') {
    const word = sought.kind === 'always' ? 'ALWAYS' : 'NEVER'
    const role = sought.kind === 'always' ? 'good' : 'bad'
    const lines = [`tried from ${say(sought.from)} to ${say(sought.to)}: another input decides`]
    return { kind: 'verdict', role, word, text: `${text}, whatever ${path} is`, lines }
  }
  const times = `${Number((sought.value / now).toPrecision(3))} times the ${say(now)} of the scenario`
  return sought.holdsNow
    ? {
        kind: 'verdict',
        role: 'good',
        word: 'HOLDS',
        text: `${text} down to ${path} = ${say(sought.value)}`.replace(
          'down to',
          sought.value > now ? 'up to' : 'down to',
        ),
        lines: [times],
      }
    : {
        kind: 'verdict',
        role: 'warn',
        word: 'NEEDS',
        text: `${path} = ${say(sought.value)} for ${text}`,
        lines: [times],
      }
}

function goalRecord({ text, path, now, sought }: Goal): Json {
  return { goal: text, path, value: now, ...sought }
}
