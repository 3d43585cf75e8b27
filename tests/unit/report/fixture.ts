/** Llama 3 405B on 16,384 H100 as a simulated run, without a scenario file: what the report is composed of. */
import type { Place } from '../../../src/base/problem.ts'
import type { Job } from '../../../src/engine/job.ts'
import { optimizerFor } from '../../../src/engine/optimizer/kinds.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import type { Strategy } from '../../../src/engine/strategy.ts'
import type { RunInput } from '../../../src/report/compose/run.ts'

export const job: Job = {
  model: {
    causal: true,
    layers: 126,
    hidden: 16384,
    heads: 128,
    kvHeads: 8,
    headDim: 128,
    ffn: 53248,
    gated: true,
    norm: 'rmsnorm',
    normsPerLayer: 2,
    qkNorm: false,
    bias: 'none',
    dropout: false,
    vocabulary: 128256,
    tiedEmbeddings: false,
    positions: 'rope',
    maxPositions: 0,
    tokenTypes: 0,
    embeddingNorm: false,
    finalNorm: true,
    pooler: false,
    headTransform: false,
    slidingWindow: 0,
    globalEvery: 0,
  },
  cluster: {
    gpus: 16384,
    gpusPerNode: 8,
    nodeWatts: 10200,
    device: {
      peakFlopPerSecond: {
        fp64: 67e12,
        fp32: 67e12,
        tf32: 494.7e12,
        bf16: 989.4e12,
        fp16: 989.4e12,
        fp8: 1978.9e12,
        fp4: 0,
      },
      hbmBytes: 80e9,
      hbmBytesPerSecond: 3.35e12,
      multiprocessors: 132,
      watts: 700,
      matmulEfficiency: { fp64: 0.62, fp32: 0.62, tf32: 0.62, bf16: 0.735, fp16: 0.735, fp8: 0.555, fp4: 0.5 },
      attentionEfficiency: { unfused: 0.29, fa1: 0.2, fa2: 0.36, fa3: 0.64, cudnn: 0.51 },
      hbmEfficiency: 0.9,
      reservedBytes: 1e9,
      calibrated: true,
    },
    scaleUp: {
      bytesPerSecond: 450e9,
      domain: 8,
      topology: 'switch',
      axes: 1,
      efficiency: 0.804,
      reductionEfficiency: 1.044,
      reductionRanks: 5,
      stepSeconds: 3.4e-6,
    },
    scaleOut: { bytesPerSecond: 50e9, efficiency: 0.9, podGpus: 3072, oversubscription: 7, stepSeconds: 14e-6 },
  },
  batch: { seqLen: 8192, globalBatch: 2048, tokens: 15.6e12 },
  precision: {
    matmul: 'bf16',
    activation: 'bf16',
    weightBytes: 2,
    gradientBytes: 4,
    gradientWireBytes: 4,
    masterBytes: 4,
    activationBytes: 2,
    matmulBytes: 2,
    matmulRate: 1,
    quantizeBytes: 0,
  },
  optimizer: optimizerFor('adamw', 4),
  software: {
    attention: 'fa2',
    elementwise: 'fused',
    loss: 'fused',
    hostSecondsPerLayer: 190e-6,
    hostSecondsPerMoeLayer: 0,
    moe: { dispatcher: 'alltoall', permute: 'unfused', hidden: 0, hostSecondsPerExpert: 1e-4 },
    stepSeconds: 0.02,
    tensorParallelRate: 1,
    shardedPieces: 1,
    contention: 0.19,
    year: 2024.2,
  },
  reliability: {
    failuresPerGpuSecond: 1.97e-5 / 3600,
    checkpointSeconds: 5,
    restartSeconds: 600,
    checkpointIntervalSeconds: 0,
  },
  economics: { usdPerGpuSecond: 2.95 / 3600, pue: 1.25, usdPerJoule: 0.08 / 3.6e6, energyIncluded: true },
  calibration: {
    matmulHalfDepth: 160,
    matmulTileLoss: 0.14,
    matmulWaveWeight: 1,
    kernelSeconds: 5e-6,
    attentionHalfSequence: 400,
    attentionHalfBlocks: 1.2,
    attentionBackwardRate: 0.87,
    attentionExponentialSeconds: 0.085e-12,
    attentionContextParallel: 0.92,
    unfusedAttentionRate: 0.39,
    attentionLatentRate: 0.85,
    scanRate: 0.35,
    recurrentStepSeconds: 2e-6,
    recurrentLaunchSeconds: 7e-6,
    recurrentWeightBytes: 221e3,
    groupedMemoryRate: 0.8,
    groupSeconds: 2e-6,
    eagerTraffic: 2.2,
    collectiveSeconds: 8.4e-6,
    rampSeconds: 17e-6,
    crossingStepSeconds: 3.4e-6,
    allToAllPeerSeconds: 0.45e-6,
    treeStepSeconds: 4e-6,
    treeEfficiency: 0.85,
    inNetworkSeconds: 25e-6,
    allToAllEfficiency: 0.88,
    pointToPointSeconds: 10e-6,
    tpHidden: 0.92,
    tpBackwardHidden: 0.15,
    cpExposed: 0.15,
    dpExposed: 0.08,
    dpWindow: 0.9,
    ppBlocking: 0.5,
    ppBlockingOverlapped: 0.1,
    stragglersPerDoubling: 0.0047,
    fragmentation: 0.02,
  },
}

export const strategy: Strategy = {
  tp: 8,
  sp: true,
  cp: 1,
  cpMode: 'ring',
  microBatch: 1,
  recompute: 'none',
  recomputeModules: [],
  ep: 1,
  etp: 1,
  overlapTp: false,
  pp: 16,
  vpp: 8,
  schedule: 'interleaved',
  dp: 128,
  zero: 1,
  shardRanks: 128,
  overlapGradients: true,
  overlapWeights: true,
  overlapPp: true,
  vocabulary: 'ends',
  layersPerChunk: [],
}

export const place: Place = {
  file: 'plan.yaml',
  line: 7,
  column: 3,
  length: 5,
  frame: [
    { line: 6, text: 'parallel:' },
    { line: 7, text: '  tp: 8' },
    { line: 8, text: '  pp: 16' },
  ],
}

export const tool = { name: 'clusterwise', version: '0.0.0' }

/** Names as somebody else may write them. */
export function runInput(change: { name?: string; job?: Partial<Job>; strategy?: Partial<Strategy> } = {}): RunInput {
  const simulation = simulate({ ...job, ...change.job }, { ...strategy, ...change.strategy })
  const { job: simulated } = simulation
  const scenario = {
    cluster: { gpu: { name: 'H100 SXM5 80GB' }, scale_up: { name: 'NVLink 4' }, scale_out: { name: 'RoCE' } },
    model: { name: 'Llama 3 405B' },
    software: { name: 'Meta Llama 3' },
  }
  const loaded = {
    name: change.name ?? 'Llama 3 405B on 16,384 H100',
    file: 'plan.yaml',
    scenario,
    job: simulated,
    strategy: simulation.strategy,
    origin: {
      placeOf: () => place,
      sourceOf: () => 'a data sheet',
      writtenAt: () => 'plan.yaml:7:3',
    },
    notes: [],
  }
  // Of the merged scenario the report reads nothing but these names.
  return { loaded: loaded as unknown as RunInput['loaded'], simulation, remedies: [], tool }
}
