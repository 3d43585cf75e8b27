/** What a gate says in one line, the same in every format. */

import type { Place } from '../../../base/problem.ts'
import type { Cause } from '../../../check/cause.ts'
import type { Change } from '../../../check/changes.ts'
import type { Judged, PlanResult } from '../../../check/gate.ts'
import type { Reading } from '../../../check/judge.ts'
import type { Mend } from '../../../check/mend.ts'
import type { Assignment, InputValue } from '../../../check/plan.ts'
import { catalogue } from '../../../engine/catalogue.ts'
import type { MetricName } from '../../../engine/metrics.ts'
import { formatQuantity } from '../../../units/format.ts'
import type { Tool } from '../../report.ts'
import { change as signed } from '../../words.ts'

/** What the door knows about inputs and files, and a report does not. */
export interface Dictionary {
  /** An input as people write it. */
  readonly written: (path: string, value: InputValue | undefined) => string
  /** The same for `--set`, exact. */
  readonly setting: (assignment: Assignment) => string
  /** A file as CI names it: from the top of the repository, with `/`. */
  readonly uri: (file: string) => string
  readonly tool: Tool
}

export const quantityOf = ({ unit }: Reading, value: number): string => formatQuantity(value, unit)

/** "4.4 GB too much", "2.9 % short", "7.3 GB to spare". */
export function distanceOf(reading: Reading): string {
  const room = reading.room
  if (room === undefined) return ''
  const amount = quantityOf(reading, Math.abs(room))
  if (room > 0) return `${amount} to spare`
  if (room === 0) return 'at the limit'
  return reading.sign === '<' || reading.sign === '<=' ? `${amount} too much` : `${amount} short`
}

/** "76.4 GB, limit < 72 GB: 4.4 GB too much". */
export function measuredAs({ reading, note, clause, check }: Judged): string {
  if (note !== undefined) return note
  if (!reading) return clause === undefined ? 'does not hold' : `${clause} does not hold`
  const { sign, value, limit } = reading
  const subject = clause !== undefined || check.budget ? `${reading.subject.text} is ` : ''
  const distance = distanceOf(reading)
  return `${subject}${quantityOf(reading, value)}, limit ${sign} ${quantityOf(reading, limit)}${distance === '' ? '' : `: ${distance}`}`
}

/** "was 62.8 GB, +21.7 %". */
export function formerly({ reading }: Judged): string {
  if (reading?.before === undefined || !Number.isFinite(reading.before)) return ''
  const moved = (reading.value - reading.before) / Math.abs(reading.before)
  const share =
    Math.abs(moved) >= 5e-4 && Number.isFinite(moved) ? `, ${signed(`${(moved * 100).toFixed(1)} %`, moved)}` : ''
  return `was ${quantityOf(reading, reading.before)}${share}`
}

/** "training.micro_batch 1 → 2". */
export function changeWords(change: Change, { written }: Dictionary): string {
  const { path, before, after, parts } = change
  const more = parts.length > 1 ? ` and ${parts.length - 1} more of ${path.replace(/\.name$/u, '')}` : ''
  return `${path} ${written(path, before)} → ${written(path, after)}${more}`
}

export const placeWords = ({ file, line, column }: Place): string => `${file}:${line}:${column}`

export function causeWords(cause: Cause, judged: Judged, plan: PlanResult, dictionary: Dictionary): string {
  const { change, effect, through, alone } = cause
  const place = plan.placeOf(change.path)
  const where = place ? ` (${placeWords(place)})` : ''
  const unit = judged.reading?.unit
  const deed =
    effect === undefined || unit === undefined
      ? ''
      : ` ${effect < 0 ? 'takes' : 'adds'} ${formatQuantity(Math.abs(effect), unit)}`
  const mostly = through ? `, mostly ${through.label}: ${amount(through.name, through.effect)}` : ''
  return `${changeWords(change, dictionary)}${where}${deed}${mostly}${alone ? '; without it the check holds' : ''}`
}

const amount = (name: MetricName, value: number): string => signed(formatQuantity(value, catalogue[name].unit), value)

/** Why a check fails, as far as the baseline tells; nothing without one. */
export function reasonsOf(judged: Judged, plan: PlanResult, dictionary: Dictionary): readonly string[] {
  if (!plan.known || plan.hasty || judged.state !== 'failed') return []
  if (judged.causes.length > 0)
    return judged.causes.slice(0, 3).map((cause) => causeWords(cause, judged, plan, dictionary))
  if (plan.changes.length === 0) return ['no input differs from the baseline: it failed there too']
  const some = plan.changes.slice(0, 4).map((change) => changeWords(change, dictionary))
  return [`no single input explains it; changed are ${some.join(', ')}${plan.changes.length > 4 ? ' and others' : ''}`]
}

/** "parallel.tp: 16". */
export function mendWords({ assignments }: Mend, { written }: Dictionary): string {
  const [first] = assignments
  if (first && assignments.length > 3)
    return `${first.path}: ${written(first.path, first.value)}, and what goes with it`
  return assignments
    .map(({ path, value }) => `${path}: ${value === undefined ? 'null' : written(path, value)}`)
    .join(', ')
}

/** "step +18.0 %, cost +18.0 %". */
export function priceOf({ answer }: Mend, { now }: PlanResult): string {
  const words = (['step.time', 'run.cost'] as const).flatMap((name) => {
    const [before = Number.NaN, after] = [now.metrics[name], answer.simulation.metrics[name]]
    const moved = (after - before) / before
    if (!Number.isFinite(moved)) return []
    return [`${name} ${signed(`${(moved * 100).toFixed(1)} %`, moved)}`]
  })
  return words.join(', ')
}

/** All of it in a few lines, for formats without a page. */
export function storyOf(judged: Judged, plan: PlanResult, dictionary: Dictionary): readonly string[] {
  const fixes =
    judged.standing === 'passed'
      ? []
      : plan.mends.map((mend) => `${mendWords(mend, dictionary)} (${priceOf(mend, plan)})`)
  return [
    measuredAs(judged),
    ...(judged.check.reason === '' ? [] : [`reason: ${judged.check.reason}`]),
    ...[formerly(judged)].filter((words) => words !== ''),
    ...reasonsOf(judged, plan, dictionary).map((reason) => `why: ${reason}`),
    ...fixes.map((fix) => `fix: ${fix}`),
  ]
}
