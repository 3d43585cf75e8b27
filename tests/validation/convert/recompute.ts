/** What is computed again, read from free text. */
import { recomputeModules } from '../../../src/engine/strategy.ts'
import type { Remarks, Row, Section } from './row.ts'

export function recomputeOf(row: Row, remarks: Remarks): Section {
  const text = (row.recompute ?? '').trim().toLowerCase()
  if (text === '' || /not stated|unknown/u.test(text)) {
    remarks.inferred.push('training.recompute')
    // MaxText computes whole layers again unless told otherwise: remat_policy in configs/base.yml.
    return /maxtext/iu.test(row.framework ?? '') ? { recompute: 'full' } : {}
  }
  if (/^(none|no\b|off|false)/u.test(text)) return {}
  if (/^selective/u.test(text)) return selectiveOf(text, remarks)
  if (/offloaded|kept on device/u.test(text)) return offloadedOf(text, row, remarks)
  const part = /(\d+)\s*(?:of (\d+) )?layer/u.exec(text)
  if (part) return partlyOf(Number(part[1]), Number(part[2] ?? row.model?.layers ?? 0), row, remarks)
  return { recompute: 'full' }
}

function selectiveOf(text: string, { inferred, notes }: Remarks): Section {
  const selected = (modules: readonly string[]) => ({ recompute: 'selective', recompute_modules: modules })
  const listed = /selective:\s*(.+)$/u.exec(text)?.[1]?.split(/[,\s]+/u)
  if (listed) {
    const known = listed.filter((name) => (recomputeModules as readonly string[]).includes(name))
    if (known.length < listed.length) notes.push(`recompute of ${listed.join(', ')} is reduced to ${known.join(', ')}`)
    return selected(known)
  }
  if (/linear outputs saved/u.test(text)) return selected(['layernorm'])
  // torchtitan: by operator every other matmul; every second layer is the same amount.
  if (/\bop\b|2nd layer|every (other|second)/u.test(text)) {
    if (!/\bop\b/u.test(text)) inferred.push('training.recompute_modules')
    return selected(['every_other_matmul'])
  }
  return selected(['core_attn'])
}

/** MaxText: whole layers again, but for what waits in host memory. */
function offloadedOf(text: string, { model }: Row, { inferred }: Remarks): Section {
  if (!/[qkv](?:\/|_|-| )?.*proj/u.test(text)) return { recompute: 'full' }
  inferred.push('training.recompute_modules')
  return { recompute: 'selective', recompute_modules: ['core_attn', 'layernorm', model?.moe ? 'moe' : 'mlp'] }
}

/** Some layers whole, the others not: the nearer of the two. */
function partlyOf(count: number, stated: number, { parallel }: Row, { inferred, notes }: Remarks): Section {
  const chunks = (parallel?.pp ?? 1) * (parallel?.vpp ?? 1)
  const layers = stated > count * chunks ? stated / chunks : stated
  inferred.push('training.recompute')
  notes.push(`recompute of ${count} of ${layers} layers is taken as ${2 * count >= layers ? 'full' : 'none'}`)
  return 2 * count >= layers ? { recompute: 'full' } : {}
}
