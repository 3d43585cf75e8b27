/** Which rank works on which matrix. */
import type { Job } from '../job.ts'
import type { Layout } from '../layout.ts'
import type { Stage } from '../stages.ts'
import type { Strategy } from '../strategy.ts'
import { ruleOf } from './kinds.ts'
import { trainedMatrices, type WeightMatrix, weightsIn } from './matrices.ts'

/** Matrices that the same ranks share out. */
export interface Pool {
  readonly name: 'matrices' | 'experts'
  /** What is worked on as one: matrices, or the blocks of a block-wise optimizer; the dearest first. */
  readonly units: readonly WeightMatrix[]
  readonly weights: number
  /** Ranks, or teams of them, among which units are dealt out. */
  readonly homes: number
  /** Ranks that work on one unit together. */
  readonly team: { readonly dimension: 'tp' | 'etp'; readonly ranks: number }
  /** Groups of ranks on a stage that do the same work. */
  readonly copies: number
  /** Groups over which a matrix is spread before it comes home. */
  readonly spread: readonly {
    readonly dimension: 'dp' | 'tp' | 'etp'
    readonly group: keyof Layout
    readonly ranks: number
  }[]
}

/**
 * With ZeRO, ranks that shard the state deal out whole matrices among themselves, and so do the tensor-parallel ranks
 * (layer-sharded Muon of Megatron-Core: docs.nvidia.com/megatron-core, core.optimizer.layer_sharded_muon; Shi et al.
 * 2023, arXiv:2309.06497 §4 for the blocks of Shampoo). Replicas without ZeRO repeat the work.
 */
export function poolsOf(job: Job, strategy: Strategy, stage: Stage): readonly Pool[] {
  const { tp, cp, dp, ep, etp, zero, shardRanks } = strategy
  const ranks = tp * cp * dp
  const { dense, experts } = trainedMatrices(job, stage, ep)
  const shards = zero > 0 ? shardRanks : 1
  const expertShards = zero > 0 ? ranks / (ep * etp) : 1
  const pools: Pool[] = [
    {
      name: 'matrices',
      ...unitsOf(job, dense),
      homes: tp * shards,
      team: { dimension: 'tp', ranks: 1 },
      copies: ranks / (tp * shards),
      spread: [
        { dimension: 'dp', group: 'shard', ranks: shards },
        { dimension: 'tp', group: 'tp', ranks: tp },
      ],
    },
    {
      name: 'experts',
      ...unitsOf(job, experts),
      homes: etp * expertShards,
      team: { dimension: 'etp', ranks: 1 },
      copies: ranks / (etp * expertShards),
      spread: [
        { dimension: 'dp', group: 'expertDp', ranks: expertShards },
        { dimension: 'etp', group: 'etp', ranks: etp },
      ],
    },
  ]
  return pools.filter(({ weights }) => weights > 0)
}

/**
 * The same matrices, each worked on by all the tensor-parallel ranks that hold a part of it (Megatron-Core,
 * `muon-tp-mode distributed`): for matrices that are too large or too few to be dealt out whole.
 */
export function asTeams(pool: Pool): Pool | undefined {
  const across = pool.spread.find(({ dimension }) => dimension !== 'dp')
  if (!across || across.ranks === 1) return undefined
  return {
    ...pool,
    homes: pool.homes / across.ranks,
    team: { dimension: pool.team.dimension, ranks: across.ranks },
    spread: pool.spread.filter((one) => one !== across),
  }
}

function unitsOf({ optimizer }: Job, matrices: readonly WeightMatrix[]): Pick<Pool, 'units' | 'weights'> {
  const cut = optimizer.kind === 'shampoo' ? matrices.flatMap((one) => blocksOf(one, optimizer.block)) : matrices
  const units = alike(cut).toSorted((a, b) => costOf(b) - costOf(a))
  return { units, weights: weightsIn(matrices) }
}

/** Units of one shape together; all of these methods treat a matrix as they treat its transpose. */
function alike(units: readonly WeightMatrix[]): readonly WeightMatrix[] {
  const known = new Map<string, WeightMatrix>()
  for (const { rows: a, columns: b, count } of units) {
    const [rows, columns] = a < b ? [a, b] : [b, a]
    const key = `${rows} ${columns}`
    known.set(key, { rows, columns, count: count + (known.get(key)?.count ?? 0) })
  }
  return [...known.values()]
}

/** Every product of these methods is cubic: a matrix times one of its sides. */
const costOf = ({ rows, columns }: WeightMatrix): number => rows * columns * Math.min(rows, columns)

function blocksOf({ rows, columns, count }: WeightMatrix, block: number): WeightMatrix[] {
  return pieces(rows, block).flatMap((high) =>
    pieces(columns, block).map((wide) => ({
      rows: high.size,
      columns: wide.size,
      count: count * high.times * wide.times,
    })),
  )
}

function pieces(side: number, block: number): { size: number; times: number }[] {
  const whole = Math.floor(side / block)
  const rest = side - whole * block
  return [
    { size: block, times: whole },
    { size: rest, times: 1 },
  ].filter(({ size, times }) => size > 0 && times > 0)
}

/**
 * Units of each shape that the busiest home works on: dealt in rounds, the dearest first, a round lasts as long as its
 * first unit.
 */
export function dealt({ units, homes }: Pool): readonly (readonly [unit: WeightMatrix, times: number])[] {
  let before = 0
  return units.map((unit) => {
    const rounds = Math.ceil((before + unit.count) / homes - 1e-9) - Math.ceil(before / homes - 1e-9)
    before += unit.count
    return [unit, rounds]
  })
}

export const worksOnMatrices = ({ optimizer }: Job): boolean => ruleOf(optimizer).matrices === 'whole'
