/** Inputs that may be left to us, as `resolve.ts` answers them. */
import type { Job } from '../engine/job.ts'
import type { Strategy } from '../engine/strategy.ts'

export function resolveNames({ model, cluster, batch, software, economics }: Job, strategy: Strategy) {
  return {
    'cluster.node_power': cluster.nodeWatts,
    'cluster.scale_up.bandwidth': cluster.scaleUp.bytesPerSecond,
    'cluster.scale_up.domain': cluster.scaleUp.domain,
    'cluster.scale_out.bandwidth': cluster.scaleOut.bytesPerSecond,
    'cluster.scale_out.pod': cluster.scaleOut.podGpus,
    'model.kv_heads': model.kvHeads || undefined,
    'model.head_dim': model.headDim || undefined,
    'model.ffn': model.ffn || undefined,
    'training.tokens': batch.tokens,
    'training.steps': Math.ceil(batch.tokens / (batch.globalBatch * batch.seqLen)),
    'parallel.dp': strategy.dp,
    'parallel.zero': strategy.zero,
    'parallel.shard_group': strategy.shardRanks,
    'software.host': software.hostSecondsPerLayer,
    'economics.price': economics.usdPerGpuSecond,
  }
}
