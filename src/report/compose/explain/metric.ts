/** A metric: its formula, the same with numbers, and the tree of what goes in, down to where it was written. */

import type { Path } from '../../../base/problem.ts'
import { catalogue } from '../../../engine/catalogue.ts'
import { type Fact, type FactName, factsTable } from '../../../engine/facts.ts'
import { type MetricName, metricNames } from '../../../engine/metrics.ts'
import { formatQuantity } from '../../../units/format.ts'
import type { Unit } from '../../../units/unit.ts'
import { cell, type Json, type Prose, type Report, type TreeNode } from '../../report.ts'
import { namesIn, withValues } from './formula.ts'
import { type Provenance, provenanceOf } from './provenance.ts'
import type { Question, Run } from './question.ts'

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(catalogue, name)
}

export function isFact(name: string): name is FactName {
  return Object.hasOwn(factsTable, name)
}

const betterWords = { higher: 'higher is better', lower: 'lower is better', neutral: '' } as const

export function explainMetric(name: MetricName, { run, depth, tool }: Question): Report {
  const metric = catalogue[name]
  const provenance = provenanceOf(run)
  const growth: Growth = { run, provenance, told: new Set([name]) }
  const nodes = namesIn(metric.text).map((input) => node(input, depth, growth))
  const value = run ? run.simulation.metrics[name] : undefined
  return {
    tool,
    sections: [
      {
        kind: 'title',
        text: name,
        aside: words(name, run) ?? '',
        lines: [[metric.label, betterWords[metric.better], unitWords(metric.unit)]],
      },
      formulaOf(name, run),
      { kind: 'tree', title: 'Inputs', nodes },
      { kind: 'prose', title: 'Source of the formula', mark: 'none', items: [cell(metric.source, 'dim')] },
      provenance.sources(),
    ],
    data: {
      metric: {
        ...recordOf(name),
        ...(value === undefined ? {} : { value }),
        inputs: inputsOf(metric.text, run, depth),
      },
    },
    fields: [
      { name: 'metric', unit: 'count', value: name },
      { name: 'value', unit: metric.unit, value: value ?? '' },
    ],
  }
}

/** A measured or written number that formulas use: no formula of its own. */
export function explainFact(name: FactName, { run, tool }: Question): Report {
  const fact = factsTable[name]
  const provenance = provenanceOf(run)
  const leaf = node(name, 0, { run, provenance, told: new Set() })
  return {
    tool,
    sections: [
      {
        kind: 'title',
        text: name,
        aside: leaf.value,
        lines: [
          [fact.label, unitWords(fact.unit)],
          [leaf.from, leaf.place],
        ],
      },
      { kind: 'prose', title: '', mark: 'bullet', items: usersOf(name).map((user) => cell(`used by ${user}`)) },
      provenance.sources(),
    ],
    data: { fact: { name, unit: fact.unit, label: fact.label, ...(run ? { value: run.simulation.facts[name] } : {}) } },
    fields: [{ name: 'fact', unit: 'count', value: name }],
  }
}

function usersOf(name: string): readonly string[] {
  return metricNames.filter((metric) => namesIn(catalogue[metric].text).includes(name))
}

export function factNames(): readonly FactName[] {
  return Object.keys(factsTable) as FactName[]
}

function formulaOf(name: MetricName, run: Run | undefined): Prose {
  const { text } = catalogue[name]
  const value = words(name, run)
  const numbers = withValues(text, (input) => words(input, run))
  const items = [
    cell(`= ${text}`),
    ...(value === undefined ? [] : [cell(`= ${numbers}`), cell(`= ${value}`, 'strong' as const)]),
  ]
  return { kind: 'prose', title: name, mark: 'none', items }
}

interface Growth {
  readonly run: Run | undefined
  readonly provenance: Provenance
  /** Metrics whose formula stands in the tree already. */
  readonly told: Set<string>
}

function node(name: string, depth: number, growth: Growth): TreeNode {
  const { run, provenance } = growth
  const value = words(name, run) ?? ''
  if (isMetric(name)) return metricNode(name, value, depth, growth)
  if (!isFact(name)) return { name, value, from: '', place: '', children: [] }
  const path = pathOf(name, run)
  if (path === undefined) return { name, value, from: originOf(name), place: '', children: [] }
  return { name, value, from: path.join('.'), place: provenance.placeOf(path), children: [] }
}

function metricNode(name: MetricName, value: string, depth: number, growth: Growth): TreeNode {
  if (growth.told.has(name)) return { name, value, from: 'see above', place: '', children: [] }
  growth.told.add(name)
  const { text } = catalogue[name]
  const children = depth > 1 ? namesIn(text).map((input) => node(input, depth - 1, growth)) : []
  return { name, value, from: `= ${text}`, place: '', children }
}

/** The place where the user, or the catalog, writes it. */
function pathOf(name: FactName, run: Run | undefined): Path | undefined {
  const { path }: Fact = factsTable[name]
  if (path === undefined) return undefined
  const written = path.split('.')
  if (name === 'peakFlopPerSecond' && run) return [...written, run.simulation.job.precision.matmul]
  // Without a price of its own, the plan pays what the catalog says the GPU costs.
  const priced = name !== 'usdPerGpuSecond' || run?.loaded.origin.placeOf(written) !== undefined
  return priced ? written : ['cluster', 'gpu', 'price']
}

function originOf(name: FactName): string {
  const { label, from }: Fact = factsTable[name]
  return from ?? label
}

function words(name: string, run: Run | undefined): string | undefined {
  if (run === undefined) return undefined
  if (isMetric(name)) return formatQuantity(run.simulation.metrics[name], catalogue[name].unit)
  if (isFact(name)) return formatQuantity(run.simulation.facts[name], factsTable[name].unit)
  return undefined
}

export function unitWords(unit: Unit): string {
  const spoken: Partial<Record<Unit, string>> = { ratio: 'share', count: 'count' }
  return spoken[unit] ?? unit.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

export function recordOf(name: MetricName): { readonly [key: string]: Json } {
  const { label, unit, better, text, source } = catalogue[name]
  return { name, label, unit, better, formula: text, source }
}

function inputsOf(text: string, run: Run | undefined, depth: number): Json {
  return namesIn(text).map((name) => {
    const value = run === undefined ? {} : { value: numberOf(name, run) }
    if (isFact(name)) return { name, ...value, unit: factsTable[name].unit, ...written(name, run) }
    if (!isMetric(name)) return { name, ...value }
    const { unit, text: formula } = catalogue[name]
    const deeper = depth > 1 ? { inputs: inputsOf(formula, run, depth - 1) } : {}
    return { name, ...value, unit, formula, ...deeper }
  })
}

function numberOf(name: string, { simulation }: Run): number | null {
  return isMetric(name) ? simulation.metrics[name] : isFact(name) ? simulation.facts[name] : null
}

function written(name: FactName, run: Run | undefined): { readonly [key: string]: Json } {
  const path = pathOf(name, run)
  if (path === undefined) return {}
  const place = run?.loaded.origin.placeOf(path)
  const source = run?.loaded.origin.sourceOf(path)
  const where = place ? { place: { file: place.file, line: place.line, column: place.column } } : {}
  return { path: path.join('.'), ...where, ...(source ? { source } : {}) }
}
