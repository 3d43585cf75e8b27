/** Weights and FLOP counted by hand. Published models and formulas: tests/catalog.test.ts. */
import { describe, expect, test } from 'vitest'
import { forwardFlopPerToken } from '../../../src/engine/flop.ts'
import type { ModelShape } from '../../../src/engine/job.ts'
import { countParameters } from '../../../src/engine/parameters.ts'

/** hidden 8 in 2 heads of 4, MLP of 16, 3 layers, 10 words. */
const tiny: ModelShape = {
  causal: true,
  layers: 3,
  hidden: 8,
  heads: 2,
  kvHeads: 2,
  headDim: 4,
  ffn: 16,
  gated: false,
  norm: 'rmsnorm',
  normsPerLayer: 2,
  qkNorm: false,
  bias: 'none',
  dropout: false,
  vocabulary: 10,
  tiedEmbeddings: true,
  positions: 'rope',
  maxPositions: 0,
  tokenTypes: 0,
  embeddingNorm: false,
  finalNorm: true,
  pooler: false,
  headTransform: false,
  predictions: 1,
  slidingWindow: 0,
  globalEvery: 0,
}

/** DeepSeek-V3, config.json on https://huggingface.co/deepseek-ai/DeepSeek-V3 */
const deepSeekV3: ModelShape = {
  ...tiny,
  layers: 61,
  hidden: 7168,
  heads: 128,
  kvHeads: 128,
  headDim: 128,
  ffn: 18432,
  gated: true,
  vocabulary: 129280,
  tiedEmbeddings: false,
  mla: { queryRank: 1536, keyValueRank: 512, plainHeadDim: 128, rotaryHeadDim: 64, valueHeadDim: 128 },
  moe: {
    experts: 256,
    topK: 8,
    ffn: 2048,
    latent: 0,
    sharedFfn: 2048,
    denseLayers: 3,
    every: 1,
    bias: false,
    clamp: false,
    imbalance: 1,
  },
}

describe('countParameters', () => {
  test('DeepSeek-V3: 671 billion, and 11.5 of its own in the module that predicts one token more (README_WEIGHTS.md)', () => {
    const main = countParameters(deepSeekV3).total
    const both = countParameters({ ...deepSeekV3, layers: 62, predictions: 2 }).total
    expect(main / 671e9).toBeCloseTo(1, 3)
    expect(Math.abs((both - main) / 11.5e9 - 1)).toBeLessThan(0.015)
  })

  // A layer: 4 × 8 × 8 of attention, 2 × 8 × 16 of MLP, 2 norms of 8: 528. Around: 10 × 8 words, a norm of 8.
  const base = 3 * 528 + 88

  test.each<[string, Partial<ModelShape>, number]>([
    ['as it stands', {}, 0],
    ['an output matrix of its own: 10 × 8', { tiedEmbeddings: false }, 80],
    ['a gate: 8 × 16 in each layer', { gated: true }, 3 * 128],
    ['one key and value head less: 2 × 8 × 4', { kvHeads: 1 }, -3 * 64],
    ['wider heads: 4 × 8 × 4 for each of two', { headDim: 8 }, 3 * 256],
    ['layer norms have a bias: 2 × 8, and the last 8', { norm: 'layernorm' }, 3 * 16 + 8],
    ['two more norms', { normsPerLayer: 4 }, 3 * 16],
    ['a norm of query and of key, one head wide', { qkNorm: true }, 3 * 8],
    ['biases of query, key and value: 3 × 8', { bias: 'qkv' }, 3 * 24],
    ['biases everywhere: 24, and 8 + 16 + 8', { bias: 'all' }, 3 * 56],
    ['biases everywhere with a gate', { bias: 'all', gated: true }, 3 * (56 + 16 + 128)],
    ['5 learned positions', { positions: 'learned', maxPositions: 5 }, 40],
    ['2 segments', { tokenTypes: 2 }, 16],
    ['a norm after the embedding', { embeddingNorm: true }, 8],
    ['no norm at the end', { finalNorm: false }, -8],
    ['a pooler: 8 × 8 + 8', { pooler: true }, 72],
    ['a second prediction: 2 × 8 × 8 before its layer, three norms', { predictions: 2 }, 152],
    ['a head transform: 8 × 8 + 8, a norm, 10 biases', { headTransform: true }, 90],
    ['dropout, window and mask have no weights', { dropout: true, slidingWindow: 4, globalEvery: 2, causal: false }, 0],
  ])('%s', (_, change, more) => {
    expect(countParameters({ ...tiny, ...change }).total).toBe(base + more)
  })
})

describe('forwardFlopPerToken', () => {
  test('two per weight in a matrix, attention over the mean of what a causal mask leaves', () => {
    // Matrices: 3 × 512 in layers, 80 at the end. Attention over s keys: 4 × 8 channels × keys × 3 layers.
    expect(forwardFlopPerToken(tiny, 100, 'full')).toBe(2 * (3 * 512 + 80) + 3 * 4 * 8 * 100)
    const halves = forwardFlopPerToken(tiny, 100) - 2 * (3 * 512 + 80)
    expect(halves / (3 * 4 * 8 * 100)).toBeCloseTo(0.5, 1)
  })

  test('an encoder sees the whole square in either convention', () => {
    const encoder = { ...tiny, causal: false }
    expect(forwardFlopPerToken(encoder, 100)).toBe(forwardFlopPerToken(encoder, 100, 'full'))
  })
})
