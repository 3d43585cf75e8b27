/** What layers take for one micro-batch: priced once for all pipelines that a search tries on a sharding. */
import type { Job } from './job.ts'
import { layOut } from './layout.ts'
import { priceBlocks } from './price/block.ts'
import { type BlockSeconds, type BlockWorks, blockSeconds, blockWorks } from './stages.ts'
import type { Strategy } from './strategy.ts'

/** What a layer takes: decided by the sharding. */
export interface Layered {
  readonly seconds: BlockSeconds
  readonly works: BlockWorks
}

export function priceLayers(job: Job, strategy: Strategy): Layered {
  const costs = priceBlocks(job, strategy, layOut(job.cluster, strategy))
  return { seconds: blockSeconds(costs), works: blockWorks(costs) }
}
