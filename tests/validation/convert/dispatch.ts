/** How tokens reach their experts: what the row says, else what the guide of its stack takes on that machine. */
import type { Remarks, Row, Section } from './row.ts'

/** MaxText drops tokens by a mask; without dropping it has grouped matmuls. */
const isMasked = ({ framework, moe_balance: balance, overlap, notes }: Row): boolean =>
  /einsum/iu.test(`${overlap ?? ''} ${notes ?? ''}`) ||
  (/maxtext/iu.test(framework ?? '') && /capacity|drop/iu.test(balance ?? ''))

const hasFixedRows = ({ moe_balance: balance, notes }: Row): boolean =>
  /token.?drop|capacity/iu.test(`${balance ?? ''} ${notes ?? ''}`)

const named = ({ overlap, notes }: Row): string | undefined =>
  /hybrid-?ep|deep-?ep/iu
    .exec(`${overlap ?? ''} ${notes ?? ''}`)?.[0]
    ?.toLowerCase()
    .replace('-', '')

/**
 * Megatron-Bridge, where neither the row nor its recipe says: HybridEP inside a rack of NVL72 and DeepEP across nodes of
 * Hopper, unless tokens are dropped (docs.nvidia.com/nemo/megatron-bridge, MoE Dispatcher Selection Guide; recipes of
 * 25.09 turn DeepEP off under token drop).
 */
function usual(row: Row): 'hybridep' | 'deepep' | undefined {
  const { framework, notes, gpu, parallel, gpus_per_node: perNode } = row
  const open = /megatron-bridge/iu.test(framework ?? '') && !/perf config/iu.test(notes ?? '') && !hasFixedRows(row)
  if (!row.model?.moe || named(row) || !open) return undefined
  if (/NVL72/iu.test(gpu ?? '')) return 'hybridep'
  return /H[12]00/iu.test(gpu ?? '') && (parallel?.ep ?? 1) > (perNode ?? 8) ? 'deepep' : undefined
}

/** On record where it was not said. */
export function dispatchOf(row: Row, { inferred }: Remarks): Section {
  if (!row.model?.moe) return {}
  const assumed = usual(row)
  if (assumed) inferred.push('software.moe.dispatcher')
  const dispatcher = isMasked(row) ? 'einsum' : (named(row) ?? assumed)
  const fixed = hasFixedRows(row)
  return dispatcher || fixed ? { moe: { ...(dispatcher && { dispatcher }), ...(fixed && { fixed_rows: true }) } } : {}
}

/** What the same recipes turn on with it: graphs over the router (25.11), the overlap of 1F1B (25.09). */
export function dispatchExtras(row: Row): readonly string[] {
  const companions = { hybridep: 'software/cuda-graphs-router', deepep: 'software/moe-overlap' } as const
  const assumed = usual(row)
  return assumed ? [companions[assumed]] : []
}
