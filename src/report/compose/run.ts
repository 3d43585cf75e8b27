/** The report of one run, in the order in which people ask: does it fit, how fast, where does it go, what would help. */
import type { Report, Section } from '../report.ts'
import { communication } from './run/communication.ts'
import { tiles, title } from './run/header.ts'
import type { RunInput } from './run/input.ts'
import { measuredTable } from './run/measured.ts'
import { memory } from './run/memory.ts'
import { next, notes } from './run/notes.ts'
import { fields, record } from './run/record.ts'
import { remedyTable } from './run/remedies.ts'
import { steps } from './run/steps.ts'
import { totals } from './run/totals.ts'
import { verdict } from './run/verdict.ts'
import { waterfall } from './run/waterfall.ts'

export type { RunInput } from './run/input.ts'

export function composeRun(input: RunInput): Report {
  const sections: readonly (Section | undefined)[] = [
    title(input),
    verdict(input),
    tiles(input),
    steps(input),
    communication(input),
    memory(input),
    waterfall(input),
    totals(input),
    measuredTable(input),
    remedyTable(input),
    notes(input),
    next(input),
  ]
  return {
    tool: input.tool,
    sections: sections.filter((section) => section !== undefined),
    data: record(input),
    fields: fields(input),
  }
}
