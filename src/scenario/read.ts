/** One scenario from its text to what the engine needs: gather, parse, complete, check, resolve. */
import { type LocatedProblem, type Problem, ScenarioError } from '../base/problem.ts'
import type { Job } from '../engine/job.ts'
import type { Planned } from '../engine/phases/life.ts'
import { brokenRules } from '../engine/rules.ts'
import type { Note } from '../engine/simulation.ts'
import type { Strategy } from '../engine/strategy.ts'
import { missingKeys } from './complete.ts'
import type { Files } from './files.ts'
import { type Gathered, gather } from './gather.ts'
import { meantKey, problemsOf } from './issues.ts'
import { type Origin, originOf } from './origin.ts'
import { plannedPhases } from './phases.ts'
import { resolve } from './resolve.ts'
import { brokenScenarioRules } from './rules.ts'
import { type Measured, type Scenario, scenarioSchema } from './schema.ts'
import { override } from './set.ts'
import { tooLarge } from './size.ts'
import { plainOf, type Tree } from './tree.ts'

export interface Loaded {
  readonly name: string
  /** As people call it: relative to where they stand. */
  readonly file: string
  /** Composed and parsed: SI numbers. */
  readonly scenario: Scenario
  readonly job: Job
  readonly strategy: Strategy
  readonly origin: Origin
  readonly notes: readonly Note[]
  /** The phases of the model's life, where the scenario has any. */
  readonly phases?: readonly Planned[]
  /** What was published about this very run, where there is something. */
  readonly measured?: Measured
}

export interface ReadOptions {
  /** `path=value`, in order; a later one wins. */
  readonly sets: readonly string[]
  /** Where the strategy is what is looked for, that of the file need not be legal. */
  readonly anyStrategy?: boolean
  /** A fragment that lies over the scenario and under the sets: what `clusterwise calibrate` wrote. */
  readonly calibration?: string
}

/** Throws a ScenarioError that carries everything found wrong, sorted by place. */
export function readScenario(path: string, files: Files, options: ReadOptions): Loaded {
  const { sets, anyStrategy = false, calibration } = options
  const { gathered, origin, tree, scenario } = parseFile(path, files, sets, calibration)
  const resolved = anyStrategy ? coherent(scenario, origin) : checked(scenario, origin)
  const { measured, phases } = scenario
  const { main, via } = gathered
  return {
    name: titleOf(scenario, gathered),
    file: gathered.main.label,
    scenario,
    origin,
    ...resolved,
    ...(phases && !anyStrategy && { phases: plannedPhases(phases, { tree, main, via, origin }) }),
    ...(measured && { measured }),
  }
}

/** Each value by itself is sound; whether they go together has not been asked. */
export function parseScenario(path: string, files: Files, options: ReadOptions): Scenario {
  return parseFile(path, files, options.sets, options.calibration).scenario
}

function parseFile(path: string, files: Files, sets: readonly string[], calibration?: string) {
  const gathered = gather(path, files, calibration)
  if ('problems' in gathered) throw new ScenarioError(sorted(gathered.problems))
  const { tree, problems } = override(gathered.tree, sets)
  if (problems.length > 0) throw new ScenarioError(problems)
  const origin = originOf(tree, gathered.main, gathered.via)
  return { gathered, origin, tree, scenario: parse(tree, origin) }
}

/** Keys, types, units and limits, and that nothing is missing: all at once. */
function parse(tree: Tree, origin: Origin): Scenario {
  const plain = plainOf(tree)
  const parsed = scenarioSchema.safeParse(plain)
  const wrong = parsed.success ? [] : problemsOf(parsed.error.issues, plain)
  // A misspelt key and the key that is missing for it are one mistake: it is reported where it was made.
  const missing = missingKeys(tree, new Set(wrong.flatMap(meantPath)))
  if (parsed.success && missing.length === 0) return parsed.data
  throw located([...wrong, ...missing], origin)
}

function meantPath({ code, path }: Problem): readonly string[] {
  if (code !== 'scenario/unknown-key') return []
  const section = path.slice(0, -1)
  const meant = meantKey(section, String(path.at(-1)))
  return meant === undefined ? [] : [[...section, meant].join('.')]
}

function coherent(scenario: Scenario, origin: Origin) {
  const contradictions = brokenScenarioRules(scenario)
  if (contradictions.length > 0) throw located(contradictions, origin)
  return resolve(scenario)
}

function checked(scenario: Scenario, origin: Origin) {
  const resolved = coherent(scenario, origin)
  const broken = brokenRules(resolved.job, resolved.strategy)
  if (broken.length > 0) throw located(withoutEchoes(broken, scenario), origin)
  const large = tooLarge(resolved.job, resolved.strategy)
  if (large.length > 0) throw located(large, origin)
  return resolved
}

const ofDataParallelism: readonly string[] = [
  'strategy/micro-batch-divides',
  'strategy/interleaved-micro-batches',
  'strategy/shard-group',
]

/** Where `dp: auto` has no answer, what follows from our stand-in for it is not the user's mistake. */
function withoutEchoes(broken: readonly Problem[], { parallel }: Scenario): readonly Problem[] {
  const open = parallel.dp === 'auto' && broken.some(({ code }) => code === 'strategy/degrees-and-gpus')
  return open ? broken.filter(({ code }) => !ofDataParallelism.includes(code)) : broken
}

function located(problems: readonly Problem[], origin: Origin): ScenarioError {
  return new ScenarioError(sorted(problems.map(origin.locate)))
}

/** By file, line and column; what has no place comes first. */
function sorted(problems: readonly LocatedProblem[]): readonly LocatedProblem[] {
  return problems.toSorted(({ place: a }, { place: b }) => {
    if (!a || !b) return Number(a !== undefined) - Number(b !== undefined)
    return a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1
  })
}

function titleOf({ name, model }: Scenario, { main }: Gathered): string {
  return name ?? model.name ?? main.label
}
