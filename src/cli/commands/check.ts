/** `check`: do the plans keep what they promise? */
import { dirname } from 'node:path'
import type { LocatedProblem } from '../../base/problem.ts'
import { type GateResult, gateOf, type PlanResult, pass } from '../../check/gate.ts'
import type { Files } from '../../scenario/files.ts'
import type { Loaded } from '../../scenario/read.ts'
import { type BaselineOptions, type Past, readPast, updatePast, usualBaseline } from '../baselines.ts'
import { breathe } from '../breathe.ts'
import { answerOf, checksOf, whatIfOf } from '../checks.ts'
import { type ExitCode, exit } from '../exit.ts'
import { deliverGate, distinctProblems, type GateOutput } from '../gate.ts'
import { expand } from '../globs.ts'
import type { Host } from '../host.ts'
import { filesFor, type ReadOptions, readOne } from '../reading.ts'

export interface CheckOptions extends ReadOptions, GateOutput, BaselineOptions {
  readonly requireChecks?: boolean
  readonly watch?: boolean
}

export async function check(patterns: readonly string[], options: CheckOptions, host: Host): Promise<ExitCode> {
  if (!options.watch) return checkOnce(patterns, options, host)
  const { watching } = await import('../watch.ts')
  return watching((seen) => checkOnce(patterns, options, host, seen), options, host)
}

/** With the names of the files that were read. */
async function checkOnce(
  patterns: readonly string[],
  options: CheckOptions,
  host: Host,
  seen: (file: string) => void = () => {},
): Promise<ExitCode> {
  const names = expand(patterns, host)
  const files = noting(await filesFor(names, options, host), seen)
  const gate = await judgeAll(names, files, options, host)
  if (options.updateBaseline && gate.problems.length === 0) {
    const path = options.baseline ?? usualBaseline
    updatePast(path, new Map(gate.plans.map(({ file, now }) => [file, now])), host)
    if (!options.quiet) host.stderr.write(`wrote ${path}\n`)
  }
  deliverGate(gate, options, host)
  return codeOf(gate)
}

/** For one round: what plans extend is opened once, however many plans do. */
function noting(files: Files, seen: (file: string) => void): Files {
  const opened = new Map<string, ReturnType<Files['open']>>()
  // What a plan may read depends on the folder it stands in.
  let folder = ''
  return {
    catalog: files.catalog,
    open: (reference) => {
      if (reference.kind === 'catalog') return files.open(reference)
      if (reference.from === undefined) folder = dirname(reference.path)
      const key = [folder, dirname(reference.from ?? ''), reference.path].join('\0')
      const file = opened.get(key) ?? files.open(reference)
      opened.set(key, file)
      if ('id' in file) seen(file.id)
      return file
    },
  }
}

/** Causes and mends cost as much as fifty plans: they are looked for where people read them. */
const mostThorough = 20

async function judgeAll(
  names: readonly string[],
  files: Files,
  options: CheckOptions,
  host: Host,
): Promise<GateResult> {
  const past = await readPast(options, host)
  const plans: PlanResult[] = []
  const problems: LocatedProblem[] = []
  let failing = 0
  for (const name of names) {
    const read = readOne(name, files, options.set ?? [])
    const judged =
      'problems' in read ? read : judgeOne(name, read, { files, options, past, thorough: failing < mostThorough })
    if ('problems' in judged) problems.push(...judged.problems)
    else plans.push(judged)
    if (!('problems' in judged) && judged.judged.some(({ state }) => state === 'failed')) failing++
    await breathe()
  }
  return gateOf({
    plans,
    problems: distinctProblems(problems),
    ...(past && { baseline: past.name }),
    requireChecks: options.requireChecks === true,
  })
}

interface Court {
  readonly files: Files
  readonly options: CheckOptions
  readonly past: Past | undefined
  readonly thorough: boolean
}

function judgeOne(
  name: string,
  loaded: Loaded,
  { files, options, past, thorough }: Court,
): PlanResult | { readonly problems: readonly LocatedProblem[] } {
  const { checks, problems } = checksOf(loaded)
  if (problems.length > 0) return { problems }
  const before = past?.of(name)
  const applicant = {
    file: loaded.file,
    name: loaded.name,
    now: answerOf(loaded),
    checks,
    whatIf: whatIfOf(name, files, options.set ?? []),
    placeOf: (path: string) => loaded.origin.placeOf(path.split('.')),
    ...(before && { before }),
  }
  return pass(applicant, { requireChecks: options.requireChecks === true, thorough })
}

/** What cannot be read weighs more than what does not hold. */
function codeOf({ problems, passed }: GateResult): ExitCode {
  if (problems.length > 0) return exit.badInput
  return passed ? exit.answered : exit.checkFailed
}
