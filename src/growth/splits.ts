/** A modest set of ways to split a job: powers of two, one sequence at a time, weights and states sharded or not. */
import type { Job } from '../engine/job.ts'
import type { Strategy } from '../engine/strategy.ts'

const powers = (from: number, to: number): readonly number[] => {
  const list: number[] = []
  for (let n = from; n <= to; n *= 2) list.push(n)
  return list
}

const WIDEST = 64
const DEEPEST = 64
/** Context is split only where there are fewer sequences than slots. */
const MOST_CONTEXT = 16

/** What the scenario's stack overlaps stays as it says; nothing is computed again. */
export function splitsOf(job: Job, given: Strategy): readonly Strategy[] {
  const { model, cluster } = job
  const most = Math.min(WIDEST, cluster.scaleUp.domain, cluster.gpus)
  const widths = [model.heads, model.ffn, model.mamba?.heads ?? 0, model.lstm?.cells ?? 0]
  const tps = powers(1, most).filter((tp) => widths.every((width) => width % tp === 0) && model.hidden % tp === 0)
  // A quarter of the most that a domain takes is narrow enough, but for a recurrence, which speaks at every token.
  const wide = model.lstm ? tps : tps.slice(-3)
  const pps = powers(1, Math.min(DEEPEST, model.layers))
  return wide.flatMap((tp) =>
    pps.flatMap((pp) => contextsOf(job, tp * pp).flatMap((cp) => schedulesOf(job, given, { tp, pp, cp }))),
  )
}

interface Degrees {
  readonly tp: number
  readonly pp: number
  readonly cp: number
}

function contextsOf({ cluster, batch, model }: Job, chips: number): readonly number[] {
  // A recurrent layer reads whole sequences.
  if (model.lstm) return [1]
  const slots = cluster.gpus / chips
  const short = Math.ceil(slots / batch.globalBatch)
  const least = 2 ** Math.ceil(Math.log2(short))
  // As much as it takes for one sequence per slot, and up to four times as much: more micro-batches, fuller pipelines.
  return [...new Set([1, least, 4 * least])].filter(
    (cp) => cp >= short && cp <= MOST_CONTEXT && batch.seqLen % cp === 0,
  )
}

function schedulesOf(job: Job, given: Strategy, { tp, pp, cp }: Degrees): readonly Strategy[] {
  const { cluster, batch, model } = job
  const dp = cluster.gpus / (tp * pp * cp)
  const microBatches = batch.globalBatch / dp
  if (!Number.isInteger(dp) || !Number.isInteger(microBatches)) return []
  const chunks = pp > 1 && microBatches % pp === 0 ? [1, ...chunksOf(model.layers / pp)] : [1]
  const eps = model.moe
    ? [8, 16, 32, 64].filter((ep) => ep <= (model.moe?.experts ?? 1) && (tp * cp * dp) % ep === 0)
    : [1]
  const common = { tp, sp: tp > 1, cp, pp, dp, cpMode: 'ring', etp: 1, recomputeModules: [] } as const
  const chunkings = [...new Set(chunks)].flatMap((vpp) => bunchesOf(job, microBatches, pp, vpp))
  return chunkings.flatMap(({ vpp, microBatch }) =>
    eps.flatMap((ep) =>
      zerosOf(dp * cp).map((zero): Strategy => {
        const schedule = vpp > 1 ? 'interleaved' : '1f1b'
        const shardRanks = zero === 0 ? dp * cp : shardsOf(dp * cp)
        const chosen = { vpp, microBatch, ep, recompute: 'none', zero, schedule, shardRanks } as const
        return { ...given, ...common, ...chosen, layersPerChunk: [] }
      }),
    ),
  )
}

/** A layer each where they come out even, else a power of two. */
function chunksOf(layers: number): readonly number[] {
  return [Number.isInteger(layers) ? layers : 2 ** Math.floor(Math.log2(Math.max(1, layers)))]
}

/** Sequences that a rank takes at a time: a recurrent layer is as fast as they are many, all others take one. */
function bunchesOf({ model }: Job, sequences: number, pp: number, vpp: number) {
  if (!model.lstm) return [{ vpp, microBatch: 1 }]
  const bunches = TOGETHER.filter((microBatch) => sequences % microBatch === 0)
  return bunches
    .filter((microBatch) => vpp === 1 || (sequences / microBatch) % pp === 0)
    .map((microBatch) => ({ vpp, microBatch }))
}

/** Beyond the last a step of a recurrence is bound by its own work. */
const TOGETHER = [1, 4, 16, 32, 64, 256]

/** Shards beyond this many save no memory worth having and gather more slowly. */
const MOST_SHARDS = 1024

/** Half of them, and half again: replicas of equal groups. */
function shardsOf(ranks: number): number {
  let shards = ranks
  while (shards > MOST_SHARDS && shards % 2 === 0) shards /= 2
  return shards
}

const zerosOf = (ranks: number): readonly (0 | 1 | 3)[] => (ranks === 1 ? [0] : [1, 3])
