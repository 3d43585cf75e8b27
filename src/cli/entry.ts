/** What one catalog entry says, as a report: its values, and the sources they rest on. */
import { type Cell, cell, column, type Report, row } from '../report/report.ts'
import type { Leaf } from './fragment.ts'
import { tool } from './version.ts'

export function composeEntry(id: string, leaves: readonly Leaf[]): Report {
  const sources = [...new Set(leaves.flatMap(({ source }) => (source === undefined ? [] : [source])))]
  return {
    tool,
    sections: [
      { kind: 'title', text: id, aside: `${leaves.length} values`, lines: [[`use it with   extends: ${id}`]] },
      {
        kind: 'table',
        title: 'Values',
        aside: '',
        columns: [column(''), column('', 'right'), column('source', 'right'), column('written in', 'left', 'drop')],
        rows: leaves.map((leaf) =>
          row(cell(leaf.path), cell(leaf.text, 'strong'), mark(leaf, sources), cell(leaf.file, 'dim')),
        ),
      },
      { kind: 'prose', title: 'Sources', mark: 'number', items: sources.map((source) => cell(source, 'dim')) },
    ],
    data: { id, values: leaves.map(recordOf) },
    fields: leaves.map(({ path, text }) => ({ name: path, unit: 'count', value: text })),
  }
}

/** Counts from 1, as the list of sources does. */
function mark({ source }: Leaf, sources: readonly string[]): Cell {
  return cell(source === undefined ? '' : `[${sources.indexOf(source) + 1}]`, 'dim')
}

function recordOf({ path, text, file, source }: Leaf) {
  return { path, value: text, file, ...(source === undefined ? {} : { source }) }
}
