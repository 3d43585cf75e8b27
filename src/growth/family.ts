/** The layers of a family as the engine knows them, so that its work, time and memory are the engine's own. */
import { forwardFlopPerToken, TRAINING_PASSES } from '../engine/flop.ts'
import type { ModelShape, MoeShape } from '../engine/job.ts'
import { type ArchitectureName, computers } from './computer.ts'

/** Letters of the engine that stand for a layer of the laws: those of Mamba-2 have half its squares. */
const LETTERS = {
  mamba: { pattern: 'M', perLayer: 2 },
  // 43 % Mamba-2, 7 % attention, 50 % MLP: Waleffe et al. 2024, arXiv:2406.07887.
  hybrid: { pattern: 'M-M-M-*-M-M-M-', perLayer: 2 },
  lstm: { pattern: 'L', perLayer: 1 },
  convolution: { pattern: 'C', perLayer: 1 },
} as const satisfies Partial<Record<ArchitectureName, { pattern: string; perLayer: number }>>

/** After so many layers of the laws every pattern has come round. */
const ROUND = 7

/** Three taps and a gate: Gehring et al. 2017, arXiv:1705.03122. */
const CONVOLUTION = { kernel: 3, channels: 0, groups: 1, gated: true }

/** As Mamba-2 has it: arXiv:2405.21060 §7 and its models. */
const MAMBA = { headDim: 64, state: 128, groups: 1, kernel: 4, chunk: 256 }

/** A Transformer of as many squares of the width, made into a model of the family. */
export function familyOf(name: ArchitectureName, model: ModelShape, activeFraction: number): ModelShape {
  const { causal } = computers[name]
  const { hidden, ffn } = model
  if (name === 'moe') return activeFraction < 1 ? { ...model, causal, moe: expertsOf(ffn, activeFraction) } : model
  if (name === 'transformer' || name === 'encoder') return { ...model, causal }
  const { pattern, perLayer } = LETTERS[name]
  const layers = perLayer * model.layers
  const heads = (2 * hidden) / MAMBA.headDim
  const other = {
    ...model,
    causal,
    layers,
    pattern: pattern.repeat(Math.ceil(layers / pattern.length)).slice(0, layers),
    ...(name === 'mamba' || name === 'hybrid' ? { mamba: { ...MAMBA, heads } } : {}),
    ...(name === 'lstm' ? { lstm: { cells: hidden } } : {}),
    ...(name === 'convolution' ? { convolution: CONVOLUTION } : {}),
  }
  // Beside a scan of six squares the MLP has the other six.
  if (name === 'hybrid') return { ...other, ffn: (6 * hidden) / (model.gated ? 3 : 2) }
  return { ...other, heads: 0, kvHeads: 0, headDim: 0, ffn: 0 }
}

/** Eight experts at a time, as DeepSeek-V3 (arXiv:2412.19437) visits them, of as many as the sparsity asks. */
const TOP_K = 8

function expertsOf(ffn: number, activeFraction: number): MoeShape {
  const experts = 2 ** Math.max(4, Math.round(Math.log2(TOP_K / activeFraction)))
  const plain = { latent: 0, sharedFfn: 0, denseLayers: 0, every: 1, bias: false, clamp: false, imbalance: 1 }
  return { experts, topK: TOP_K, ffn: ffn / TOP_K, ...plain }
}

/** Twelve squares of the width in a layer, heads of 128 channels, neither embedding nor head. */
function plainModel(hidden: number): ModelShape {
  const heads = hidden / 128
  return {
    ...{ causal: true, layers: ROUND, hidden, heads, kvHeads: heads, headDim: 128, ffn: 4 * hidden, gated: false },
    ...{ norm: 'rmsnorm', normsPerLayer: 2, qkNorm: false, bias: 'none', dropout: false, vocabulary: 0 },
    ...{
      predictions: 1,
      tiedEmbeddings: false,
      positions: 'none',
      maxPositions: 0,
      tokenTypes: 0,
      embeddingNorm: false,
    },
    ...{ finalNorm: false, pooler: false, headTransform: false, slidingWindow: 0, globalEvery: 0 },
  }
}

interface Sizes {
  readonly layers: number
  readonly hidden: number
  readonly seqLen: number
}

/** Training FLOP of one token in the layers of a family, as the engine counts them; a mixture's are its active ones. */
export function flopPerToken(name: ArchitectureName, { layers, hidden, seqLen }: Sizes): number {
  const model = familyOf(name, plainModel(hidden), 1)
  return (TRAINING_PASSES * layers * forwardFlopPerToken(model, seqLen)) / ROUND
}
