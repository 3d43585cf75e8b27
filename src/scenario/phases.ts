/** The phases of a life: each lies over the scenario that lists them, and says what differs. */
import { type LocatedProblem, type Problem, problem, ScenarioError } from '../base/problem.ts'
import type { Job } from '../engine/job.ts'
import type { Planned } from '../engine/phases/life.ts'
import { learningBatch, type Rollout, responsesOf } from '../engine/phases/rollout.ts'
import { brokenRules } from '../engine/rules.ts'
import { missingProblem } from './complete.ts'
import { type Origin, originOf } from './origin.ts'
import { resolve } from './resolve.ts'
import { brokenScenarioRules } from './rules.ts'
import { type Scenario, scenarioSchema } from './schema.ts'
import { tooLarge } from './size.ts'
import { type Entry, follow, merge, plainOf, type Source, type Span, type Tree } from './tree.ts'

type Said = NonNullable<Scenario['phases']>[number]

interface Written {
  readonly tree: Tree
  readonly main: Source
  readonly via: ReadonlyMap<Source, Span>
  /** Of the scenario itself. */
  readonly origin: Origin
}

/** Throws a ScenarioError with all that is wrong with any of them. */
export function plannedPhases(phases: readonly Said[], written: Written): readonly Planned[] {
  const read = phases.map((said, index) => planOne(said, index, written))
  const problems = read.flatMap((each) => ('problems' in each ? each.problems : []))
  if (problems.length > 0) throw new ScenarioError(problems)
  return named(read.flatMap((each) => ('problems' in each ? [] : [each])))
}

type Read = Planned | { readonly problems: readonly LocatedProblem[] }

function planOne(said: Said, index: number, { tree, main, via, origin }: Written): Read {
  const asked = missingKeys(said, index)
  if (asked.length > 0) return { problems: asked.map(origin.locate) }
  const own = overlaid(tree, index)
  const here = originOf(own, main, via)
  const scenario = scenarioSchema.parse(plainOf(own))
  const contradictions = brokenScenarioRules(scenario)
  if (contradictions.length > 0) return { problems: contradictions.map(here.locate) }
  const { job: trained, strategy } = resolve(scenario)
  const { kind } = said
  const name = said.name ?? kind
  const rollout = kind === 'reinforcement' ? rolloutOf(said.rollout as Asked) : undefined
  const job = rollout ? { ...trained, batch: learningBatch(rollout) } : trained
  const uneven = rollout ? brokenRollout(rollout, job, index) : []
  if (uneven.length > 0) return { problems: uneven.map(origin.locate) }
  const broken = [...brokenRules(job, strategy), ...tooLarge(job, strategy)]
  if (broken.length > 0) return { problems: broken.map(here.locate) }
  return { kind, name, job, strategy, ...(rollout && { rollout }) }
}

/** A name that is said twice is counted. */
function named(planned: readonly Planned[]): readonly Planned[] {
  return planned.map((phase, index) => {
    const before = planned.slice(0, index).filter(({ name }) => name === phase.name).length
    return before === 0 ? phase : { ...phase, name: `${phase.name} ${before + 1}` }
  })
}

/** The scenario with the phase's sections laid over its own. */
function overlaid(tree: Tree, index: number): Tree {
  const phase = follow(tree, ['phases', index]).tree
  if (tree.kind !== 'map' || phase.kind !== 'map') return tree
  const whole = new Map(tree.entries)
  whole.delete('phases')
  const sections = new Map<string, Entry>()
  for (const key of ['training', 'parallel'] as const) {
    const entry = phase.entries.get(key)
    if (entry) sections.set(key, entry)
  }
  const gpus = phase.entries.get('gpus')
  if (gpus) sections.set('cluster', { key: gpus.key, tree: { ...phase, entries: new Map([['gpus', gpus]]) } })
  const bare = withoutLength({ ...tree, entries: whole }, sections.get('training')?.tree)
  return merge(bare, { ...phase, entries: sections })
}

/** How long a phase trains is said in tokens or in steps: either takes the place of what the scenario says. */
function withoutLength(tree: Tree, training: Tree | undefined): Tree {
  const says = (key: string) => training?.kind === 'map' && training.entries.has(key)
  const old = tree.kind === 'map' ? tree.entries.get('training') : undefined
  if (tree.kind !== 'map' || old?.tree.kind !== 'map' || !(says('tokens') || says('steps'))) return tree
  const entries = new Map(old.tree.entries)
  entries.delete('tokens')
  entries.delete('steps')
  return { ...tree, entries: new Map(tree.entries).set('training', { ...old, tree: { ...old.tree, entries } }) }
}

const NEEDED = { prompts: '512', prompt_length: '512', response_length: '4096', rollouts: '1000' } as const

type Key = keyof typeof NEEDED
type Section = NonNullable<Said['rollout']>
type Asked = Section & Readonly<Record<Key, number>>

function missingKeys({ kind, rollout }: Said, index: number): readonly Problem[] {
  if (kind !== 'reinforcement') {
    return rollout ? [problem('phases/no-rollout', ['phases', index, 'rollout'], { kind }, { atKey: true })] : []
  }
  const keys = Object.entries(NEEDED) as [Key, string][]
  const missing = keys.filter(([key]) => rollout?.[key] === undefined)
  return missing.length > 0 ? [missingProblem(['phases', index, 'rollout'], missing)] : []
}

function rolloutOf(said: Asked): Rollout {
  return {
    prompts: said.prompts,
    group: said.group,
    promptLen: said.prompt_length,
    responseLen: said.response_length,
    longestLen: Math.max(said.response_length, said.longest_response ?? 0),
    rollouts: said.rollouts,
    updates: said.updates,
    forwardPasses: said.forward_passes,
    tp: said.tp,
    ep: said.ep,
    mostSequences: said.sequences ?? Number.POSITIVE_INFINITY,
  }
}

function brokenRollout(rollout: Rollout, { model, cluster }: Job, index: number): readonly Problem[] {
  const at = (key: string) => ['phases', index, 'rollout', key]
  const responses = responsesOf(rollout)
  const { tp, ep, updates } = rollout
  const found: Problem[] = []
  if (responses % updates !== 0) found.push(problem('phases/uneven-updates', at('updates'), { responses, updates }))
  if (cluster.gpus % tp !== 0 || model.heads % tp !== 0)
    found.push(problem('phases/generation-tp', at('tp'), { tp, gpus: cluster.gpus, heads: model.heads }))
  if (ep > 1 && ((model.moe?.experts ?? 1) % ep !== 0 || cluster.gpus % ep !== 0))
    found.push(problem('phases/generation-ep', at('ep'), { ep, gpus: cluster.gpus, experts: model.moe?.experts ?? 0 }))
  return found
}
