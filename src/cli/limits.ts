/** `--require`: conditions on metrics, in the words of checks. Loaded only where there are any: it brings mathjs. */
import { catalogue } from '../engine/catalogue.ts'
import { type MetricName, metricNames } from '../engine/metrics.ts'
import { type Clause, compileExpression, isFaulty, type Names, type Part, type Value } from '../math/expression.ts'
import { inputKinds } from '../scenario/inputs.ts'
import type { Limit } from '../search/question.ts'
import { UsageError } from './exit.ts'

/** Inputs of the scenario by path: they stay while strategies vary. */
export type Constants = ReadonlyMap<string, Value>

/** A short name for what is asked for most. */
const nicknames = { 'gpu.hbm': 'cluster.gpu.hbm.capacity' } as const

export function limitsOf(texts: readonly string[], constants: Constants): readonly Limit[] {
  const names: Names = new Map([
    ...metricNames.map((name) => [name, catalogue[name].unit] as const),
    ...inputKinds(),
    ...Object.entries(nicknames).map(([name, path]) => [name, inputKinds().get(path) ?? 'count'] as const),
  ])
  const short = Object.entries(nicknames).flatMap(([name, path]) => {
    const value = constants.get(path)
    return value === undefined ? [] : [[name, value] as const]
  })
  const known = new Map([...constants, ...short])
  return texts.flatMap((text) => read(text, names, known))
}

const isMetric = (name: string): name is MetricName => name in catalogue

function read(text: string, names: Names, constants: Constants): readonly Limit[] {
  const expression = compileExpression(text, names)
  if (isFaulty(expression)) {
    const said = Object.entries(expression.params)
      .map(([, words]) => words)
      .join('; ')
    throw new UsageError(`--require '${text}': ${said}`, `see: clusterwise explain ${expression.code}`)
  }
  if (expression.kind !== 'flag')
    throw new UsageError(`--require '${text}' is a number, not a condition`, `such as --require '${text} < …'`)
  const lacking = expression.names.find((name) => !isMetric(name) && !constants.has(name))
  if (lacking) throw new UsageError(`--require '${text}': this scenario has no ${lacking}`, 'say it with --set')
  return expression.clauses.map((clause) => limitOf(clause, constants))
}

type Sign = NonNullable<Clause['comparison']>['sign']

const holds: Record<Sign, (left: number, right: number) => boolean> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
}

/** A metric against something that stays is a comparison of two numbers; anything else is evaluated each time. */
function limitOf(clause: Clause, constants: Constants): Limit {
  const metrics = clause.names.filter(isMetric)
  const { comparison } = clause
  const [only] = metrics
  if (
    comparison &&
    only &&
    metrics.length === 1 &&
    isBare(comparison.left, only) &&
    !comparison.right.names.some(isMetric)
  ) {
    const right = Number(comparison.right.evaluate(constants))
    const compare = holds[comparison.sign]
    return { text: clause.text, metrics, holds: (scope) => compare(scope[only], right) }
  }
  const scope = new Map(constants)
  return {
    text: clause.text,
    metrics,
    holds: (values) => {
      for (const name of metrics) scope.set(name, values[name])
      return clause.evaluate(scope) === true
    },
  }
}

const isBare = ({ text }: Part, name: string): boolean => text === name
