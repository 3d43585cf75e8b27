/** Metrics of a strategy while search runs: as few rows of the catalogue as the question needs. */
import { catalogue, type Metric, type Scope } from '../engine/catalogue.ts'
import type { Step } from '../engine/compose.ts'
import { type MetricName, metricNames } from '../engine/metrics.ts'

/** What `Step.share` leaves up to date. */
const ready: ReadonlySet<string> = new Set([
  'step.compute',
  'step.recompute',
  'comm.tp.exposed',
  'comm.cp.exposed',
  'comm.ep.exposed',
  'comm.pp.exposed',
  'comm.dp.exposed',
  'step.exposed',
  'step.bubble',
  'step.optimizer',
  'step.host',
  'step.overhead',
  'step.time',
  'memory.peak',
])

/** Brings the metrics that are wanted up to date in the scope of the step. */
export type Fill = (step: Step) => void

export function sheetOf(wanted: readonly MetricName[]): Fill {
  const rows = rowsFor(wanted)
  if (rows.length === 0) return () => {}
  return (step) => {
    step.complete()
    const scope = step.scope as Record<string, number>
    for (const { name, compute } of rows) scope[name] = compute(scope as unknown as Scope)
  }
}

interface Row {
  readonly name: MetricName
  readonly compute: Metric['compute']
}

/** Rows above a row that it speaks of, and so on; in the order of the catalogue, which is that of computing. */
function rowsFor(wanted: readonly MetricName[]): readonly Row[] {
  const needed = new Set<string>()
  const visit = (name: string): void => {
    if (needed.has(name) || ready.has(name)) return
    needed.add(name)
    for (const used of namesIn(catalogue[name as MetricName].text)) visit(used)
  }
  for (const name of wanted) visit(name)
  return (Object.keys(catalogue) as MetricName[])
    .filter((name) => needed.has(name))
    .map((name) => ({ name, compute: catalogue[name].compute }))
}

const known: ReadonlySet<string> = new Set(metricNames)

export function namesIn(text: string): readonly MetricName[] {
  const words: readonly string[] = text.match(/[a-z_]\w*(?:\.\w+)*/giu) ?? []
  return words.filter((word): word is MetricName => known.has(word))
}

/** Metrics that rise or fall with the step time and nothing else while strategies vary: the order is that of the step. */
const followers: ReadonlySet<MetricName> = new Set([
  'mfu',
  'utilization.effective',
  'throughput.tokens_per_second',
  'throughput.tokens_per_second_per_gpu',
  'throughput.flop_per_second_per_gpu',
  'run.time',
  'run.days',
  'run.gpu_hours',
  'run.energy',
  'run.cost',
] as const)

/** A number that is smaller for a better strategy. */
export interface Goal {
  readonly metric: MetricName
  /** Read in its place. */
  readonly read: MetricName
  readonly sign: 1 | -1
  readonly better: (one: number, other: number) => boolean
}

export function goalOf(metric: MetricName): Goal {
  const higher = catalogue[metric].better === 'higher'
  const better = (one: number, other: number) => (higher ? one > other : one < other)
  if (followers.has(metric)) return { metric, read: 'step.time', sign: 1, better }
  return { metric, read: metric, sign: higher ? -1 : 1, better }
}
