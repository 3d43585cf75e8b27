/** All metrics, by the first word of their names. */
import { catalogue } from '../../../engine/catalogue.ts'
import { metricNames } from '../../../engine/metrics.ts'
import { formatQuantity } from '../../../units/format.ts'
import { cell, column, type Report, row, type Table } from '../../report.ts'
import { recordOf, unitWords } from './metric.ts'
import type { Question, Run } from './question.ts'

export function listMetrics({ run, tool }: Question): Report {
  const prefixes = [...new Set(metricNames.map(prefixOf))]
  return {
    tool,
    sections: [
      {
        kind: 'title',
        text: run ? `Metrics of ${run.loaded.name}` : 'Metrics',
        aside: `${metricNames.length}`,
        lines: [['explain one by its name; explain operations by a part of theirs, such as attention']],
      },
      ...prefixes.map((prefix) => tableOf(prefix, run)),
    ],
    data: {
      metrics: metricNames.map((name) => ({
        ...recordOf(name),
        ...(run ? { value: run.simulation.metrics[name] } : {}),
      })),
    },
    fields: metricNames.map((name) => ({
      name,
      unit: catalogue[name].unit,
      value: run ? run.simulation.metrics[name] : '',
    })),
  }
}

function prefixOf(name: string): string {
  return name.split('.')[0] ?? name
}

const arrows = { higher: 'higher', lower: 'lower', neutral: '' } as const

function tableOf(prefix: string, run: Run | undefined): Table {
  return {
    kind: 'table',
    title: prefix,
    aside: '',
    columns: [
      column(''),
      column('', 'right'),
      column('unit', 'left', 'drop'),
      column('better', 'left', 'drop'),
      column('', 'left', 'below'),
    ],
    rows: metricNames
      .filter((name) => prefixOf(name) === prefix)
      .map((name) => {
        const { unit, better, text } = catalogue[name]
        const value = run ? formatQuantity(run.simulation.metrics[name], unit) : ''
        return row(
          cell(name),
          cell(value, 'strong'),
          cell(unitWords(unit), 'dim'),
          cell(arrows[better], 'dim'),
          cell(`= ${text}`, 'dim'),
        )
      }),
  }
}
