/**
 * A baseline: inputs and metrics of each plan, to hold later ones against. Sorted, six digits, no clock, so that it can
 * be committed and its own changes read in a diff.
 */
import { type MetricName, metricNames } from '../engine/metrics.ts'
import { modelVersion } from '../engine/version.ts'
import { settled } from './changes.ts'
import type { InputValue, Snapshot } from './plan.ts'

export interface Baseline {
  /** Of the model that computed it. */
  readonly model: number
  readonly plans: ReadonlyMap<string, Snapshot>
}

const schemaVersion = 1

export function writeBaseline(plans: ReadonlyMap<string, Snapshot>): string {
  const body = Object.fromEntries([...plans].sort(byName).map(([file, plan]) => [file, recordOf(plan)]))
  return `${JSON.stringify({ schemaVersion, model: modelVersion, plans: body }, null, 2)}\n`
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0

function recordOf({ inputs, metrics }: Snapshot): object {
  const kept = [...inputs].map(([path, value]) => [path, typeof value === 'number' ? settled(value) : value] as const)
  const measured = Object.entries(metrics).map(([name, value]) => [name, numberOrNull(value)] as const)
  return { inputs: Object.fromEntries(kept.sort(byName)), metrics: Object.fromEntries(measured.sort(byName)) }
}

/** JSON has no infinity: null. */
const numberOrNull = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null)

/** What is wrong with it, in words; else the baseline. Written by us, but it comes with the pull request. */
export function readBaseline(text: string): Baseline | string {
  const parsed = parse(text)
  if (!isRecord(parsed)) return 'it is not JSON of a baseline'
  const { model, plans } = parsed
  if (parsed['schemaVersion'] !== schemaVersion) return `its schemaVersion is not ${schemaVersion}`
  if (typeof model !== 'number' || !isRecord(plans)) return 'it has no `model` and `plans`'
  return { model, plans: new Map(Object.entries(plans).map(([file, plan]) => [file, snapshotOf(plan)])) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function snapshotOf(plan: unknown): Snapshot {
  const { inputs, metrics } = isRecord(plan) ? plan : {}
  const values = isRecord(inputs) ? Object.entries(inputs).filter(isInput) : []
  const numbers = isRecord(metrics) ? metrics : {}
  const known = metricNames.flatMap((name): [MetricName, number][] => {
    const value = numbers[name]
    return value === null ? [[name, Number.POSITIVE_INFINITY]] : typeof value === 'number' ? [[name, value]] : []
  })
  return { inputs: new Map(values), metrics: Object.fromEntries(known) as Snapshot['metrics'] }
}

function isInput(entry: [string, unknown]): entry is [string, InputValue] {
  const [, value] = entry
  const plain = (each: unknown) => ['number', 'string'].includes(typeof each)
  return typeof value === 'boolean' || plain(value) || (Array.isArray(value) && value.every(plain))
}
