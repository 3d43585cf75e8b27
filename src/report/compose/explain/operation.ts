/** One operation: how its time comes about, number by number. And all operations under a name. */
import type { Path } from '../../../base/problem.ts'
import type { Operation } from '../../../engine/operation.ts'
import type { Simulation, StepOperation } from '../../../engine/simulation.ts'
import type { Timing } from '../../../engine/timing.ts'
import { formatQuantity } from '../../../units/format.ts'
import type { Unit } from '../../../units/unit.ts'
import { bar, cell, column, type Report, type Row, row, sumRow, type TreeNode } from '../../report.ts'
import { counted, group, percent, timesLike } from '../../words.ts'
import { namesIn, withValues } from './formula.ts'
import { inputPath } from './inputs.ts'
import { type Provenance, provenanceOf } from './provenance.ts'
import type { Question, Run } from './question.ts'

export function operationId({ name, phase }: Operation): string {
  return `${name}.${phase}`
}

/** The operations that a subject names: one by its whole id, or all that stand under it. */
export function operationsUnder(subject: string, { operations }: Simulation): readonly StepOperation[] {
  const named = (fits: (id: string) => boolean) =>
    operations.filter(({ timing }) => fits(operationId(timing.operation)))
  const exact = named((id) => id === subject)
  return exact.length > 0 ? exact : named((id) => id.startsWith(`${subject}.`))
}

export function explainOperations(
  subject: string,
  found: readonly StepOperation[],
  run: Run,
  question: Question,
): Report {
  const [only] = found
  return only !== undefined && found.length === 1
    ? explainOperation(only, run, question)
    : listOperations(subject, found, run, question)
}

function explainOperation({ timing, block, times }: StepOperation, run: Run, { tool }: Question): Report {
  const { formula, inputs, operation } = timing
  const provenance = provenanceOf(run)
  const nodes = namesIn(formula.text).map((name) => inputNode(name, timing, run, provenance))
  const numbers = withValues(formula.text, (name) => inputWords(name, inputs))
  return {
    tool,
    sections: [
      {
        kind: 'title',
        text: operationId(operation),
        aside: formatQuantity(timing.seconds, 'seconds'),
        lines: [
          shapeOf(operation),
          boundOf(timing),
          [`${block}: ${counted(times, 'time')} a step on the busiest stage`],
        ],
      },
      {
        kind: 'prose',
        title: formula.id,
        mark: 'none',
        items: [
          cell(`= ${formula.text}`),
          cell(`= ${numbers}`),
          cell(`= ${formatQuantity(timing.seconds, formula.unit)}`, 'strong'),
        ],
      },
      { kind: 'tree', title: 'Inputs', nodes },
      { kind: 'prose', title: 'Source of the formula', mark: 'none', items: [cell(formula.source, 'dim')] },
      provenance.sources(),
    ],
    data: { operation: { ...recordOf(timing), block, times } },
    fields: fieldsOf(timing),
  }
}

function inputNode(name: string, timing: Timing, run: Run, provenance: Provenance): TreeNode {
  const value = timing.inputs[name]
  const path = inputPath(name, timing, run)
  return {
    name,
    value: value === undefined ? '' : formatQuantity(value, unitOf(name)),
    from: path === undefined ? '' : fromWords(path, value, run),
    place: path === undefined ? '' : provenance.placeOf(path),
    children: [],
  }
}

/** The path itself where the value was taken as it stands there, "from" it where something was made of it. */
function fromWords(path: Path, value: number | undefined, { loaded }: Run): string {
  const written = path.reduce<unknown>(
    (section, key) => (section as Record<string, unknown> | undefined)?.[key],
    loaded.scenario,
  )
  return written === undefined || written === value || written === 'auto' ? path.join('.') : `from ${path.join('.')}`
}

function inputWords(name: string, inputs: Timing['inputs']): string | undefined {
  const value = inputs[name]
  return value === undefined ? undefined : formatQuantity(value, unitOf(name))
}

/** The names of inputs end in their unit. */
const unitsByEnding: readonly (readonly [RegExp, Unit])[] = [
  [/bytesPerSecond$/i, 'bytesPerSecond'],
  [/flopPerSecond$/i, 'flopPerSecond'],
  [/bytes$/i, 'bytes'],
  [/seconds$/i, 'seconds'],
  [/flop$/i, 'flop'],
  [/(efficiency|fraction|exposed|hidden)$/i, 'ratio'],
]

function unitOf(name: string): Unit {
  return unitsByEnding.find(([ending]) => ending.test(name))?.[1] ?? 'count'
}

function shapeOf(operation: Operation): readonly string[] {
  switch (operation.kind) {
    case 'matmul': {
      const { m, n, k, datatype } = operation
      return [`[${group(m)} × ${group(k)}] × [${group(k)} × ${group(n)}]`, datatype]
    }
    case 'attention':
      return [`attention kernel ${operation.kernel}`, formatQuantity(operation.flop, 'flop')]
    case 'scan':
      return [`scan over chunks, ${formatQuantity(operation.flop, 'flop')}`, formatQuantity(operation.bytes, 'bytes')]
    case 'recurrence': {
      const { steps, m, n, k, datatype } = operation
      return [
        `${group(steps)} × [${group(m)} × ${group(k)}] × [${group(k)} × ${group(n)}], one after another`,
        datatype,
      ]
    }
    case 'elementwise':
      return [`${formatQuantity(operation.bytes, 'bytes')} through HBM`]
    case 'decomposition':
      return [`${operation.method} of [${group(operation.size)} × ${group(operation.size)}]`, operation.datatype]
    case 'collective':
      return [
        `${operation.collective} over ${operation.dimension.toUpperCase()}`,
        formatQuantity(operation.bytes, 'bytes'),
      ]
  }
}

function boundOf({ bound, seconds, exposedSeconds, flop }: Timing): readonly string[] {
  return [
    `bound by ${bound}`,
    flop > 0 ? `${formatQuantity(flop / seconds, 'flopPerSecond')}` : '',
    exposedSeconds < seconds ? `${formatQuantity(exposedSeconds, 'seconds')} of it exposed` : '',
  ]
}

function listOperations(subject: string, found: readonly StepOperation[], run: Run, { tool }: Question): Report {
  const total = found.reduce((sum, operation) => sum + perStep(operation), 0)
  const longest = Math.max(...found.map(perStep))
  const words = timesLike(longest)
  const step = run.simulation.metrics['step.time']
  return {
    tool,
    sections: [
      {
        kind: 'title',
        text: subject,
        aside: counted(found.length, 'operation'),
        lines: [['what the busiest stage runs in a step, hidden parts included; explain one by its full name']],
      },
      {
        kind: 'table',
        title: '',
        aside: '',
        columns: [
          column('operation'),
          column('block', 'left', 'drop'),
          column('once', 'right'),
          column('times', 'right'),
          column('in a step', 'right'),
          column('of the step', 'right'),
          column('bound by'),
          column('', 'left', 'bar'),
        ],
        rows: [
          ...found.map((operation) => operationRow(operation, { step, longest, words })),
          sumRow(
            cell('all', 'strong'),
            cell(''),
            cell(''),
            cell(''),
            cell(words(total), 'strong'),
            cell(percent(total / step)),
          ),
        ],
      },
    ],
    data: { operations: found.map(({ timing, block, times }) => ({ ...recordOf(timing), block, times })) },
    fields: [
      { name: 'subject', unit: 'count', value: subject },
      { name: 'time', unit: 'seconds', value: total },
    ],
  }
}

function perStep({ timing, times }: StepOperation): number {
  return timing.seconds * times
}

interface Scale {
  readonly step: number
  readonly longest: number
  readonly words: (seconds: number) => string
}

function operationRow(operation: StepOperation, { step, longest, words }: Scale): Row {
  const { timing, block, times } = operation
  const seconds = perStep(operation)
  return row(
    cell(operationId(timing.operation)),
    cell(block, 'dim'),
    cell(formatQuantity(timing.seconds, 'seconds')),
    cell(group(times), 'dim'),
    cell(words(seconds)),
    cell(percent(seconds / step), 'dim'),
    cell(timing.bound),
    bar(0, seconds / longest, 'accent'),
  )
}

export function recordOf(timing: Timing) {
  const { operation, seconds, exposedSeconds, flop, bound, formula, inputs } = timing
  return {
    id: operationId(operation),
    kind: operation.kind,
    seconds,
    exposedSeconds,
    flop,
    bound,
    formula: { id: formula.id, text: formula.text, source: formula.source },
    inputs: { ...inputs },
  }
}

function fieldsOf({ operation, seconds, exposedSeconds, bound }: Timing): Report['fields'] {
  return [
    { name: 'operation', unit: 'count', value: operationId(operation) },
    { name: 'time', unit: 'seconds', value: seconds },
    { name: 'exposed', unit: 'seconds', value: exposedSeconds },
    { name: 'bound', unit: 'count', value: bound },
  ]
}
