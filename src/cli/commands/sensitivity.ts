/** `sensitivity`: each input a little less and more; and with --goal, how far one input must go. */
import type { MetricName } from '../../engine/metrics.ts'
import { isLegal } from '../../engine/rules.ts'
import { simulate } from '../../engine/simulate.ts'
import type { Simulation } from '../../engine/simulation.ts'
import { composeSensitivity } from '../../report/compose/sensitivity.ts'
import { render } from '../../report/render/render.ts'
import { type InputKind, inputKinds, inputNumbers } from '../../scenario/inputs.ts'
import type { Loaded } from '../../scenario/read.ts'
import { resolve } from '../../scenario/resolve.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { seek, swingsOf } from '../../search/sensitivity.ts'
import { bestOf, contradictionsOf, valueAt, withValue } from '../../sweep/sweep.ts'
import type { Unit } from '../../units/unit.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { type ReadOptions, readScenarios } from '../reading.ts'
import { tool } from '../version.ts'
import { metricOf } from './search.ts'

export interface SensitivityOptions extends ReadOptions, OutputOptions {
  readonly metric?: string
  readonly part?: number
  readonly goal?: string
  readonly solve?: string
  readonly best?: boolean
}

export async function sensitivity(file: string, options: SensitivityOptions, host: Host): Promise<ExitCode> {
  if ((options.goal === undefined) !== (options.solve === undefined))
    throw new UsageError(
      '--goal and --solve go together',
      "such as --goal 'mfu >= 0.45' --solve cluster.scale_up.bandwidth",
    )
  const [loaded] = (await readScenarios([file], options, host)) as readonly [Loaded]
  const metric = metricOf(options.metric ?? 'step.time')
  const part = (options.part ?? 10) / 100
  const { metrics } = simulate(loaded.job, loaded.strategy)
  const goal = options.goal === undefined ? undefined : await goalOf(options.goal, loaded, options)
  const report = composeSensitivity({
    name: loaded.name,
    file: loaded.file,
    tool,
    metric,
    now: metrics[metric],
    part,
    swings: goal ? [] : swings(loaded, metric, part),
    unitOf,
    ...(goal && { goal }),
  })
  deliver((format, theme) => render([report], format, theme), options, host)
  return exit.answered
}

/** What can be a little more: no counts, no words, and nothing that is not said. */
function swings(loaded: Loaded, metric: MetricName, part: number) {
  const kinds = inputKinds()
  const continuous = [...inputNumbers(loaded)].filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === 'number' &&
      isContinuous(kinds.get(entry[0])) &&
      !entry[0].startsWith('calibration.') &&
      valueAt(loaded.scenario, entry[0].split('.')) !== undefined,
  )
  const now = simulate(loaded.job, loaded.strategy).metrics[metric]
  return swingsOf(
    new Map(continuous),
    now,
    part,
    (path, value) => changed(loaded.scenario, path, value)?.metrics[metric],
  )
}

const isContinuous = (kind: InputKind | undefined): boolean =>
  kind !== undefined && kind !== 'count' && kind !== 'flag' && kind !== 'word' && kind !== 'tokens'

/** The plan with one value changed; undefined where it cannot run. */
function changed(scenario: Scenario, path: string, value: number, best = false): Simulation | undefined {
  const turned = withValue(scenario, path.split('.'), value)
  if (contradictionsOf(turned).length > 0) return undefined
  const { job, strategy } = resolve(turned)
  if (best) return bestOf({ job, given: strategy, fixed: {}, limits: [], goals: ['step.time'], most: 3 })
  return isLegal(job, strategy) ? simulate(job, strategy) : undefined
}

async function goalOf(text: string, loaded: Loaded, { solve = '', best = false }: SensitivityOptions) {
  const { limitsOf } = await import('../limits.ts')
  const limits = limitsOf([text], inputNumbers(loaded))
  const now = inputNumbers(loaded).get(solve)
  if (typeof now !== 'number' || now <= 0)
    throw new UsageError(
      `--solve ${solve}: the scenario has no such number`,
      'name an input, such as cluster.scale_up.bandwidth',
    )
  const holds = (value: number): boolean => {
    const simulation = changed(loaded.scenario, solve, value, best)
    return simulation !== undefined && limits.every((limit) => limit.holds(simulation.metrics))
  }
  const whole = inputKinds().get(solve) === 'count' && Number.isInteger(now)
  return { text, path: solve, now, sought: seek(now, holds, whole) }
}

function unitOf(path: string): Unit {
  const kind = inputKinds().get(path)
  return kind === undefined || kind === 'flag' || kind === 'word' ? 'count' : kind
}
