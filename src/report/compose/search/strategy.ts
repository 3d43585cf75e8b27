/** A strategy in one line. */
import type { Strategy } from '../../../engine/strategy.ts'
import { group } from '../../words.ts'

/** "TP 4+SP · CP 2 ring · PP 8×8 · DP 8 ZeRO 1 · mb 3 · recompute core_attn". */
export function strategyWords(strategy: Strategy): string {
  return [degreeWords(strategy), recomputation(strategy)].filter((part) => part !== '').join(' · ')
}

export function degreeWords(strategy: Strategy): string {
  const { tp, sp, cp, cpMode, ep, etp, dp, microBatch } = strategy
  const parts = [
    `TP ${tp}${sp ? '+SP' : ''}`,
    cp > 1 ? `CP ${cp} ${cpMode}` : '',
    ep > 1 ? `EP ${ep}` : '',
    etp > 1 ? `ETP ${etp}` : '',
    pipeline(strategy),
    `DP ${group(dp)}${sharing(strategy)}`,
    `mb ${microBatch}`,
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

function pipeline({ pp, vpp, schedule }: Strategy): string {
  if (pp === 1) return 'PP 1'
  return vpp > 1 ? `PP ${pp}×${vpp}` : `PP ${pp} ${schedule}`
}

function sharing({ zero, shardRanks, dp, cp }: Strategy): string {
  if (zero === 0 || dp * cp === 1) return ''
  const name = zero === 3 ? ' FSDP' : ` ZeRO ${zero}`
  return shardRanks < dp * cp ? `${name}/${group(shardRanks)}` : name
}

export function recomputation({ recompute, recomputeModules }: Strategy): string {
  if (recompute === 'none') return ''
  return recompute === 'full' ? 'recompute full' : `recompute ${recomputeModules.join('+') || 'nothing'}`
}
