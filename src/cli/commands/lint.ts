/** `lint`: are these scenarios, and can their checks be read? Nothing is simulated. */

import type { LocatedProblem } from '../../base/problem.ts'
import { gateOf } from '../../check/gate.ts'
import { breathe } from '../breathe.ts'
import { checksOf } from '../checks.ts'
import { type ExitCode, exit } from '../exit.ts'
import { deliverGate, distinctProblems, type GateOutput } from '../gate.ts'
import { expand } from '../globs.ts'
import type { Host } from '../host.ts'
import { filesFor, type ReadOptions, readOne } from '../reading.ts'

export interface LintOptions extends ReadOptions, GateOutput {
  /** Files that others extend need not be whole. */
  readonly partial?: boolean
}

export async function lint(patterns: readonly string[], options: LintOptions, host: Host): Promise<ExitCode> {
  const names = expand(patterns, host)
  const files = await filesFor(names, options, host)
  const found: LocatedProblem[] = []
  for (const name of names) {
    const read = readOne(name, files, options.set ?? [])
    found.push(...('problems' in read ? read.problems : checksOf(read).problems))
    await breathe()
  }
  const problems = distinctProblems(
    options.partial ? found.filter(({ code }) => code !== 'scenario/missing-key') : found,
  )
  deliverGate(gateOf({ plans: [], problems, requireChecks: false, linted: names.length }), options, host)
  return problems.length > 0 ? exit.badInput : exit.answered
}
