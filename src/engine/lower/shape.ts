/** One layer as a rank sees it. */
import { remember } from '../../base/remember.ts'
import type { Job, ModelShape } from '../job.ts'
import type { Sharding } from '../strategy.ts'
import { blockOf, type Mixer } from './pattern.ts'

export interface LocalShape {
  readonly model: ModelShape
  /** Tokens of one micro-batch on this rank. */
  readonly tokens: number
  /** Of these, the tokens whose norms and residuals this rank works on: a share under sequence parallelism. */
  readonly ownTokens: number
  /** Sequences of one micro-batch, and the tokens of each on this rank. */
  readonly sequences: number
  readonly localSeqLen: number
  /** Heads on this rank. */
  readonly heads: number
  /** Channels of a head that scores are taken over, and those of its values: they differ in MLA alone. */
  readonly scoreHeadDim: number
  readonly valueHeadDim: number
  readonly queryWidth: number
  /** Keys and values together. Where there are fewer of these heads than ranks, each rank keeps a copy. */
  readonly keyValueWidth: number
  /** What attention hands to its output matrix. */
  readonly outputWidth: number
  readonly ffn: number
  readonly vocabulary: number
}

export function localShape(job: Job, sharding: Sharding): LocalShape {
  const { model, batch } = job
  const { tp, cp, sp, microBatch } = sharding
  const localSeqLen = batch.seqLen / cp
  const tokens = microBatch * localSeqLen
  const heads = model.heads / tp
  const keyValueHeads = model.mla ? heads : Math.max(1, model.kvHeads / tp)
  const scoreHeadDim = model.mla ? model.mla.plainHeadDim + model.mla.rotaryHeadDim : model.headDim
  const valueHeadDim = model.mla ? model.mla.valueHeadDim : model.headDim
  return {
    model,
    tokens,
    ownTokens: sp ? tokens / tp : tokens,
    sequences: microBatch,
    localSeqLen,
    heads,
    scoreHeadDim,
    valueHeadDim,
    queryWidth: heads * scoreHeadDim,
    keyValueWidth: keyValueHeads * (scoreHeadDim + valueHeadDim),
    outputWidth: heads * valueHeadDim,
    ffn: model.ffn / tp,
    vocabulary: model.vocabulary / tp,
  }
}

/** A kind of layer: they differ in what mixes tokens, in how far back a token looks and in whether it chooses experts. */
export interface LayerKind {
  readonly name: string
  /** What mixes tokens, if anything does. */
  readonly mixer: Mixer | 'none'
  /** Is there a feed-forward block, dense or of experts? */
  readonly feedForward: boolean
  /** Tokens in its window; 0 without one. */
  readonly window: number
  readonly experts: boolean
}

export interface LayerKinds {
  readonly kinds: readonly LayerKind[]
  readonly pattern: readonly number[]
}

/** The kinds of layer of a model and the kind of each of its layers, first to last. */
export const layerKinds = remember(
  (model: ModelShape): LayerKinds => (model.pattern ? patternKinds(model, model.pattern) : depthKinds(model)),
)

function depthKinds(model: ModelShape): LayerKinds {
  const kinds: LayerKind[] = []
  const pattern = Array.from({ length: model.layers }, (_, layer) => {
    const window = isWindowed(model, layer) ? model.slidingWindow : 0
    const experts = hasExperts(model, layer)
    const known = kinds.findIndex((kind) => kind.window === window && kind.experts === experts)
    if (known >= 0) return known
    const words = ['layer', ...(experts ? ['moe'] : []), ...(window > 0 ? ['local'] : [])]
    return kinds.push({ name: words.join('.'), mixer: 'attention', feedForward: true, window, experts }) - 1
  })
  return { kinds, pattern }
}

/** One block a layer. Windows are counted over the layers that have attention. */
function patternKinds(model: ModelShape, letters: string): LayerKinds {
  const kinds: LayerKind[] = []
  let attentions = 0
  const pattern = [...letters].map((letter) => {
    const block = blockOf(letter)
    const isLocal = block.mixer === 'attention' && isWindowed(model, attentions++)
    const name = isLocal ? `${block.name}.local` : block.name
    const known = kinds.findIndex((kind) => kind.name === name)
    return known >= 0 ? known : kinds.push({ ...block, name, window: isLocal ? model.slidingWindow : 0 }) - 1
  })
  return { kinds, pattern }
}

/** The last layer of each period looks at everything (Gemma 2 and 3 technical reports, arXiv:2408.00118, 2503.19786). */
function isWindowed({ slidingWindow, globalEvery }: ModelShape, layer: number): boolean {
  return slidingWindow > 0 && (globalEvery === 0 || (layer + 1) % globalEvery !== 0)
}

function hasExperts({ moe }: ModelShape, layer: number): boolean {
  return moe !== undefined && layer >= moe.denseLayers && (layer - moe.denseLayers) % moe.every === 0
}

/** Of the stream that routed experts see. */
export function expertWidth({ hidden, moe }: ModelShape): number {
  return moe?.latent || hidden
}

/** Keys that a query looks at on average: half the sequence if causal, less in a window. */
export function meanSpan(seqLen: number, causal: boolean, window: number): number {
  const width = window > 0 && window < seqLen ? window : seqLen
  return causal ? width - width ** 2 / (2 * seqLen) : width
}
