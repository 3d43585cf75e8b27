/** What `explain` says of growth: `laws` lists them; a law or a constant is found by its name. */
import { nearest } from '../../base/nearest.ts'
import { constants, laws } from '../../growth/laws.ts'
import { composeConstant, composeLaw, composeLaws } from '../../report/compose/growth/laws.ts'
import type { Report } from '../../report/report.ts'
import { tool } from '../version.ts'

export function explainGrowth(subject: string): Report | undefined {
  if (subject === 'laws') return composeLaws(laws(), constants(), tool)
  const law = laws().find(({ id }) => id === subject)
  if (law) return composeLaw(law, tool)
  const constant = constants().find(({ name }) => name === subject)
  return constant && composeConstant(constant, tool)
}

/** Nearer than what else was found, or that. */
export function nearestOfGrowth(subject: string, other: string | undefined): string | undefined {
  const names = [...laws().map(({ id }) => id), ...constants().map(({ name }) => name)]
  return nearest(subject, other === undefined ? names : [...names, other])
}
