/** The phases of a model's life, for a scenario that lists them. */
import { nearest } from '../base/nearest.ts'
import { live, type Planned } from '../engine/phases/life.ts'
import { explainLife, namesOfLife } from '../report/compose/explain/life.ts'
import { addLife } from '../report/compose/life.ts'
import type { Report } from '../report/report.ts'
import { UsageError } from './exit.ts'
import { tool } from './version.ts'

export function withLife(report: Report, planned: readonly Planned[]): Report {
  return addLife(report, live(planned))
}

/** `phases`, `phases.pretraining`, `phases.reinforcement.decode`. */
export function explanationOfLife(subject: string, planned: readonly Planned[]): Report {
  const life = live(planned)
  const found = explainLife(subject, life, tool)
  if (found) return found
  const meant = nearest(subject, namesOfLife(life))
  throw new UsageError(
    `nothing is called "${subject}"`,
    meant === undefined ? `there is ${namesOfLife(life).join(', ')}` : `did you mean ${meant}?`,
  )
}
