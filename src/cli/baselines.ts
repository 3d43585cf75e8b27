/** `--baseline`: a file that we wrote, or the same plans at a git revision. */
import { dirname, resolve } from 'node:path'
import { readBaseline, writeBaseline } from '../check/baseline.ts'
import type { Snapshot } from '../check/plan.ts'
import { modelVersion } from '../engine/version.ts'
import { answerOf } from './checks.ts'
import { save } from './disk.ts'
import { UsageError } from './exit.ts'
import type { Host } from './host.ts'
import { readOne } from './reading.ts'
import { uriFrom } from './repository.ts'

export const usualBaseline = '.clusterwise/baseline.json'

export interface BaselineOptions {
  readonly baseline?: string
  readonly updateBaseline?: boolean
  readonly allowOtherModel?: boolean
}

/** Where to look a plan up. */
export interface Past {
  /** As people call it: `git:main`, `.clusterwise/baseline.json`. */
  readonly name: string
  readonly of: (file: string) => Snapshot | undefined
}

const prefix = 'git:'

/** A baseline that is about to be written anew is not asked. */
export async function readPast(options: BaselineOptions, host: Host): Promise<Past | undefined> {
  const { baseline, updateBaseline } = options
  if (baseline?.startsWith(prefix)) return revision(baseline, updateBaseline === true, host)
  if (updateBaseline || baseline === undefined) return undefined
  return fromFile(baseline, options, host)
}

async function revision(name: string, update: boolean, host: Host): Promise<Past> {
  if (update)
    throw new UsageError(
      `${name} is a revision: it cannot be written`,
      `write a file: --update-baseline --baseline ${usualBaseline}`,
    )
  const { filesAt } = await import('./git.ts')
  const files = filesAt(name.slice(prefix.length), host)
  return {
    name,
    of: (file) => {
      const read = readOne(file, files, [])
      // It was not there yet, or no scenario: then there is nothing to compare with.
      return 'problems' in read ? undefined : answerOf(read)
    },
  }
}

function fromFile(path: string, { allowOtherModel }: BaselineOptions, host: Host): Past {
  const baseline = parse(path, host)
  const uri = uriFrom(host)
  if (baseline.model !== modelVersion && !allowOtherModel) {
    throw new UsageError(
      `${path} was computed by model ${baseline.model}, and this is model ${modelVersion}: the model changed, not your plan`,
      'renew it with --update-baseline, or compare all the same with --allow-other-model',
    )
  }
  return { name: path, of: (file) => baseline.plans.get(uri(file)) }
}

function parse(path: string, host: Host) {
  const baseline = readBaseline(textOf(path, host))
  if (typeof baseline !== 'string') return baseline
  throw new UsageError(`${path} is no baseline: ${baseline}`, 'write one with --update-baseline')
}

/** Plans of a repository: a few kB each. */
const mostBytes = 64e6

function textOf(path: string, { cwd, disk }: Host): string {
  const file = resolve(cwd, path)
  if (!disk.exists(file))
    throw new UsageError(
      `there is no baseline ${path}`,
      'write one with --update-baseline, or compare with --baseline git:main',
    )
  if (!disk.isFile(file) || disk.bytes(file) > mostBytes)
    throw new UsageError(`${path} is no baseline`, 'write one with --update-baseline')
  return disk.read(file)
}

/** The plans that were checked; others stay as they were, as long as their files are there and the model is the same. */
export function updatePast(path: string, plans: ReadonlyMap<string, Snapshot>, host: Host): void {
  const uri = uriFrom(host)
  const fresh = new Map([...plans].map(([file, snapshot]) => [uri(file), snapshot]))
  const file = resolve(host.cwd, path)
  const old = host.disk.exists(file) ? readBaseline(host.disk.read(file)) : 'none'
  const kept =
    typeof old === 'string' || old.model !== modelVersion
      ? []
      : [...old.plans].filter(([name]) => host.disk.exists(resolve(host.cwd, name)))
  host.disk.makeFolder(dirname(file))
  save(path, writeBaseline(new Map([...kept, ...fresh])), host)
}
