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
  /** Ranks among which tokens travel to their experts. */
  readonly ep: Group
  /** Ranks that share the width of an expert. */
  readonly etp: Group
  readonly pp: Group
  /** All ranks that hold the same weights, context-parallel ones included. */
  readonly dp: Group
  /** Those of them over which ZeRO shards. */
  readonly shard: Group
  /** Those of them that hold the same shard (HSDP). */
  readonly replica: Group
  /** Ranks that hold the same experts. */
  readonly expertDp: Group
}

export function groupOf(cluster: Cluster, ranks: number, stride: number): Group {
  const local = Math.min(ranks, Math.max(1, Math.floor(cluster.scaleUp.domain / stride)))
  return { ranks, stride, local, domains: ceilDiv(ranks, local) }
}

export function layOut(cluster: Cluster, strategy: Strategy): Layout {
  const { tp, cp, dp, pp, ep, etp, shardRanks } = strategy
  const replicas = dp * cp
  return {
    tp: groupOf(cluster, tp, 1),
    cp: groupOf(cluster, cp, tp),
    ep: groupOf(cluster, ep, etp),
    etp: groupOf(cluster, etp, 1),
    pp: groupOf(cluster, pp, tp * replicas),
    dp: groupOf(cluster, replicas, tp),
    shard: groupOf(cluster, shardRanks, tp),
    replica: groupOf(cluster, replicas / shardRanks, tp * shardRanks),
    // Experts fold over all ranks of a stage: Megatron-Core MoE parallel folding, arXiv:2504.14960.
    expertDp: groupOf(cluster, (tp * replicas) / (ep * etp), ep * etp),
  }
}
