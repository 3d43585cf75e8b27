/** From the options of `sweep` to a plan: values read through the same door as a file, expressions compiled. */
import type { MetricName } from '../engine/metrics.ts'
import type { Files } from '../scenario/files.ts'
import { type InputKind, inputKinds, inputNumbers } from '../scenario/inputs.ts'
import { parseScenario } from '../scenario/read.ts'
import { resolve } from '../scenario/resolve.ts'
import type { Scenario } from '../scenario/schema.ts'
import { valueFrom } from '../scenario/value.ts'
import type { Fixed } from '../search/space.ts'
import type { Axis, Follower, Mode, SweepPlan } from '../sweep/sweep.ts'
import { valueAt } from '../sweep/sweep.ts'
import type { ColumnSpec } from '../sweep/table.ts'
import { type Dimension, type Grid, gridOf, isVaryFault, readVary } from '../sweep/vary.ts'
import { UsageError } from './exit.ts'
import type { Constants } from './limits.ts'

export { Sweeper } from '../sweep/sweep.ts'

/** A plan that can be sent to a worker: expressions and conditions are texts. */
export interface SweepErrand {
  readonly kind: 'sweep'
  readonly scenario: Scenario
  readonly axes: readonly Axis[]
  readonly expressions: readonly {
    readonly path: readonly string[]
    readonly text: string
    readonly column: ColumnSpec
  }[]
  readonly grid: Grid
  readonly metrics: readonly MetricName[]
  readonly mode: Mode
  readonly fixed: Fixed
  readonly limits: readonly string[]
  readonly constants: Constants
}

export interface Varied {
  readonly vary: readonly string[]
  readonly zip: boolean
}

type Values = Pick<SweepErrand, 'axes' | 'expressions' | 'grid'>

/** Every value once by itself, so that what is wrong with it is said with its place. */
export function readValues({ vary, zip }: Varied, file: string, files: Files, sets: readonly string[]): Values {
  const dimensions = vary.map(read)
  const twice = dimensions.find(({ path }, at) => dimensions.findIndex((other) => other.path === path) !== at)
  if (twice) throw new UsageError(`--vary says ${twice.path} twice`, 'give all its values at once')
  const axes = dimensions.flatMap((dimension) =>
    dimension.kind === 'values' ? [axisOf(dimension, file, files, sets)] : [],
  )
  if (axes.length === 0) throw new UsageError('a sweep varies something', "such as --vary 'cluster.gpus=256..65536*2'")
  const expressions = dimensions.flatMap((dimension) =>
    dimension.kind === 'expression'
      ? [{ path: dimension.path.split('.'), text: dimension.text, column: columnFor(dimension.path, []) }]
      : [],
  )
  const grid = gridOf(dimensions, zip)
  const uneven = zip && grid.sizes.some((size) => size !== grid.count)
  if (uneven)
    throw new UsageError(
      `--zip pairs lists of one length, not of ${grid.sizes.join(' and ')}`,
      'or leave --zip away: all combinations',
    )
  return { axes, expressions, grid }
}

function read(text: string): Dimension {
  const made = readVary(text)
  if (isVaryFault(made)) throw new UsageError(`--vary: ${made.message}`, made.hint)
  return made
}

type Words = Extract<Dimension, { kind: 'values' }>

function axisOf({ path, values }: Words, file: string, files: Files, sets: readonly string[]): Axis {
  const steps = path.split('.')
  const held = values.map((value) => {
    const alone = /^[\d.]/u.test(value) ? valueFrom(steps, value) : undefined
    if (alone !== undefined) return alone
    // What is wrong with it is said with its place.
    const scenario = parseScenario(file, files, { sets: [...sets, `${path}=${value}`] })
    return valueAt(scenario, steps)
  })
  return { path: steps, values: held, column: columnFor(path, values) }
}

function columnFor(path: string, words: readonly string[]): ColumnSpec {
  const kind: InputKind | undefined = inputKinds().get(path)
  if (kind === undefined)
    throw new UsageError(`--vary: ${path} is not a single value`, 'name one, such as cluster.gpus')
  if (kind === 'flag') return { name: path, unit: 'count', kind: 'flag' }
  // ZeRO and dp have words beside their numbers.
  const allNumbers = words.every((word) => /^[\d.+-]/u.test(word))
  if (kind === 'word' || !allNumbers) return { name: path, unit: 'count', kind: 'word', words }
  return { name: path, unit: kind, kind: 'number' }
}

/** What was sent, made whole. */
export async function planOf(errand: SweepErrand): Promise<SweepPlan> {
  const { scenario, axes, expressions, grid, metrics, mode, fixed, limits, constants } = errand
  const read = limits.length > 0 ? (await import('./limits.ts')).limitsOf(limits, constants) : []
  const followers = expressions.length > 0 ? await followersOf(expressions) : []
  return { scenario, axes, followers, grid, metrics, mode, fixed, limits: read }
}

async function followersOf(expressions: SweepErrand['expressions']): Promise<readonly Follower[]> {
  const { compileExpression, isFaulty } = await import('../math/expression.ts')
  return expressions.map(({ path, text, column }) => {
    const expression = compileExpression(text, inputKinds())
    if (isFaulty(expression)) {
      const said = Object.values(expression.params).join('; ')
      throw new UsageError(`--vary ${path.join('.')}=${text}: ${said}`, `see: clusterwise explain ${expression.code}`)
    }
    return {
      path,
      column,
      value: (scenario) => Number(expression.evaluate(inputNumbers({ scenario, ...resolve(scenario) }))),
    }
  })
}
