/** The blocks a model is made of, each as the operations of one pass, forward to weight gradient. */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { lowerAttention } from './attention.ts'
import { lowerEmbedding, lowerHead } from './embedding.ts'
import { lowerMlp } from './mlp.ts'
import { type LayerKind, localShape } from './shape.ts'

export function lowerLayer(job: Job, sharding: Sharding, kind: LayerKind): Operation[] {
  const shape = localShape(job, sharding)
  const operations = [...lowerAttention(job, shape, sharding, kind), ...lowerMlp(job, shape, sharding)]
  return [...operations, ...recomputed(operations, sharding)]
}

export function lowerEnds(job: Job, sharding: Sharding): { embedding: Operation[]; head: Operation[] } {
  const shape = localShape(job, sharding)
  return { embedding: lowerEmbedding(job, shape, sharding), head: lowerHead(job, shape, sharding) }
}

/**
 * What backward does again. full: the whole forward pass of the layer, its communication included; selective: the
 * unfused core of attention, whose scores are large and cheap (Korthikanti et al. 2022, arXiv:2205.05198 §5). A fused
 * kernel computes the scores again by itself.
 */
function recomputed(operations: readonly Operation[], sharding: Sharding): Operation[] {
  if (sharding.recompute === 'none') return []
  return operations
    .filter((operation) => operation.phase === 'forward')
    .filter((operation) => sharding.recompute === 'full' || isUnfusedCore(operation))
    .map((operation) => ({ ...operation, phase: 'recompute' }))
}

function isUnfusedCore(operation: Operation): boolean {
  return (operation.kind === 'attention' && operation.kernel === 'unfused') || operation.name === 'attention.softmax'
}
