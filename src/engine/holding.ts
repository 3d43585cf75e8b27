/** What stages of a pipeline hold, and what ZeRO makes of it: worked out once for all that is tried on them. */
import { quoteExchange, type Sums, sumsOf } from './exchange.ts'
import type { Job } from './job.ts'
import { type Group, layOut } from './layout.ts'
import { layerKinds } from './lower/shape.ts'
import { gatheredBytes, type States, stateBytes, weightShapes, widenedBytes } from './memory.ts'
import { optimizerFlop, stepOptimizer } from './optimizer/step.ts'
import { type Chunk, fillChunks, fillStages, fullestOf, type Stage } from './stages.ts'
import type { Strategy } from './strategy.ts'

/** Stages that hold the same. The first stands for all: no later one has more micro-batches in flight. */
export interface HeldStage extends Stage {
  readonly first: number
  readonly times: number
}

/** What stages hold: decided by tp, ep, etp, pp and vpp. */
export interface Holding {
  /** The same for the same stages, whatever their chunks. */
  readonly key: string
  readonly pp: number
  readonly vpp: number
  /** As it was when this was worked out: its ZeRO says nothing. */
  readonly strategy: Strategy
  readonly stages: readonly HeldStage[]
  /** Weights in one layer of each shape. */
  readonly shapes: number
  /** The ranks of a pipeline. */
  readonly group: Group
  /** In model order. */
  readonly chunks: readonly Chunk[]
}

export function hold(job: Job, strategy: Strategy): Holding {
  const { kinds: layers, pattern } = layerKinds(job.model)
  const chunks = fillChunks(strategy, { layers, pattern })
  const stages = distinct(fillStages(job, strategy, chunks))
  const { pp, vpp } = strategy
  const key = stages.map((stage) => `${keyOf(stage)} ${stage.first}`).join()
  const { pp: group } = layOut(job.cluster, strategy)
  return { key, pp, vpp, strategy, stages, shapes: weightShapes(job.model), group, chunks }
}

function distinct(stages: readonly Stage[]): HeldStage[] {
  const known = new Map<string, { stage: Stage; first: number; times: number }>()
  stages.forEach((stage, first) => {
    const key = keyOf(stage)
    const old = known.get(key)
    if (old) old.times++
    else known.set(key, { stage, first, times: 1 })
  })
  return [...known.values()].map(({ stage, first, times }) => ({ ...stage, first, times }))
}

const keyOf = ({ layers, embedding, head }: Stage): string => `${layers} ${embedding}${head}`

/** What ZeRO makes of it: decided by the holding, the stage of ZeRO and the group that shards. */
export interface Keeping {
  readonly zero: Strategy['zero']
  readonly shardRanks: number
  readonly exchange: readonly Sums[]
  readonly optimizerSeconds: number
  /** Whether the states alone leave room on every stage. */
  readonly roomy: boolean
  /** Bytes of each held stage, `bytesPerStage` numbers for each, from `from` on. Many share a table: a search keeps ten thousands. */
  readonly bytes: Float64Array
  readonly from: number
}

/** States, layers gathered beside them, gradients widened for the update. */
export const bytesPerStage = 3

export function keep(job: Job, strategy: Strategy, holding: Holding): Keeping {
  return keepIn({ holding, bytes: tableFor(holding, 1), from: 0 }, job, strategy)
}

/** Where the bytes of one stand. */
export type Row = Pick<Keeping, 'bytes' | 'from'>

interface Place extends Row {
  readonly holding: Holding
}

function tableFor({ stages }: Holding, keepings: number): Float64Array {
  return new Float64Array(keepings * stages.length * bytesPerStage)
}

function keepIn({ bytes, from, holding }: Place, job: Job, strategy: Strategy): Keeping {
  const { stages, shapes } = holding
  const { zero, shardRanks } = strategy
  let roomy = true
  for (let i = 0, at = from; i < stages.length; i++, at += bytesPerStage) {
    const stage = stages[i] as HeldStage
    const { weights, gradients, optimizerState } = stateBytes(job, strategy, stage)
    const states = weights + gradients + optimizerState
    bytes[at] = states
    bytes[at + 1] = gatheredBytes(job, strategy, stage, shapes)
    bytes[at + 2] = widenedBytes(job, strategy, stage)
    if (states > job.cluster.device.hbmBytes) roomy = false
  }
  const context = { job, strategy, layout: layOut(job.cluster, strategy), stage: fullestOf(stages) }
  const exchange = quoteExchange(context).map(sumsOf)
  return { zero, shardRanks, exchange, optimizerSeconds: stepOptimizer(context).seconds, roomy, bytes, from }
}

/** All that ZeRO can make of one holding. */
export interface Keepings {
  /** In the order of the strategies. */
  readonly all: readonly Keeping[]
  readonly roomy: readonly Keeping[]
  /** Of the roomy, row by row. */
  readonly bytes: Float64Array
}

/** `alike`: those of stages that hold the same, in other chunks. */
export function keepAll(job: Job, holding: Holding, strategies: readonly Strategy[], alike?: Keepings): Keepings {
  const bytes = tableFor(holding, strategies.length)
  const width = holding.stages.length * bytesPerStage
  const roomy: Keeping[] = []
  const all = strategies.map((strategy, at) => {
    // What is not roomy leaves its row to the next.
    const place = { holding, bytes, from: roomy.length * width }
    const like = alike?.all[at]
    const keeping = like ? keepAlike(like, place, job, strategy) : keepIn(place, job, strategy)
    if (keeping.roomy) roomy.push(keeping)
    return keeping
  })
  return { all, roomy, bytes }
}

/** The same for stages that hold the same in other chunks: what they gather may differ. */
function keepAlike(like: Keeping, { bytes, from, holding }: Place, job: Job, strategy: Strategy): Keeping {
  const { stages, shapes } = holding
  if (!like.roomy) return like
  let same = true
  for (let i = 0; i < stages.length; i++) {
    const [at, known] = [from + i * bytesPerStage, like.from + i * bytesPerStage]
    const gathered = gatheredBytes(job, strategy, stages[i] as HeldStage, shapes)
    if (gathered !== like.bytes[known + 1]) same = false
    bytes[at] = like.bytes[known] as number
    bytes[at + 1] = gathered
    bytes[at + 2] = like.bytes[known + 2] as number
  }
  return same ? like : { ...like, bytes, from }
}

/** Bytes of the states on one held stage. */
export function statesOn(job: Job, holding: Holding, keeping: Keeping, stage: number): States {
  return stateBytes(job, strategyOf(holding, keeping), holding.stages[stage] as HeldStage)
}

/** Of the optimizer, on all ranks of all stages: asked for by few. */
export function flopOfOptimizer(job: Job, holding: Holding, keeping: Keeping): number {
  const strategy = strategyOf(holding, keeping)
  const layout = layOut(job.cluster, strategy)
  return holding.stages.reduce(
    (sum, held) => sum + held.times * optimizerFlop({ job, strategy, layout, stage: held }),
    0,
  )
}

function strategyOf({ strategy }: Holding, { zero, shardRanks }: Keeping): Strategy {
  return { ...strategy, zero, shardRanks }
}
