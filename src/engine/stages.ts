/** Which layers stand on which stage, and what a stage costs. */

import type { Job } from './job.ts'
import { countParameters } from './parameters.ts'
import { type BlockCost, type BlockCosts, computeSeconds, gpuSeconds } from './price/block.ts'
import type { StageSeconds } from './schedule/schedule.ts'
import type { Strategy } from './strategy.ts'

/** A run of layers in model order; with vpp = 1 a stage is one chunk. */
export interface Chunk {
  /** Layers of each kind. */
  readonly layers: readonly number[]
  readonly embedding: 0 | 1
  readonly head: 0 | 1
}

/** What one stage holds: its chunks together. */
export interface Stage extends Chunk {
  /** Weights on one rank, tensor parallelism taken off. */
  readonly parameters: number
  /** Of these, in layers. */
  readonly layerParameters: number
}

/**
 * Layers per chunk. As even as can be; what is left over goes to the middle, since the first chunk has the embedding
 * and the last the head (Llama 3, arXiv:2407.21783 §3.3.2, takes one layer from each).
 */
export function layersPerChunk(layers: number, strategy: Strategy): readonly number[] {
  const given = strategy.layersPerChunk
  if (given.length > 0) return given
  const chunks = strategy.pp * strategy.vpp
  const least = Math.floor(layers / chunks)
  const left = layers - least * chunks
  return Array.from({ length: chunks }, (_, chunk) => {
    const turn = chunk === chunks - 1 ? chunks - 1 : chunk === 0 ? chunks - 2 : chunk - 1
    return least + (turn < left ? 1 : 0)
  })
}

export function fillChunks(strategy: Strategy, costs: BlockCosts): Chunk[] {
  const sizes = layersPerChunk(costs.pattern.length, strategy)
  let first = 0
  return sizes.map((size, index) => {
    const layers = new Array<number>(costs.layers.length).fill(0)
    for (const kind of costs.pattern.slice(first, first + size)) layers[kind] = (layers[kind] ?? 0) + 1
    first += size
    return { layers, embedding: index === 0 ? 1 : 0, head: index === sizes.length - 1 ? 1 : 0 }
  })
}

export function fillStages(job: Job, strategy: Strategy, chunks: readonly Chunk[]): Stage[] {
  const count = countParameters(job.model)
  const { pp, tp } = strategy
  return Array.from({ length: pp }, (_, stage) => {
    const own = chunks.filter((_, chunk) => chunk % pp === stage)
    const layers = (chunks[0] as Chunk).layers.map((_, kind) =>
      own.reduce((sum, chunk) => sum + (chunk.layers[kind] ?? 0), 0),
    )
    const embedding = stage === 0 ? 1 : 0
    const head = stage === pp - 1 ? 1 : 0
    // A tied output matrix is the embedding's; on another stage it is a copy of it.
    const copy = job.model.tiedEmbeddings && pp > 1 ? job.model.vocabulary * job.model.hidden : 0
    const layerParameters = (layers.reduce((sum, n) => sum + n, 0) * count.layer) / tp
    const ends = (embedding * count.embedding + head * (count.head + copy)) / tp
    return { layers, embedding, head, layerParameters, parameters: layerParameters + ends }
  })
}

/** What each chunk takes for one micro-batch. */
export function chunkSeconds(chunks: readonly Chunk[], costs: BlockCosts): StageSeconds[] {
  const layers = costs.layers.map(blockSeconds)
  const embedding = blockSeconds(costs.embedding)
  const head = blockSeconds(costs.head)
  return chunks.map((chunk) => {
    let forward = chunk.embedding * embedding.forward + chunk.head * head.forward
    let backward = chunk.embedding * embedding.backward + chunk.head * head.backward
    let weight = chunk.embedding * embedding.weight + chunk.head * head.weight
    for (let kind = 0; kind < layers.length; kind++) {
      const times = chunk.layers[kind] as number
      const seconds = layers[kind] as StageSeconds
      forward += times * seconds.forward
      backward += times * seconds.backward
      weight += times * seconds.weight
    }
    return { forward, backward, weight }
  })
}

function blockSeconds({ passes, host }: BlockCost): StageSeconds {
  return {
    forward: gpuSeconds(passes.forward) + host.forward,
    backward: gpuSeconds(passes.recompute) + gpuSeconds(passes.inputGradient) + host.backward,
    weight: gpuSeconds(passes.weightGradient) + host.weight,
  }
}

export function blocksOf(chunk: Chunk, costs: BlockCosts): (readonly [BlockCost, number])[] {
  const layers = costs.layers.map((block, kind) => [block, chunk.layers[kind] ?? 0] as const)
  return [...layers, [costs.embedding, chunk.embedding] as const, [costs.head, chunk.head] as const].filter(
    ([, times]) => times > 0,
  )
}

/** Seconds by cause that a stage is busy with one micro-batch. */
export interface StageWork {
  readonly matmulSeconds: number
  readonly attentionSeconds: number
  readonly memoryBoundSeconds: number
  readonly recomputeSeconds: number
  readonly hostSeconds: number
  readonly tpSeconds: number
  readonly tpExposedSeconds: number
  readonly tpBytes: number
  readonly cpSeconds: number
  readonly cpExposedSeconds: number
  readonly cpBytes: number
  readonly flop: number
}

const LEARNING = ['forward', 'inputGradient', 'weightGradient'] as const

export function stageWork(chunk: Chunk, costs: BlockCosts): StageWork {
  const work = {
    matmulSeconds: 0,
    attentionSeconds: 0,
    memoryBoundSeconds: 0,
    recomputeSeconds: 0,
    hostSeconds: 0,
    tpSeconds: 0,
    tpExposedSeconds: 0,
    tpBytes: 0,
    cpSeconds: 0,
    cpExposedSeconds: 0,
    cpBytes: 0,
    flop: 0,
  }
  for (const [block, times] of blocksOf(chunk, costs)) {
    for (const phase of LEARNING) {
      const pass = block.passes[phase]
      work.matmulSeconds += times * pass.matmulSeconds
      work.attentionSeconds += times * pass.attentionSeconds
      work.memoryBoundSeconds += times * pass.memoryBoundSeconds
    }
    work.recomputeSeconds += times * computeSeconds(block.passes.recompute)
    work.hostSeconds += times * (block.host.forward + block.host.backward + block.host.weight)
    for (const pass of Object.values(block.passes)) {
      work.tpSeconds += times * pass.tpSeconds
      work.tpExposedSeconds += times * pass.tpExposedSeconds
      work.tpBytes += times * pass.tpBytes
      work.cpSeconds += times * pass.cpSeconds
      work.cpExposedSeconds += times * pass.cpExposedSeconds
      work.cpBytes += times * pass.cpBytes
      work.flop += times * pass.flop
    }
  }
  return work
}
