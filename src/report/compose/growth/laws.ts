/** `explain` of what growth stands on: a law with its text, a constant with its numbers, or the list of all. */
import type { Statement } from '../../../engine/formula.ts'
import type { Confidence } from '../../../growth/cited.ts'
import type { Constant } from '../../../growth/laws.ts'
import { cell, column, type Json, type Report, row, type Section, type Tool } from '../../report.ts'
import { confidenceCell } from './words.ts'

export function composeLaw(law: Statement, tool: Tool): Report {
  const { id, unit, text, source } = law
  const sections: readonly Section[] = [
    { kind: 'title', text: id, aside: unit, lines: [] },
    { kind: 'code', title: '', text: `${id} = ${text}` },
    { kind: 'prose', title: 'Source', mark: 'none', items: [cell(source)] },
  ]
  return { tool, sections, data: { law: { id, unit, text, source } }, fields: [] }
}

export function composeConstant(constant: Constant, tool: Tool): Report {
  const { name, label, source, validity, numbers } = constant
  const confidence = constant.confidence as Confidence
  const sections: readonly Section[] = [
    { kind: 'title', text: name, aside: '', lines: [[label]] },
    {
      kind: 'table',
      title: 'Numbers',
      aside: '',
      columns: [column(''), column('', 'right')],
      rows: numbers.map(([path, value]) => row(cell(path), cell(String(Number(value.toPrecision(7))), 'strong'))),
    },
    { kind: 'prose', title: 'Holds for', mark: 'none', items: [cell(validity)] },
    { kind: 'prose', title: 'Confidence', mark: 'none', items: [confidenceCell(confidence)] },
    { kind: 'prose', title: 'Source', mark: 'none', items: [cell(source)] },
  ]
  return { tool, sections: sections.filter(hasBody), data: { constant: record(constant) }, fields: [] }
}

const hasBody = (section: Section): boolean => section.kind !== 'table' || section.rows.length > 0

export function composeLaws(laws: readonly Statement[], constants: readonly Constant[], tool: Tool): Report {
  const sections: readonly Section[] = [
    { kind: 'title', text: 'Laws and constants of growth', aside: '', lines: [['clusterwise explain <name>']] },
    {
      kind: 'table',
      title: 'Laws',
      aside: '',
      columns: [column(''), column('', 'left', 'below')],
      rows: laws.map(({ id, source }) => row(cell(id), cell(source, 'dim'))),
    },
    {
      kind: 'table',
      title: 'Constants',
      aside: '',
      columns: [column(''), column('confidence'), column('', 'left', 'below')],
      rows: constants.map(({ name, label, confidence }) =>
        row(cell(name), confidenceCell(confidence as Confidence), cell(label, 'dim')),
      ),
    },
  ]
  const data = {
    laws: laws.map(({ id, unit, text, source }) => ({ id, unit, text, source })),
    constants: constants.map(record),
  }
  return { tool, sections, data, fields: [] }
}

function record({ name, label, source, validity, confidence, numbers }: Constant): Json {
  return { name, label, source, validity, confidence, numbers: Object.fromEntries(numbers) }
}
