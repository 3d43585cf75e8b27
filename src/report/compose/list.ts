/** `list`: what the catalog holds, kind by kind, each entry with the facts that tell it from its neighbours. */
import { cell, column, type Report, row, type Table, type Tool } from '../report.ts'

export interface Entry {
  /** As it is written after `extends:`, such as `accelerators/h100-sxm`. */
  readonly id: string
  /** What people call it. */
  readonly name: string
  readonly facts: readonly string[]
  /** Undefined where nothing was or could be fitted. */
  readonly calibrated?: boolean
}

export interface Kind {
  readonly kind: string
  readonly entries: readonly Entry[]
}

export function composeList(kinds: readonly Kind[], tool: Tool): Report {
  const entries = kinds.flatMap((kind) => kind.entries)
  return {
    tool,
    sections: [
      {
        kind: 'title',
        text: 'Catalog',
        aside: `${entries.length} entries`,
        lines: [['use one by its name after extends:']],
      },
      ...kinds.map(tableOf),
    ],
    data: { kinds: kinds.map(({ kind, entries: listed }) => ({ kind, entries: listed.map(recordOf) })) },
    fields: entries.map(({ id, name }) => ({ name: id, unit: 'count', value: name })),
  }
}

function tableOf({ kind, entries }: Kind): Table {
  const says = entries.some(({ calibrated }) => calibrated !== undefined)
  return {
    kind: 'table',
    title: kind,
    aside: '',
    columns: [column(''), ...(says ? [column('')] : []), column('', 'left', 'below'), column('', 'left', 'drop')],
    rows: entries.map(({ id, name, facts, calibrated }) =>
      row(cell(id, 'accent'), ...(says ? [calibration(calibrated)] : []), cell(facts.join(', ')), cell(name, 'dim')),
    ),
  }
}

function calibration(calibrated: boolean | undefined) {
  if (calibrated === undefined) return cell('')
  return calibrated ? cell('calibrated', 'good') : cell('estimated', 'warn')
}

function recordOf({ id, name, facts, calibrated }: Entry) {
  return { id, name, facts: [...facts], ...(calibrated === undefined ? {} : { calibrated }) }
}
