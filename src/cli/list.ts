/** `search --from list.ndjson`: a list of strategies to price, one JSON object a line. */
import { resolve } from 'node:path'
import { type SettingName, settingKeys, settingNames } from '../engine/settings.ts'
import { type RecomputeModule, recomputeModules, type Strategy } from '../engine/strategy.ts'
import type { Answer, Question } from '../search/question.ts'
import { Searcher } from '../search/searcher.ts'
import { reasonOf } from './disk.ts'
import { UsageError } from './exit.ts'
import type { Host } from './host.ts'
import { readStdin } from './reading.ts'

export async function priceList(path: string, question: Question, host: Host): Promise<Answer> {
  const searcher = new Searcher(question)
  const text = path === '-' ? await readStdin(host) : textOf(path, host)
  let number = 0
  for (const line of text.split('\n')) {
    number++
    if (line.trim() !== '') searcher.weighOne(strategyOf(line, { path, number }, question))
  }
  return searcher.answer
}

function textOf(path: string, host: Host): string {
  try {
    return host.disk.read(resolve(host.cwd, path))
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`, 'a list has one JSON object a line')
  }
}

interface Line {
  readonly path: string
  readonly number: number
}

type Said = Readonly<Record<string, unknown>>

/** Keys as in `parallel:` and `training:`, in these sections or without them. What a line does not say is as in the scenario. */
function strategyOf(text: string, at: Line, { job, given }: Question): Strategy {
  const said = flat(parse(text, at), at)
  const draft: Record<string, unknown> = { ...given, layersPerChunk: [] }
  for (const [key, value] of Object.entries(said)) {
    const name = settingNames.find((each) => each === key)
    if (name) draft[settingKeys[name].knob] = readValue(name, value, at)
    else if (key === 'recompute_modules') draft['recomputeModules'] = modulesOf(value, at)
    else if (key === 'layers_per_stage') draft['layersPerChunk'] = value
    else throw wrong(at, `there is no ${key} in a strategy`, `a strategy has: ${settingNames.join(', ')}`)
  }
  return whole(draft as unknown as Strategy, said, job.cluster.gpus)
}

/** What follows from the rest unless it is said. */
function whole(draft: Strategy, said: Said, gpus: number): Strategy {
  const { tp, cp, pp, vpp } = draft
  const dp = 'dp' in said ? draft.dp : gpus / (tp * cp * pp)
  const schedule = 'schedule' in said ? draft.schedule : vpp > 1 ? 'interleaved' : '1f1b'
  const shardRanks = 'shard_group' in said ? draft.shardRanks : dp * cp
  return { ...draft, dp, schedule, shardRanks }
}

function parse(text: string, at: Line): Said {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Said
  } catch {
    // Said below, with the line.
  }
  throw wrong(at, 'this is no JSON object', 'one object a line, such as {"tp":8,"pp":4}')
}

/** `{parallel: {…}, training: {…}}`, with or without `strategy:` around it, as `search --json` prints it. */
function flat(said: Said, at: Line): Said {
  const inner = said['strategy']
  if (typeof inner === 'object' && inner !== null) return flat(inner as Said, at)
  const { parallel = {}, training = {}, ...rest } = said
  return { ...rest, ...(parallel as Said), ...(training as Said) }
}

function readValue(name: SettingName, value: unknown, at: Line): unknown {
  const { read, asked } = settingKeys[name]
  const known = (read as (word: string) => unknown)(String(value))
  if (known === undefined) throw wrong(at, `${name} is ${asked}, not ${JSON.stringify(value)}`, '')
  return known
}

function modulesOf(value: unknown, at: Line): readonly RecomputeModule[] {
  const list = Array.isArray(value) ? value : []
  const unknown = list.find((module) => !recomputeModules.includes(module))
  if (unknown === undefined && Array.isArray(value)) return list
  throw wrong(at, `recompute_modules is a list of ${recomputeModules.join(', ')}`, '')
}

function wrong({ path, number }: Line, message: string, hint: string): UsageError {
  return new UsageError(`${path}:${number}: ${message}`, hint)
}
