/** Ways to cut a model, each worked out once for all shardings that share it. */
import { type Holding, hold, type Keepings, keepAll } from '../engine/holding.ts'
import type { Job } from '../engine/job.ts'
import { scheduleTable } from '../engine/schedule/table.ts'
import type { Strategy } from '../engine/strategy.ts'
import type { Sharing } from './space.ts'

/** One way to cut the model, and ZeRO in all its ways on it. */
export interface Spread {
  readonly holding: Holding
  /** Those whose states leave room for anything at all are worth a look; no sharding helps the others. */
  readonly keepings: Keepings
  /** The shortest of the roomy. */
  readonly optimizerSeconds: number
}

export class Spreads {
  private readonly job: Job
  private known = new Map<number, Spread>()
  private alike = new Map<string, Keepings>()
  private spreadFor = ''

  constructor(job: Job) {
    this.job = job
  }

  /** What stages hold and say to their replicas hangs neither on cp nor on micro-batches. */
  at(draft: Strategy, sharings: readonly Sharing[]): Spread {
    const { tp, ep, etp, pp, vpp, dp, cp } = draft
    const weights = `${tp} ${ep} ${etp}`
    if (weights !== this.spreadFor) {
      this.known = new Map()
      this.alike = new Map()
      this.spreadFor = weights
    }
    const { placement, copies } = scheduleTable[draft.schedule]
    const key = (pp * 65_536 + vpp) * 4 + (placement === 'fold' ? 2 : copies - 1)
    const known = this.known.get(key)
    if (known) return known
    const plain = { ...draft, cp: 1, dp: dp * cp }
    const holding = hold(this.job, plain)
    const strategies = sharings.map(({ zero, shardRanks }) => ({ ...plain, zero, shardRanks }))
    const keepings = keepAll(this.job, holding, strategies, this.alike.get(holding.key))
    const optimizerSeconds = keepings.roomy.reduce((least, one) => Math.min(least, one.optimizerSeconds), Infinity)
    const made = { holding, keepings, optimizerSeconds }
    this.alike.set(holding.key, keepings)
    this.known.set(key, made)
    return made
  }
}
