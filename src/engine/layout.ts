/**
 * Which ranks talk to which, and over what. Ranks are numbered tp innermost, then cp, dp and pp (Megatron-LM's order),
 * so a group is a run of ranks with a constant stride.
 */
import { ceilDiv } from '../base/integers.ts'
import type { Cluster } from './job.ts'
import type { Strategy } from './strategy.ts'

export interface Group {
  readonly ranks: number
  /** Distance between neighbours in rank numbers. */
  readonly stride: number
  /** Members that share one scale-up domain. */
  readonly local: number
  /** Scale-up domains that the group spans. */
  readonly domains: number
}

export interface Layout {
  readonly tp: Group
  readonly cp: Group
  readonly pp: Group
  /** All ranks that hold the same weights, context-parallel ones included. */
  readonly dp: Group
  /** Those of them over which ZeRO shards. */
  readonly shard: Group
  /** Those of them that hold the same shard (HSDP). */
  readonly replica: Group
}

export function groupOf(cluster: Cluster, ranks: number, stride: number): Group {
  const local = Math.min(ranks, Math.max(1, Math.floor(cluster.scaleUp.domain / stride)))
  return { ranks, stride, local, domains: ceilDiv(ranks, local) }
}

export function layOut(cluster: Cluster, strategy: Strategy): Layout {
  const { tp, cp, dp, pp, shardRanks } = strategy
  const replicas = dp * cp
  return {
    tp: groupOf(cluster, tp, 1),
    cp: groupOf(cluster, cp, tp),
    pp: groupOf(cluster, pp, tp * replicas),
    dp: groupOf(cluster, replicas, tp),
    shard: groupOf(cluster, shardRanks, tp),
    replica: groupOf(cluster, replicas / shardRanks, tp * shardRanks),
  }
}
