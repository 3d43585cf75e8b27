/** Scenarios by the names that the command line gave them. */
import { type LocatedProblem, ScenarioError } from '../base/problem.ts'
import type { Files } from '../scenario/files.ts'
import { type Loaded, readScenario } from '../scenario/read.ts'
import { UsageError } from './exit.ts'
import { scenarioFiles } from './files.ts'
import type { Host } from './host.ts'

export interface ReadOptions {
  readonly set?: readonly string[]
  readonly root?: string
  /** A fragment that lies over the scenario: what `calibrate` wrote. */
  readonly calibration?: string
}

/** All of them, or one error with the problems of all. `-` is stdin. */
export async function readScenarios(
  names: readonly string[],
  options: ReadOptions,
  host: Host,
): Promise<readonly Loaded[]> {
  const files = await filesFor(names, options, host)
  const read = names.map((name) => readOne(name, files, options.set ?? [], options.calibration))
  const loaded = read.flatMap((each) => ('problems' in each ? [] : [each]))
  const problems = [
    ...read.flatMap((each) => ('problems' in each ? each.problems : [])),
    ...(await checkProblems(loaded)),
  ]
  if (problems.length > 0) throw new ScenarioError(problems)
  return loaded
}

/** A scenario whose strategy is looked for: the one that it has need not be legal. */
export async function readAnyStrategy(name: string, options: ReadOptions, host: Host): Promise<Loaded> {
  const files = await filesFor([name], options, host)
  return readScenario(name, files, { ...layersOf(options.set ?? [], options.calibration), anyStrategy: true })
}

export async function filesFor(names: readonly string[], { root }: ReadOptions, host: Host): Promise<Files> {
  const stdin = names.includes('-') ? { stdin: await readStdin(host) } : {}
  return scenarioFiles({ ...stdin, ...(root === undefined ? {} : { root }) }, host)
}

/** The scenario, or all that is wrong with it. */
export function readOne(
  name: string,
  files: Files,
  sets: readonly string[],
  calibration?: string,
): Loaded | { readonly problems: readonly LocatedProblem[] } {
  try {
    return readScenario(name, files, layersOf(sets, calibration))
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    return { problems: error.problems }
  }
}

const layersOf = (sets: readonly string[], calibration: string | undefined) => ({
  sets,
  ...(calibration !== undefined && { calibration }),
})

/** A check that cannot be read is a mistake in the file, whatever is asked of it. */
async function checkProblems(loaded: readonly Loaded[]): Promise<readonly LocatedProblem[]> {
  const checked = loaded.filter(({ scenario }) => scenario.checks !== undefined && scenario.checks.length > 0)
  if (checked.length === 0) return []
  const { checksOf } = await import('./checks.ts')
  return checked.flatMap((each) => checksOf(each).problems)
}

export async function readStdin(host: Host): Promise<string> {
  if (!host.stdin.isTTY) return host.stdin.read()
  throw new UsageError(
    '"-" reads a scenario from stdin, but stdin is this terminal',
    'pipe one in: … | clusterwise run -',
  )
}
