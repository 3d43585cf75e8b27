/** Whose work is it? The change of one metric, divided among the changed inputs. */
import type { MetricName } from '../engine/metrics.ts'
import { type Change, undo } from './changes.ts'
import type { Answer, Snapshot, WhatIf } from './plan.ts'

export interface Share {
  readonly change: Change
  /** The old plan with this change only, less the old plan; undefined where that plan cannot run. */
  readonly alone: number | undefined
  /** What it adds on top of the changes before it; undefined where the plan so far cannot run: see the next share. */
  readonly inOrder: number | undefined
}

export interface Attribution {
  readonly metric: MetricName
  readonly total: number
  readonly shares: readonly Share[]
  /** What the changes do together beyond what each does alone; undefined where one cannot stand alone. */
  readonly interaction: number | undefined
  /** Every change taken back and still another number: something beyond the inputs differs. */
  readonly unexplained: number
}

export function attribute(
  metric: MetricName,
  { before, now, changes, whatIf }: Compared & { readonly whatIf: WhatIf },
): Attribution {
  const valueWith = (applied: readonly Change[]): number | undefined =>
    applied.length === changes.length
      ? now.simulation.metrics[metric]
      : whatIf(undo(changes.filter((change) => !applied.includes(change))))?.simulation.metrics[metric]
  const start = valueWith([]) ?? before.metrics[metric] ?? Number.NaN
  const total = now.simulation.metrics[metric] - start
  let last = start
  const shares = changes.map((change, at): Share => {
    const alone = valueWith([change])
    const soFar = valueWith(changes.slice(0, at + 1))
    const inOrder = soFar === undefined ? undefined : soFar - last
    last = soFar ?? last
    return { change, alone: alone === undefined ? undefined : alone - start, inOrder }
  })
  return {
    metric,
    total,
    shares,
    interaction: shares.reduce<number | undefined>(
      (rest, { alone }) => (rest === undefined || alone === undefined ? undefined : rest - alone),
      total,
    ),
    unexplained: start - (before.metrics[metric] ?? start),
  }
}

export interface Compared {
  readonly before: Snapshot
  readonly now: Answer
  readonly changes: readonly Change[]
}
