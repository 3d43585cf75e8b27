/** The network of a scenario in the engine's names: widths that follow from others, a letter for each layer. */
import type { ConvolutionShape, MambaShape, MlaShape, ModelShape, MoeShape } from '../engine/job.ts'
import { given } from './given.ts'
import type { Scenario } from './schema.ts'

export function modelOf(model: Scenario['model']): ModelShape {
  const hidden = given(model.hidden, 'hidden')
  const layers = given(model.layers, 'layers')
  const pattern = patternOf(model.pattern, layers)
  // A width that no layer has would only forbid ways to split it.
  const has = (letter: string) => pattern?.includes(letter) ?? true
  const heads = has('*') ? given(model.heads, 'heads') : 0
  return {
    causal: model.attention === undefined ? model.kind === 'decoder' : model.attention === 'causal',
    layers,
    hidden,
    heads,
    kvHeads: heads > 0 ? (model.kv_heads ?? heads) : 0,
    headDim: heads > 0 ? (model.head_dim ?? hidden / heads) : 0,
    ffn: has('-') ? (model.ffn ?? 4 * hidden) : 0,
    gated: model.gated,
    norm: model.norm,
    normsPerLayer: model.norms_per_layer,
    qkNorm: model.qk_norm,
    bias: model.bias,
    dropout: model.dropout,
    vocabulary: given(model.vocabulary, 'vocabulary'),
    predictions: model.predictions,
    tiedEmbeddings: model.tied_embeddings,
    positions: model.positions,
    maxPositions: model.positions === 'learned' ? given(model.max_positions, 'max_positions') : 0,
    tokenTypes: model.token_types,
    embeddingNorm: model.embedding_norm,
    finalNorm: model.final_norm,
    pooler: model.pooler,
    headTransform: model.head_transform,
    slidingWindow: model.sliding_window ?? 0,
    globalEvery: model.global_every ?? 0,
    ...(model.moe && { moe: moeOf(model.moe) }),
    ...(model.mla && { mla: mlaOf(model.mla) }),
    ...(pattern && { pattern, ...blocksOf(model, pattern, hidden) }),
  }
}

/** The letters as they are said, over and over. */
function patternOf(said: string | undefined, layers: number): string | undefined {
  return said === undefined ? undefined : said.repeat(Math.ceil(layers / said.length)).slice(0, layers)
}

function blocksOf(model: Scenario['model'], pattern: string, hidden: number) {
  const { mamba, lstm, convolution } = model
  return {
    ...(mamba && { mamba: mambaOf(mamba, hidden) }),
    ...(pattern.includes('L') && { lstm: { cells: lstm?.cells ?? hidden } }),
    ...(convolution && { convolution: convolutionOf(convolution, hidden) }),
  }
}

export const mambaHeads = ({ heads, expand, head_dim: headDim }: Mamba, hidden: number): number =>
  heads ?? (expand * hidden) / headDim

type Mamba = NonNullable<Scenario['model']['mamba']>

function mambaOf(mamba: Mamba, hidden: number): MambaShape {
  const { head_dim: headDim, groups, conv: kernel, chunk } = mamba
  return { heads: mambaHeads(mamba, hidden), headDim, state: given(mamba.state, 'mamba.state'), groups, kernel, chunk }
}

function convolutionOf(said: NonNullable<Scenario['model']['convolution']>, hidden: number): ConvolutionShape {
  const { channels = 0, groups, gated } = said
  const kernel = given(said.kernel, 'convolution.kernel')
  return { kernel, channels, groups: groups === 'depthwise' ? channels || hidden : groups, gated }
}

function moeOf(moe: NonNullable<Scenario['model']['moe']>): MoeShape {
  return {
    experts: given(moe.experts, 'experts'),
    topK: given(moe.top_k, 'top_k'),
    ffn: given(moe.ffn, 'moe.ffn'),
    sharedFfn: moe.shared_ffn,
    latent: moe.latent,
    denseLayers: moe.dense_layers,
    every: moe.every,
    bias: moe.bias,
    clamp: moe.clamp,
    imbalance: moe.imbalance,
  }
}

function mlaOf(mla: NonNullable<Scenario['model']['mla']>): MlaShape {
  return {
    queryRank: mla.q_rank,
    keyValueRank: given(mla.kv_rank, 'kv_rank'),
    plainHeadDim: given(mla.nope_head_dim, 'nope_head_dim'),
    rotaryHeadDim: given(mla.rope_head_dim, 'rope_head_dim'),
    valueHeadDim: given(mla.v_head_dim, 'v_head_dim'),
  }
}
