/** Attention as operations: norm, query/key/value, positions, the core, output, residual. */
import type { Job } from '../job.ts'
import type { Attention, Operation, Phase } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, linear, traffic } from './build.ts'
import { norm, quantize, residual, rotary, scaledRotary } from './elementwise.ts'
import { latentProjections } from './mla.ts'
import { type LayerKind, type LocalShape, meanSpan } from './shape.ts'
import { enterBlock, leaveBlock } from './tensor-parallel.ts'

export function lowerAttention(job: Job, shape: LocalShape, sharding: Sharding, kind: LayerKind): Operation[] {
  const { model, tokens, ownTokens, outputWidth } = shape
  const { hidden } = model
  return [
    ...norm('attention.norm', job, ownTokens * hidden),
    ...quantize('attention.quantize', job, ownTokens * hidden),
    ...enterBlock('attention', job, shape, sharding),
    ...(model.mla ? latentProjections(job, shape, model.mla) : projections(job, shape)),
    ...contextExchange(job, shape, sharding),
    ...(job.software.attention === 'unfused' ? unfused(job, shape) : fused(job, shape, sharding, kind)),
    ...quantize('attention.output.quantize', job, tokens * outputWidth),
    ...linear(job, 'attention.output', { tokens, n: hidden, k: outputWidth }),
    ...leaveBlock('attention.output', job, shape, sharding),
    ...(model.normsPerLayer > 2 ? norm('attention.postNorm', job, ownTokens * hidden) : []),
    ...residual('attention.residual', job, ownTokens * hidden),
  ]
}

function projections(job: Job, shape: LocalShape): Operation[] {
  const { model, tokens, queryWidth, keyValueWidth } = shape
  const rotated = tokens * (queryWidth + keyValueWidth / 2)
  return [
    ...linear(job, 'attention.qkv', { tokens, n: queryWidth + keyValueWidth, k: model.hidden, adapted: true }),
    ...(model.qkNorm ? norm('attention.qkNorm', job, rotated) : []),
    ...(model.positions === 'rope' ? rotary('attention.rotary', job, rotated) : []),
    ...(model.positions === 'yarn' ? scaledRotary('attention.rotary', job, rotated) : []),
  ]
}

/**
 * Each rank's queries must meet every key. Ring: blocks of keys and values go round behind the attention of the block
 * before (Liu et al. 2023, arXiv:2310.01889); all-gather: they are gathered first (Llama 3, arXiv:2407.21783 §3.3.2);
 * Ulysses: heads are traded for tokens before and after (Jacobs et al. 2023, arXiv:2309.14509).
 */
function contextExchange(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  if (sharding.cp === 1) return []
  const elementBytes = job.precision.activationBytes
  const { tokens, queryWidth, keyValueWidth, outputWidth } = shape
  if (sharding.cpMode === 'ulysses') {
    const both = { forward: 'all-to-all', backward: 'all-to-all', hidden: 0 } as const
    return [
      ...exchange('attention.context.scatterHeads', 'cp', elementBytes * tokens * (queryWidth + keyValueWidth), both),
      ...exchange('attention.context.gatherHeads', 'cp', elementBytes * tokens * outputWidth, both),
    ]
  }
  const bytes = elementBytes * tokens * sharding.cp * keyValueWidth
  // What a ring hides depends on the attention beside it: `price/block.ts` decides.
  return [
    ...exchange('attention.context.keys', 'cp', bytes, { forward: 'all-gather', backward: 'all-gather', hidden: 0 }),
    ...exchange('attention.context.gradients', 'cp', bytes, { backward: 'reduce-scatter', hidden: 0 }),
  ]
}

/** Query rows that one thread block works on (FlashAttention 2, arXiv:2307.08691 §3.3). */
const ROWS_PER_BLOCK = 128

/** Backward computes the scores again: five products where forward does two (Dao et al. 2022, arXiv:2205.14135). */
const FUSED_BACKWARD = 2.5

function fused(job: Job, shape: LocalShape, sharding: Sharding, kind: LayerKind): Operation[] {
  const { model, tokens, heads, scoreHeadDim, valueHeadDim } = shape
  const seqLen = job.batch.documentLen ?? job.batch.seqLen
  const flop = 2 * tokens * heads * (scoreHeadDim + valueHeadDim) * meanSpan(seqLen, model.causal, kind.window)
  const { attentionContextParallel, attentionLatentRate } = job.calibration
  const rate = (sharding.cp > 1 ? attentionContextParallel : 1) * (model.mla ? attentionLatentRate : 1)
  const pass = (phase: Phase, work: number): Attention => ({
    kind: 'attention',
    name: 'attention.core',
    phase,
    kernel: job.software.attention,
    flop: work,
    span: kind.window > 0 ? Math.min(kind.window, seqLen) : seqLen,
    blocks: (tokens * heads) / ROWS_PER_BLOCK,
    headDim: scoreHeadDim,
    rate,
    bytes: 0,
  })
  return [pass('forward', flop), pass('inputGradient', FUSED_BACKWARD * flop)]
}

/** Read, write, and the mask at half the width. */
const DROPOUT_PASSES = 2.5

/**
 * Passes over the scores between the two products, in units of one activation. Fused: one kernel masks and normalises
 * (megatron/fused_kernels). Eager: a mask (2), a softmax that autocast runs in fp32 (3), and the copies in 16 bits that
 * the second product reads (3); backward the same, and the softmax reads its result once more (karpathy/minGPT, model.py;
 * PyTorch documentation, autocast op reference).
 */
const SOFTMAX_PASSES = { fused: { forward: 2, backward: 3 }, eager: { forward: 8, backward: 14 } } as const

/**
 * Scores of the full square in memory. Per score and pass: written and read by the products (2 activations forward),
 * softmax reads and writes (2), dropout reads, writes and keeps a byte of mask (Korthikanti et al. 2022 §4.1).
 */
function unfused(job: Job, shape: LocalShape): Operation[] {
  const { model, sequences, localSeqLen, heads, scoreHeadDim, valueHeadDim } = shape
  const keys = job.batch.seqLen
  const scores = sequences * localSeqLen * keys * heads
  const elementBytes = job.precision.activationBytes
  const softmax = SOFTMAX_PASSES[job.software.elementwise]
  const flop = 2 * scores * (scoreHeadDim + valueHeadDim)
  const dropoutBytes = model.dropout ? DROPOUT_PASSES * elementBytes * scores : 0
  const pass = (phase: Phase, work: number, bytes: number): Attention => ({
    kind: 'attention',
    name: 'attention.core',
    phase,
    kernel: 'unfused',
    flop: work,
    span: keys,
    blocks: (sequences * localSeqLen * heads) / ROWS_PER_BLOCK,
    headDim: scoreHeadDim,
    rate: 1,
    bytes,
  })
  return [
    pass('forward', flop, 2 * elementBytes * scores),
    pass('inputGradient', 2 * flop, 4 * elementBytes * scores),
    ...traffic('attention.softmax', {
      forward: softmax.forward * elementBytes * scores + dropoutBytes,
      backward: softmax.backward * elementBytes * scores + dropoutBytes,
      kernels: [2, 2],
    }),
  ]
}
