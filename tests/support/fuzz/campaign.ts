/** A campaign: seeded inputs through the doors that strangers reach. What is neither an answer nor a problem is a crash. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScenarioError } from '../../../src/base/problem.ts'
import { readCheck } from '../../../src/check/check.ts'
import { answerOf, checksOf } from '../../../src/cli/checks.ts'
import { nodeFiles } from '../../../src/cli/files.ts'
import { gateFormats } from '../../../src/cli/formats.ts'
import { catalogue } from '../../../src/engine/catalogue.ts'
import { metricNames } from '../../../src/engine/metrics.ts'
import type { Files } from '../../../src/scenario/files.ts'
import { inputKinds } from '../../../src/scenario/inputs.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import { clusterwise, inFolder, repo } from '../host.ts'
import { expression } from './expressions.ts'
import { type Dice, diceFor } from './random.ts'
import { hostileYaml, mutated, settings } from './scenarios.ts'

export interface Failure {
  readonly kind: Kind
  readonly index: number
  readonly words: string
  readonly input: string
}

export interface Figures {
  readonly inputs: number
  readonly byKind: Readonly<Record<Kind, number>>
  readonly failures: readonly Failure[]
  readonly slowestMilliseconds: number
  readonly slowest: string
  /** Codes of problems that were met. */
  readonly codes: ReadonlySet<string>
  /** Inputs that were taken, and answered. */
  readonly answered: number
}

/** Of a thousand inputs: what costs microseconds is tried more often. */
const shares = { expression: 900, yaml: 60, scenario: 39, command: 1 } as const
type Kind = keyof typeof shares

const deadlineMilliseconds = 1000

interface Outcome {
  readonly codes: readonly string[]
  readonly answered: boolean
  readonly words?: string
}

interface Options {
  readonly seed: number
  readonly inputs: number
  readonly progress?: (done: number) => void
}

export async function campaign({ seed, inputs, progress = () => {} }: Options): Promise<Figures> {
  const world = worldOf()
  const figures = { inputs, byKind: { expression: 0, yaml: 0, scenario: 0, command: 0 }, failures: [] as Failure[] }
  const codes = new Set<string>()
  let [slowestMilliseconds, slowest, answered] = [0, '', 0]
  for (let index = 0; index < inputs; index++) {
    if (index % 1000 === 0) {
      progress(index)
      await new Promise((resolve) => setImmediate(resolve))
    }
    // Each input has dice of its own, so that one can be had again without those before it.
    const dice = diceFor(seed * 1_000_003 + index)
    const kind = kindFor(dice)
    const input = generators[kind](dice, world)
    // Time of the processor: other work on the machine is not what is measured.
    const start = process.cpuUsage()
    const outcome = await attempt(kind, input, dice, world)
    const { user, system } = process.cpuUsage(start)
    const milliseconds = (user + system) / 1000
    figures.byKind[kind]++
    for (const code of outcome.codes) codes.add(code)
    if (outcome.answered) answered++
    if (milliseconds > slowestMilliseconds) [slowestMilliseconds, slowest] = [milliseconds, `${kind} #${index}`]
    const late = milliseconds > deadlineMilliseconds ? `took ${Math.round(milliseconds)} ms` : undefined
    const words = outcome.words ?? late
    if (words !== undefined) figures.failures.push({ kind, index, words, input })
  }
  return { ...figures, codes, slowestMilliseconds, slowest, answered }
}

function kindFor(dice: Dice): Kind {
  let at = dice.roll(1000)
  for (const [kind, share] of Object.entries(shares)) {
    if (at < share) return kind as Kind
    at -= share
  }
  return 'expression'
}

interface World {
  readonly texts: readonly string[]
  readonly files: Files
  /** What the file in question holds. */
  readonly current: { text: string }
}

const examples = [
  ...[
    'llama3-70b-h100-1k',
    'gpt3-175b-a100-512',
    'llama3-8b-128k-cp',
    'bert-large-v100-64',
    'llama3-8b-fsdp-h100-64',
  ].map((name) => `${name}.yaml`),
  ...['plans/plans/dense-70b.yaml', 'plans/plans/small-8b.yaml'],
]

const withExperts = `extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]
model:
  name: experts
  ffn: 14336
  moe: { experts: 8, top_k: 2, ffn: 14336 }
cluster:
  gpus: 64
training:
  sequence_length: 8192
  global_batch: 256
  tokens: 1T
parallel:
  tp: 2
  ep: 4
  etp: 1
  zero: 1
checks:
  - model.moe.experts >= 8
`

function worldOf(): World {
  const shipped = nodeFiles(repo)
  const current = { text: '' }
  const id = join(repo, 'scenarios/examples/plans/plans/plan.yaml')
  const files: Files = {
    catalog: shipped.catalog,
    open: (reference) => {
      if (reference.kind === 'file' && /(?:^|\/)plan\.yaml$/u.test(reference.path))
        return { id, label: 'plan.yaml', text: current.text }
      return shipped.open(reference)
    },
  }
  // Roots are known from the file that a chain begins with.
  shipped.open({ kind: 'file', path: 'scenarios/examples/plans/plans/small-8b.yaml' })
  const texts = [...examples.map((name) => readFileSync(join(repo, 'scenarios/examples', name), 'utf8')), withExperts]
  return { texts, files, current }
}

const generators = {
  expression,
  yaml: hostileYaml,
  scenario: (dice, { texts }) => mutated(dice.pick(texts), dice),
  command: (dice, { texts }) => (dice.chance(0.5) ? mutated(dice.pick(texts), dice) : hostileYaml(dice)),
} as const satisfies Record<Kind, (dice: Dice, world: World) => string>

async function attempt(kind: Kind, input: string, dice: Dice, world: World): Promise<Outcome> {
  try {
    if (kind === 'expression') return tryExpression(input)
    if (kind === 'command') return await tryCommand(input, dice)
    return tryScenario(input, kind === 'scenario' ? settings(dice) : [], world)
  } catch (error) {
    return {
      codes: [],
      answered: false,
      words: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}

const names = new Map([...metricNames.map((name) => [name, catalogue[name].unit] as const), ...inputKinds()])
const scope = new Map([...names].map(([name, kind]) => [name, kind === 'flag' ? true : 1.5] as const))

function tryExpression(text: string): Outcome {
  const check = readCheck(
    { expr: text, severity: 'error', ...(text.length % 7 === 0 && { max_increase: 0.05 }) },
    names,
  )
  if ('code' in check) return { codes: [check.code], answered: false }
  const value = check.expression.evaluate(scope)
  for (const clause of check.expression.clauses) clause.evaluate(scope)
  const sound = ['number', 'boolean'].includes(typeof value)
  return { codes: [], answered: true, ...(sound ? {} : { words: `evaluates to ${typeof value}` }) }
}

function tryScenario(text: string, sets: readonly string[], { files, current }: World): Outcome {
  current.text = text
  try {
    const loaded = readScenario('plan.yaml', files, { sets })
    const { problems } = checksOf(loaded)
    const { metrics } = answerOf(loaded).simulation
    const wrong = metricNames.filter((name) => Number.isNaN(metrics[name]))
    const words = wrong.length > 0 ? { words: `no number: ${wrong.join(', ')}` } : {}
    return { codes: problems.map(({ code }) => code), answered: true, ...words }
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    return { codes: error.problems.map(({ code }) => code), answered: false }
  }
}

/** The whole program, in every format: no exit 70, and no line that a log could mistake for a command. */
async function tryCommand(text: string, dice: Dice): Promise<Outcome> {
  return inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'plan.yaml'), text)
    const format = dice.pick(gateFormats)
    const { code, out, err } = await clusterwise(['check', 'plan.yaml', '-f', format], { cwd })
    const commands = format === 'github' ? '' : `${out}\n${err}`
    if (code === 70) return { codes: [], answered: false, words: err }
    if (/^\s*(?:::|##\[)/mu.test(commands)) return { codes: [], answered: false, words: 'a workflow command in a log' }
    return { codes: [], answered: code !== 2 }
  })
}
