/** Scenarios by the names that the command line gave them. */
import { type LocatedProblem, ScenarioError } from '../base/problem.ts'
import { type Loaded, readScenario } from '../scenario/read.ts'
import { UsageError } from './exit.ts'
import { scenarioFiles } from './files.ts'
import type { Host } from './host.ts'

export interface ReadOptions {
  readonly set?: readonly string[]
  readonly root?: string
}

/** All of them, or one error with the problems of all. `-` is stdin. */
export async function readScenarios(
  names: readonly string[],
  options: ReadOptions,
  host: Host,
): Promise<readonly Loaded[]> {
  const stdin = names.includes('-') ? { stdin: await readStdin(host) } : {}
  const root = options.root === undefined ? {} : { root: options.root }
  const files = scenarioFiles({ ...stdin, ...root }, host)
  const problems: LocatedProblem[] = []
  const loaded = names.flatMap((name) => {
    try {
      return [readScenario(name, files, { sets: options.set ?? [] })]
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  if (problems.length > 0) throw new ScenarioError(problems)
  return loaded
}

async function readStdin(host: Host): Promise<string> {
  if (!host.stdin.isTTY) return host.stdin.read()
  throw new UsageError(
    '"-" reads a scenario from stdin, but stdin is this terminal',
    'pipe one in: … | clusterwise run -',
  )
}
