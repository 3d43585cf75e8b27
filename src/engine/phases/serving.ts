/** The model while it generates: which ranks hold it, how many sequences fit beside it. */
import { formula } from '../formula.ts'
import type { Job } from '../job.ts'
import { type Layout, layOut } from '../layout.ts'
import { mambaOf } from '../lower/pattern.ts'
import { type LayerKind, layerKinds, localShape } from '../lower/shape.ts'
import { fillChunks, fillStages, type Stage } from '../stages.ts'
import type { Strategy } from '../strategy.ts'
import { type Rollout, responsesOf } from './rollout.ts'

export interface Serving {
  /** One token of one sequence at a time. */
  readonly job: Job
  readonly strategy: Strategy
  readonly layout: Layout
  readonly stage: Stage
  /** Of a rank. */
  readonly weightsBytes: number
  /** Of a rank, in a whole rollout. */
  readonly sequences: number
  /** Of these, at a time. */
  readonly batch: number
  /** Of one sequence when it is longest. */
  readonly cacheBytes: number
  readonly memoryBytes: number
  readonly fits: boolean
}

/**
 * Training state is moved out of the way while the model generates on the same GPUs, and weights are in the width of the
 * matmuls (HybridFlow, Sheng et al. 2024, arXiv:2409.19256 §5). Tensor-parallel ranks share a sequence, all others have
 * their own.
 */
export function serve(trained: Job, training: Strategy, rollout: Rollout): Serving {
  const { adapter: _, ...rest } = trained
  const job: Job = { ...rest, batch: { seqLen: 1, globalBatch: responsesOf(rollout), tokens: 1 } }
  const dp = job.cluster.gpus / rollout.tp
  const strategy: Strategy = {
    ...training,
    tp: rollout.tp,
    sp: false,
    cp: 1,
    pp: 1,
    vpp: 1,
    schedule: '1f1b',
    dp,
    ep: rollout.ep,
    etp: 1,
    microBatch: 1,
    recompute: 'none',
    zero: 0,
    shardRanks: dp,
    overlapTp: false,
    layersPerChunk: [],
  }
  const { kinds: layers, pattern } = layerKinds(job.model)
  const stage = fillStages(job, strategy, fillChunks(strategy, { layers, pattern }))[0] as Stage
  const { weightBytes, matmulBytes } = job.precision
  const weightsBytes = (stage.parameters + stage.expertParameters) * Math.min(weightBytes, matmulBytes)
  const { promptLen, longestLen } = rollout
  const cacheBytes = sequenceBytes(job, strategy, stage, promptLen + longestLen)
  const sequences = responsesOf(rollout) / dp
  const room = (roomFor(job) - weightsBytes) / cacheBytes
  const batch = Math.max(1, Math.min(Math.ceil(sequences), Math.floor(room), rollout.mostSequences))
  return {
    job,
    strategy,
    layout: layOut(job.cluster, strategy),
    stage,
    weightsBytes,
    sequences,
    batch,
    cacheBytes,
    memoryBytes: weightsBytes + batch * cacheBytes + job.cluster.device.reservedBytes,
    fits: room >= 1,
  }
}

/** vLLM fills nine tenths of the memory: docs.vllm.ai, `gpu_memory_utilization`. */
const USED_SHARE = 0.9

function roomFor({ cluster: { device } }: Job): number {
  return USED_SHARE * device.hbmBytes - device.reservedBytes
}

interface CacheInputs {
  readonly layers: number
  readonly tokens: number
  readonly numbersPerToken: number
  readonly elementBytes: number
}

export const keyValueBytes = formula<CacheInputs>({
  id: 'keyValueBytes',
  unit: 'bytes',
  text: 'layers * tokens * numbersPerToken * elementBytes',
  source:
    'Pope et al. 2022, arXiv:2211.05102 §3.3: keys and values of every token so far, fewer where heads share them; one latent for all heads in MLA: DeepSeek-V2, arXiv:2405.04434 §2.1',
  compute: ({ layers, tokens, numbersPerToken, elementBytes }) => layers * tokens * numbersPerToken * elementBytes,
})

/** Of one sequence on one rank, all layers. */
function sequenceBytes(job: Job, strategy: Strategy, stage: Stage, tokens: number): number {
  return layerKinds(job.model).kinds.reduce(
    (sum, kind, index) => sum + (stage.layers[index] ?? 0) * layerCacheBytes(job, strategy, kind, tokens),
    0,
  )
}

/** What a layer remembers of one sequence: a window of keys and values, or a state that does not grow. */
export function layerCacheBytes(job: Job, strategy: Strategy, kind: LayerKind, tokens: number): number {
  const { model, precision } = job
  const elementBytes = precision.activationBytes
  switch (kind.mixer) {
    case 'attention': {
      const seen = kind.window > 0 ? Math.min(kind.window, tokens) : tokens
      const numbersPerToken = model.mla
        ? model.mla.keyValueRank + model.mla.rotaryHeadDim
        : localShape(job, strategy).keyValueWidth
      return keyValueBytes.compute({ layers: 1, tokens: seen, numbersPerToken, elementBytes })
    }
    case 'mamba': {
      const { heads, headDim, state } = mambaOf(model)
      // The state is kept twice as wide as an activation (Mamba-2's kernels hold it in fp32).
      return (2 * elementBytes * heads * headDim * state) / strategy.tp
    }
    case 'lstm':
      return (2 * elementBytes * model.hidden) / strategy.tp
    case 'convolution':
      return (elementBytes * (model.convolution?.kernel ?? 1) * model.hidden) / strategy.tp
    case 'none':
      return 0
  }
}
