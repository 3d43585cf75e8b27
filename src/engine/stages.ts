/** Which layers stand on which stage, and what a stage costs. */
import type { Adapter, Job, ModelShape } from './job.ts'
import { layerKinds } from './lower/shape.ts'
import { countParameters, type LayerCount } from './parameters.ts'
import { type BlockCost, type BlockCosts, computeSeconds, gpuSeconds, type PassCost } from './price/block.ts'
import type { StageSeconds } from './schedule/schedule.ts'
import type { Strategy } from './strategy.ts'

/** A run of layers in model order; with vpp = 1 a stage is one chunk. */
export interface Chunk {
  /** Layers of each kind. */
  readonly layers: readonly number[]
  readonly embedding: 0 | 1
  readonly head: 0 | 1
}

/** What one stage holds: its chunks together. Weights are those on one rank, tensor and expert parallelism taken off. */
export interface Stage extends Chunk {
  /** All but the experts, with embedding and head. */
  readonly parameters: number
  /** Of these, in layers. */
  readonly layerParameters: number
  readonly expertParameters: number
  /** Of all of them, the ones that training changes: all, or the adapters'. */
  readonly trained: { readonly parameters: number; readonly expertParameters: number }
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

/** Kinds of layer, priced or not, and the kind of each. */
interface Kinds {
  readonly layers: readonly unknown[]
  readonly pattern: readonly number[]
}

export function fillChunks(strategy: Strategy, { layers: kinds, pattern }: Kinds): Chunk[] {
  const sizes = layersPerChunk(pattern.length, strategy)
  let first = 0
  return sizes.map((size, index) => {
    const layers = kinds.map(() => 0)
    const next = Math.min(first + size, pattern.length)
    for (; first < next; first++) layers[pattern[first] as number] = (layers[pattern[first] as number] as number) + 1
    return { layers, embedding: index === 0 ? 1 : 0, head: index === sizes.length - 1 ? 1 : 0 }
  })
}

export function fillStages(job: Job, strategy: Strategy, chunks: readonly Chunk[]): Stage[] {
  const { model, adapter } = job
  const count = countParameters(model)
  const { pp, tp, ep, etp } = strategy
  return Array.from({ length: pp }, (_, stage) => {
    const layers = count.layers.map((_, kind) => {
      let times = 0
      for (let chunk = stage; chunk < chunks.length; chunk += pp)
        times += (chunks[chunk] as Chunk).layers[kind] as number
      return times
    })
    const inLayers = (part: 'dense' | 'experts') =>
      layers.reduce((sum, times, kind) => sum + times * (count.layers[kind] as LayerCount)[part], 0)
    const embedding = stage === 0 ? 1 : 0
    const head = stage === pp - 1 ? 1 : 0
    // A tied output matrix is the embedding's; on another stage it is a copy of it.
    const copy = model.tiedEmbeddings && pp > 1 ? model.vocabulary * model.hidden : 0
    const layerParameters = inLayers('dense') / tp
    const expertParameters = inLayers('experts') / (ep * etp)
    const parameters = layerParameters + (embedding * count.embedding + head * (count.head + copy)) / tp
    const trained = adapter
      ? { parameters: (attentionLayers(model, layers) * adapterParameters(model, adapter)) / tp, expertParameters: 0 }
      : { parameters, expertParameters }
    return { layers, embedding, head, layerParameters, expertParameters, parameters, trained }
  })
}

function attentionLayers(model: ModelShape, layers: readonly number[]): number {
  const { kinds } = layerKinds(model)
  return layers.reduce((sum, times, kind) => sum + (kinds[kind]?.mixer === 'attention' ? times : 0), 0)
}

/** Two narrow matrices beside the projections of query, key and value (Hu et al. 2021, arXiv:2106.09685 §4.2). */
function adapterParameters({ hidden, heads, kvHeads, headDim }: ModelShape, { rank }: Adapter): number {
  return rank * (hidden + headDim * (heads + 2 * kvHeads))
}

/** Seconds of each block for one micro-batch. */
export interface BlockSeconds {
  readonly layers: readonly StageSeconds[]
  readonly embedding: StageSeconds
  readonly head: StageSeconds
}

export function blockSeconds({ layers, embedding, head }: BlockCosts): BlockSeconds {
  return { layers: layers.map(secondsOfBlock), embedding: secondsOfBlock(embedding), head: secondsOfBlock(head) }
}

function secondsOfBlock({ passes, host }: BlockCost): StageSeconds {
  return {
    forward: gpuSeconds(passes.forward) + host.forward,
    backward: gpuSeconds(passes.recompute) + gpuSeconds(passes.inputGradient) + host.backward,
    weight: gpuSeconds(passes.weightGradient) + host.weight,
  }
}

/** What a chunk or a stage takes for one micro-batch. */
export function secondsOf(chunk: Chunk, { layers, embedding, head }: BlockSeconds): StageSeconds {
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
}

export function blocksOf(chunk: Chunk, costs: BlockCosts): (readonly [BlockCost, number])[] {
  const layers = costs.layers.map((block, kind) => [block, chunk.layers[kind] ?? 0] as const)
  return [...layers, [costs.embedding, chunk.embedding] as const, [costs.head, chunk.head] as const].filter(
    ([, times]) => times > 0,
  )
}

/** Seconds by cause that a block or a stage is busy with one micro-batch, messages and work beside them. */
export const workNames = [
  'matmulSeconds',
  'attentionSeconds',
  'memoryBoundSeconds',
  'recomputeSeconds',
  'hostSeconds',
  'tpSeconds',
  'tpExposedSeconds',
  'tpBytes',
  'cpSeconds',
  'cpExposedSeconds',
  'cpBytes',
  'epSeconds',
  'epExposedSeconds',
  'epBytes',
  'flop',
] as const
export type WorkName = (typeof workNames)[number]

/** In the order of `workNames`: search adds up a million of these a second. */
export type Work = Float64Array

export interface BlockWorks {
  readonly layers: readonly Work[]
  readonly embedding: Work
  readonly head: Work
}

export function blockWorks({ layers, embedding, head }: BlockCosts): BlockWorks {
  return { layers: layers.map(workOfBlock), embedding: workOfBlock(embedding), head: workOfBlock(head) }
}

/** Kinds of work are those of the passes that learn; what is said and computed is that of all. */
function workOfBlock({ passes, host }: BlockCost): Work {
  const { forward, recompute, inputGradient, weightGradient } = passes
  const learning = (name: keyof PassCost) => forward[name] + inputGradient[name] + weightGradient[name]
  const all = (name: keyof PassCost) => forward[name] + recompute[name] + inputGradient[name] + weightGradient[name]
  return Float64Array.of(
    learning('matmulSeconds'),
    learning('attentionSeconds'),
    learning('memoryBoundSeconds'),
    computeSeconds(recompute),
    host.forward + host.backward + host.weight,
    all('tpSeconds'),
    all('tpExposedSeconds'),
    all('tpBytes'),
    all('cpSeconds'),
    all('cpExposedSeconds'),
    all('cpBytes'),
    all('epSeconds'),
    all('epExposedSeconds'),
    all('epBytes'),
    all('flop'),
  )
}

export function workOf(chunk: Chunk, works: BlockWorks, sum: Work = new Float64Array(15)): Work {
  for (let i = 0; i < sum.length; i++) sum[i] = amountOf(chunk, works, i)
  return sum
}

function amountOf(chunk: Chunk, { layers, embedding, head }: BlockWorks, work: number): number {
  let amount = chunk.embedding * (embedding[work] as number) + chunk.head * (head[work] as number)
  for (let kind = 0; kind < layers.length; kind++)
    amount += (chunk.layers[kind] as number) * ((layers[kind] as Work)[work] as number)
  return amount
}

/** Of all stages, for one micro-batch on one rank of each. */
export function flopOf(stages: readonly Chunk[], works: BlockWorks): number {
  const flop = workNames.indexOf('flop')
  return stages.reduce((sum, stage) => sum + amountOf(stage, works, flop), 0)
}

/** The stage with most weights. */
export function fullestOf<Held extends Stage>(stages: readonly Held[]): Held {
  return stages.reduce((most, stage) => (sizeOf(stage) > sizeOf(most) ? stage : most))
}

function sizeOf({ parameters, expertParameters }: Stage): number {
  return parameters + expertParameters
}
