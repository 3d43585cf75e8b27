/** `diff`: what changed between two plans, or two sets of plans, and what that does. */
import { attribute } from '../../check/attribute.ts'
import { changesBetween } from '../../check/changes.ts'
import { composeDiff, type DiffResult, type PlanDiff } from '../../report/compose/diff.ts'
import { renderSticky } from '../../report/render/markdown.ts'
import { render } from '../../report/render/render.ts'
import { breathe } from '../breathe.ts'
import { whatIfOf } from '../checks.ts'
import { type ExitCode, exit } from '../exit.ts'
import { type DiffFormat, diffEndings } from '../formats.ts'
import { dictionaryFor } from '../gate.ts'
import type { Host } from '../host.ts'
import { deliverAs, type OutputOptions } from '../output.ts'
import type { ReadOptions } from '../reading.ts'
import { readSide, type Side, sidesOf } from '../sides.ts'

export interface DiffOptions extends ReadOptions, OutputOptions<DiffFormat> {
  readonly exitCode?: boolean
  readonly verbose?: boolean
}

export async function diff(before: string, after: string, options: DiffOptions, host: Host): Promise<ExitCode> {
  const [a, b] = await sidesOf(before, after, options, host)
  const plans: PlanDiff[] = []
  for (const key of [...new Set([...b.plans.keys(), ...a.plans.keys()])].toSorted()) {
    plans.push(compare(key, a, b, options))
    await breathe()
  }
  const result: DiffResult = { before, after, plans }
  const report = composeDiff(result, dictionaryFor(host), { verbose: options.verbose === true })
  deliverAs(
    { endings: diffEndings, usual: 'text' },
    (format, theme) => (format === 'markdown' ? renderSticky([report]) : render([report], format, theme)),
    options,
    host,
  )
  const differs = plans.some(({ state }) => state !== 'same')
  return options.exitCode && differs ? exit.checkFailed : exit.answered
}

function compare(key: string, a: Side, b: Side, { set = [] }: DiffOptions): PlanDiff {
  const [old, young] = [readSide(a, key, set), readSide(b, key, set)]
  if (!old || !young) {
    const only = old ?? young
    return {
      file: key,
      name: only?.loaded.name ?? key,
      state: old ? 'removed' : 'added',
      changes: [],
      placeOf: () => undefined,
    }
  }
  const changes = changesBetween(old.answer.inputs, young.answer.inputs)
  const whatIf = whatIfOf(b.plans.get(key) ?? key, b.files, set)
  const compared = { before: old.answer, now: young.answer, changes }
  return {
    file: key,
    name: young.loaded.name,
    state: changes.length === 0 ? 'same' : 'changed',
    changes,
    before: old.answer.simulation.metrics,
    now: young.answer.simulation.metrics,
    attribution: attribute('step.time', { ...compared, whatIf }),
    placeOf: (path) => young.loaded.origin.placeOf(path.split('.')),
  }
}
