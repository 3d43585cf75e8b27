/** The weights of a model as matrices: what an optimizer that looks at a whole matrix sees. */
import type { Adapter, Job, MlaShape, ModelShape } from '../job.ts'
import { convolutionOf, lstmOf, type Mixer, mambaOf } from '../lower/pattern.ts'
import { expertWidth, type LayerKind, layerKinds } from '../lower/shape.ts'
import type { Stage } from '../stages.ts'

export interface WeightMatrix {
  readonly rows: number
  readonly columns: number
  /** How many of them there are. */
  readonly count: number
}

/** Of one layer; those of experts are dealt out by other rules. */
export interface LayerMatrices {
  readonly dense: readonly WeightMatrix[]
  readonly experts: readonly WeightMatrix[]
}

const matrix = (rows: number, columns: number, count = 1): WeightMatrix => ({ rows, columns, count })

export const weightsIn = (matrices: readonly WeightMatrix[]): number =>
  matrices.reduce((sum, { rows, columns, count }) => sum + rows * columns * count, 0)

/** Query, key and value count as three, gate and up as two (Megatron-Core, `muon-split-qkv`). */
export function matricesOf(model: ModelShape, kind: LayerKind): LayerMatrices {
  const { hidden, moe } = model
  const mixing = kind.mixer === 'none' ? [] : mixers[kind.mixer](model)
  if (!kind.feedForward) return { dense: mixing, experts: [] }
  if (!moe || !kind.experts) return { dense: [...mixing, ...mlp(model, model.ffn)], experts: [] }
  const shared = moe.sharedFfn > 0 ? mlp(model, moe.sharedFfn) : []
  const narrowing = moe.latent > 0 ? [matrix(hidden, moe.latent), matrix(moe.latent, hidden)] : []
  return {
    dense: [...mixing, matrix(hidden, moe.experts), ...narrowing, ...shared],
    experts: mlp({ ...model, hidden: expertWidth(model) }, moe.ffn).map((one) => ({
      ...one,
      count: one.count * moe.experts,
    })),
  }
}

const mixers = {
  attention: attentionMatrices,
  mamba: mambaMatrices,
  lstm: lstmMatrices,
  convolution: convolutionMatrices,
} satisfies Record<Mixer, (model: ModelShape) => WeightMatrix[]>

function mambaMatrices(model: ModelShape): WeightMatrix[] {
  const { heads, headDim, state, groups } = mambaOf(model)
  const inner = heads * headDim
  return [matrix(model.hidden, 2 * inner + 2 * groups * state + heads), matrix(inner, model.hidden)]
}

/** All four gates are one matrix, over the input and again over what the layer said before. */
function lstmMatrices(model: ModelShape): WeightMatrix[] {
  const { cells } = lstmOf(model)
  const projection = cells === model.hidden ? [] : [matrix(cells, model.hidden)]
  return [matrix(model.hidden, 4 * cells, 2), ...projection]
}

/** A filter is flattened to output channels by all that one of them sees; a depthwise one is no matrix. */
function convolutionMatrices(model: ModelShape): WeightMatrix[] {
  const { hidden } = model
  const { kernel, channels, groups, gated } = convolutionOf(model)
  const width = channels || hidden
  const filters = groups === width ? [] : [matrix((gated ? 2 : 1) * width, (kernel * width) / groups)]
  return [...filters, ...(channels === 0 ? [] : [matrix(hidden, channels), matrix(channels, hidden)])]
}

function attentionMatrices(model: ModelShape): WeightMatrix[] {
  const { hidden, heads, kvHeads, headDim, mla } = model
  if (mla) return latentMatrices(model, mla)
  return [matrix(hidden, heads * headDim), matrix(hidden, kvHeads * headDim, 2), matrix(heads * headDim, hidden)]
}

function latentMatrices({ hidden, heads }: ModelShape, mla: MlaShape): WeightMatrix[] {
  const { queryRank, keyValueRank, plainHeadDim, rotaryHeadDim, valueHeadDim } = mla
  const queryWidth = heads * (plainHeadDim + rotaryHeadDim)
  const query =
    queryRank > 0 ? [matrix(hidden, queryRank), matrix(queryRank, queryWidth)] : [matrix(hidden, queryWidth)]
  return [
    ...query,
    matrix(hidden, keyValueRank + rotaryHeadDim),
    matrix(keyValueRank, heads * (plainHeadDim + valueHeadDim)),
    matrix(heads * valueHeadDim, hidden),
  ]
}

const mlp = ({ hidden, gated }: ModelShape, ffn: number): WeightMatrix[] => [
  matrix(hidden, ffn, gated ? 2 : 1),
  matrix(ffn, hidden),
]

function adapterMatrices({ hidden, heads, kvHeads, headDim }: ModelShape, { rank }: Adapter): LayerMatrices {
  return { dense: [matrix(hidden, rank), matrix(rank, headDim * (heads + 2 * kvHeads))], experts: [] }
}

/** What training changes on a stage, all of its tensor-parallel ranks together but one expert-parallel rank alone. */
export function trainedMatrices({ model, adapter }: Job, stage: Stage, ep: number): LayerMatrices {
  const tuned = (kind: LayerKind, { rank }: Adapter): LayerMatrices =>
    kind.mixer === 'attention' ? adapterMatrices(model, { rank }) : { dense: [], experts: [] }
  const perLayer = layerKinds(model).kinds.map((kind) => (adapter ? tuned(kind, adapter) : matricesOf(model, kind)))
  const inStage = (part: keyof LayerMatrices, shared: number) =>
    perLayer.flatMap((layer, kind) =>
      layer[part].map(({ rows, columns, count }) =>
        matrix(rows, columns, (count * (stage.layers[kind] ?? 0)) / shared),
      ),
    )
  const combining = adapter ? 0 : (model.predictions - 1) * stage.head
  const dense = [...inStage('dense', 1), matrix(2 * model.hidden, model.hidden, combining)]
  return { dense: dense.filter(some), experts: inStage('experts', ep).filter(some) }
}

const some = ({ count }: WeightMatrix): boolean => count > 0
