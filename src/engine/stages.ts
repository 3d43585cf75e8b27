/** Which layers stand on which stage, and what a stage costs. */
import type { Adapter, Job, ModelShape } from './job.ts'
import { layerKinds } from './lower/shape.ts'
import { countParameters, type LayerCount } from './parameters.ts'
import { type BlockCost, type BlockCosts, computeSeconds, gpuSeconds, type PassCost } from './price/block.ts'
import { type StageSeconds, stageOf } from './schedule/schedule.ts'
import { scheduleTable } from './schedule/table.ts'
import type { Strategy } from './strategy.ts'

/** A run of layers in model order; with vpp = 1 a stage is one chunk. */
export interface Chunk {
  /** Layers of each kind. */
  readonly layers: readonly number[]
  /** Share of the embedding and of the output matrix: all or nothing, or a part on every stage. */
  readonly embedding: number
  readonly head: number
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
    return { layers, ...endsOf(strategy, index, sizes.length) }
  })
}

/** A part on every stage costs what the whole costs, in equal parts: Yeung et al. 2024, arXiv:2411.05288. */
function endsOf({ vocabulary, pp }: Strategy, position: number, chunks: number): Pick<Chunk, 'embedding' | 'head'> {
  const share = position < pp ? 1 / pp : 0
  return vocabulary === 'stages'
    ? { embedding: share, head: share }
    : { embedding: position === 0 ? 1 : 0, head: position === chunks - 1 ? 1 : 0 }
}

export function fillStages(job: Job, strategy: Strategy, chunks: readonly Chunk[]): Stage[] {
  const { model, adapter } = job
  const count = countParameters(model)
  const { tp, ep, etp } = strategy
  const { copies } = scheduleTable[strategy.schedule]
  const copyOfTable = tiesAcross(job, strategy) ? model.vocabulary * model.hidden : 0
  return gatherChunks(strategy, chunks).map(({ layers, embedding, head }) => {
    const inLayers = (part: 'dense' | 'experts') =>
      layers.reduce((sum, times, kind) => sum + times * (count.layers[kind] as LayerCount)[part], 0)
    const layerParameters = (copies * inLayers('dense')) / tp
    const expertParameters = (copies * inLayers('experts')) / (ep * etp)
    const ends = embedding * count.embedding + head * (count.head + copyOfTable)
    const parameters = layerParameters + (copies * ends) / tp
    const trained = adapter
      ? { parameters: (attentionLayers(model, layers) * adapterParameters(model, adapter)) / tp, expertParameters: 0 }
      : { parameters, expertParameters }
    return { layers, embedding, head, layerParameters, expertParameters, parameters, trained }
  })
}

/**
 * Are there two copies of the embedding, on two stages? A tied output matrix is one, and predictions beyond the next token
 * look up the tokens before them where they stand (Megatron-Core, multi_token_prediction.py, tie_word_embeddings_state_dict).
 */
export function tiesAcross({ model }: Job, { pp, vocabulary, schedule }: Strategy): boolean {
  const { placement } = scheduleTable[schedule]
  return (model.tiedEmbeddings || model.predictions > 1) && pp > 1 && vocabulary === 'ends' && placement === 'loop'
}

/** What else decides which layers stand where: equal for strategies of one pp and vpp that spread them alike. */
export function spreadKey({ schedule, vocabulary, layersPerChunk }: Strategy): string {
  const { placement, copies } = scheduleTable[schedule]
  return `${placement} ${copies} ${vocabulary} ${layersPerChunk}`
}

/** What one micro-batch meets on each stage; with two copies of the model, on average over the two that a stage holds. */
function gatherChunks({ pp, schedule }: Strategy, chunks: readonly Chunk[]): Chunk[] {
  const { placement, copies } = scheduleTable[schedule]
  const held = Array.from({ length: pp }, () => ({
    layers: (chunks[0] as Chunk).layers.map(() => 0),
    embedding: 0,
    head: 0,
  }))
  const add = (stage: number, { layers, embedding, head }: Chunk) => {
    const whole = held[stage] as (typeof held)[number]
    for (let kind = 0; kind < layers.length; kind++)
      whole.layers[kind] = (whole.layers[kind] as number) + (layers[kind] as number) / copies
    whole.embedding += embedding / copies
    whole.head += head / copies
  }
  for (const [position, chunk] of chunks.entries()) {
    const stage = stageOf({ placement }, position, pp)
    add(stage, chunk)
    if (copies === 2) add(pp - 1 - stage, chunk)
  }
  return held
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
