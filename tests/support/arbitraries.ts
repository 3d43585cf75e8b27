/** Legal jobs and strategies for property tests: built so that every rule holds, never filtered down to few. */
import fc from 'fast-check'
import type { Calibration, Datatype, Device, Job, ModelShape, MoeSoftware } from '../../src/engine/job.ts'
import { optimizerFor, optimizerKinds } from '../../src/engine/optimizer/kinds.ts'
import type { ScheduleKind, Strategy } from '../../src/engine/strategy.ts'

/** Round numbers near those of the catalog: these tests must hold for any of them. */
export const calibration: Calibration = {
  matmulHalfDepth: 160,
  matmulTileLoss: 0.14,
  matmulWaveWeight: 1,
  kernelSeconds: 5e-6,
  attentionHalfSequence: 400,
  attentionHalfBlocks: 1.2,
  attentionBackwardRate: 0.87,
  attentionExponentialSeconds: 0.085e-12,
  attentionContextParallel: 0.92,
  unalignedAttentionRate: 0.1,
  unfusedAttentionRate: 0.39,
  attentionLatentRate: 0.85,
  scanRate: 0.35,
  scanBackwardRate: 0.6,
  recurrentStepSeconds: 2e-6,
  recurrentLaunchSeconds: 7e-6,
  recurrentWeightBytes: 221e3,
  groupedMemoryRate: 0.8,
  groupSeconds: 2e-6,
  eagerTraffic: 2.2,
  collectiveSeconds: 8e-6,
  rampSeconds: 17e-6,
  crossingStepSeconds: 3.4e-6,
  allToAllPeerSeconds: 0.45e-6,
  treeStepSeconds: 4e-6,
  treeEfficiency: 0.85,
  inNetworkSeconds: 25e-6,
  pointToPointSeconds: 10e-6,
  tpHidden: 0.9,
  tpBackwardHidden: 0.3,
  cpExposed: 0.15,
  dpExposed: 0.08,
  dpWindow: 0.9,
  ppBlocking: 0.5,
  ppBlockingOverlapped: 0.1,
  stragglersPerDoubling: 0.005,
  fragmentation: 0.02,
  communicatorBytes: 0.6e9,
}

const rates = (value: number): Record<Datatype, number> => ({
  fp64: 0,
  fp32: value / 10,
  tf32: value / 2,
  bf16: value,
  fp16: value,
  fp8: value,
  fp4: value,
})

export const device: Device = {
  peakFlopPerSecond: { fp64: 30e12, fp32: 60e12, tf32: 400e12, bf16: 1e15, fp16: 1e15, fp8: 2e15, fp4: 4e15 },
  hbmBytes: 80e9,
  hbmBytesPerSecond: 3e12,
  multiprocessors: 132,
  watts: 700,
  matmulEfficiency: rates(0.7),
  attentionEfficiency: { unfused: 0, fa1: 0.2, fa2: 0.36, fa3: 0.6, cudnn: 0.5 },
  hbmEfficiency: 0.9,
  reservedBytes: 1e9,
  calibrated: true,
}

const power = (least: number, most: number) => fc.integer({ min: least, max: most }).map((n) => 2 ** n)

const model: fc.Arbitrary<ModelShape> = fc
  .record({
    causal: fc.boolean(),
    layers: fc.integer({ min: 8, max: 40 }),
    heads: power(3, 6),
    kvGroups: power(0, 3),
    headDim: fc.constantFrom(64, 128),
    gated: fc.boolean(),
    dropout: fc.boolean(),
    tiedEmbeddings: fc.boolean(),
    vocabulary: fc.constantFrom(32_000, 51_200, 128_256),
    slidingWindow: fc.constantFrom(0, 0, 512),
    globalEvery: fc.constantFrom(0, 2, 6),
    predictions: fc.constantFrom(1, 1, 2),
    experts: fc.boolean(),
    ossExperts: fc.boolean(),
    latent: fc.boolean(),
    blocks: fc.constantFrom('', '', 'M', 'M-*', 'L', 'L*-', 'C-', 'E-*M'),
    groups: power(0, 3),
  })
  .map(({ kvGroups, experts, ossExperts, latent, blocks, groups, ...shape }) => ({
    ...(blocks !== '' && blocksOf(blocks, shape.layers, groups)),
    ...((blocks === '' ? experts : blocks.includes('E')) && {
      moe: {
        experts: 8,
        topK: 2,
        ffn: 512,
        latent: ossExperts ? 0 : 128,
        sharedFfn: 512,
        denseLayers: 1,
        every: 1,
        bias: ossExperts,
        clamp: ossExperts,
        imbalance: 1.1,
      },
    }),
    ...(latent && {
      mla: { queryRank: 256, keyValueRank: 128, plainHeadDim: 64, rotaryHeadDim: 32, valueHeadDim: 64 },
    }),
    ...shape,
    hidden: shape.heads * shape.headDim,
    kvHeads: Math.max(1, shape.heads / kvGroups),
    ffn: 4 * shape.heads * shape.headDim,
    norm: shape.gated ? 'rmsnorm' : 'layernorm',
    normsPerLayer: 2,
    qkNorm: false,
    bias: shape.gated ? 'none' : 'all',
    positions: shape.gated ? 'rope' : 'learned',
    maxPositions: 4096,
    tokenTypes: 0,
    embeddingNorm: false,
    finalNorm: true,
    pooler: false,
    headTransform: false,
  }))

/** Channels and cells that eight ranks share. */
function blocksOf(blocks: string, layers: number, groups: number) {
  return {
    pattern: blocks.repeat(layers).slice(0, layers),
    ...(blocks.includes('M') && { mamba: { heads: 16, headDim: 64, state: 64, groups, kernel: 4, chunk: 128 } }),
    ...(blocks.includes('L') && { lstm: { cells: 256 * groups } }),
    ...(blocks.includes('C') && {
      convolution: { kernel: 5, channels: 128 * (groups - 1), groups: 1, gated: groups > 2 },
    }),
  }
}

const strategy = fc
  .record({
    tp: power(0, 3),
    sp: fc.boolean(),
    cp: power(0, 2),
    cpMode: fc.constantFrom('ring', 'all-gather'),
    pp: power(0, 2),
    vpp: fc.constantFrom(1, 1, 2),
    schedule: fc.constantFrom<ScheduleKind>('gpipe', '1f1b', 'zero-bubble', 'dualpipe'),
    chunked: fc.constantFrom<ScheduleKind>('interleaved', 'interleaved', 'v-min', 'v-half', 'zb-v'),
    vocabulary: fc.constantFrom('ends', 'ends', 'stages'),
    dp: power(0, 4),
    zero: fc.constantFrom(0, 1, 2, 3),
    replicas: power(0, 1),
    microBatch: power(0, 1),
    rounds: fc.integer({ min: 1, max: 4 }),
    recompute: fc.constantFrom('none', 'selective', 'full'),
    overlapTp: fc.boolean(),
    overlapGradients: fc.boolean(),
    overlapWeights: fc.boolean(),
    overlapPp: fc.boolean(),
  })
  .map(({ replicas, rounds, chunked, ...s }) => {
    const inChunks = s.pp > 1 && s.vpp > 1
    const whole = s.schedule === 'dualpipe' && s.pp === 1 ? '1f1b' : s.schedule
    const made: Strategy = {
      ...(s as Strategy),
      sp: s.sp && s.tp > 1,
      vpp: inChunks ? s.vpp : 1,
      schedule: inChunks ? chunked : whole,
      shardRanks: Math.max(1, (s.dp * s.cp) / replicas),
      ep: 1,
      etp: 1,
      recomputeModules: ['core_attn', 'layernorm'],
      layersPerChunk: [],
    }
    return { strategy: made, globalBatch: made.dp * made.microBatch * made.pp * rounds }
  })

/** A job and a strategy that keep every rule. */
export const plan: fc.Arbitrary<{ job: Job; strategy: Strategy }> = fc
  .record({
    model,
    chosen: strategy,
    seqLen: power(10, 13),
    attention: fc.constantFrom('unfused', 'fa2', 'cudnn'),
    loss: fc.constantFrom('fused', 'eager', 'unfused'),
    elementwise: fc.constantFrom('fused', 'eager'),
    norms: fc.constantFrom('fused', 'eager'),
    logits: fc.constantFrom('split', 'gathered'),
    tensors: fc.constantFrom('megatron', 'dtensor', 'xla'),
    sums: fc.constantFrom({ gradientBytes: 2, ownGradients: false }, { gradientBytes: 4, ownGradients: true }),
    matmul: fc.constantFrom<Datatype>('bf16', 'fp8'),
    dispatcher: fc.constantFrom<MoeSoftware['dispatcher']>('alltoall', 'deepep', 'hybridep', 'einsum'),
    domain: fc.constantFrom(8, 72),
    topology: fc.constantFrom('switch', 'mesh', 'torus'),
    host: fc.constantFrom(0, 2e-4),
    // Half of them plain: the others are slower to price.
    optimizer: fc.oneof(fc.constant('adamw' as const), fc.constantFrom(...optimizerKinds)),
  })
  .map(({ model: shape, chosen, sums, ...said }) => {
    const { seqLen, attention, loss, elementwise, norms, logits, tensors, matmul, dispatcher, domain, topology, host } =
      said
    const { globalBatch } = chosen
    // A recurrent layer reads whole sequences.
    const { cp, shardRanks } = chosen.strategy
    const s = shape.lstm ? { ...chosen.strategy, cp: 1, shardRanks: Math.max(1, shardRanks / cp) } : chosen.strategy
    const gpus = s.tp * s.cp * s.pp * s.dp
    const job: Job = {
      model: shape,
      cluster: {
        gpus,
        gpusPerNode: 8,
        nodeWatts: 10e3,
        device,
        scaleUp: {
          bytesPerSecond: 450e9,
          domain,
          topology: topology as 'switch',
          axes: topology === 'torus' ? 3 : 1,
          efficiency: 0.8,
          reductionEfficiency: topology === 'switch' ? 1.04 : 0,
          allToAllEfficiency: 0.88,
          reductionRanks: 5,
          stepSeconds: 3.4e-6,
        },
        scaleOut: { bytesPerSecond: 50e9, efficiency: 0.9, podGpus: 64, oversubscription: 2, stepSeconds: 14e-6 },
      },
      batch: { seqLen, globalBatch, tokens: 1e12 },
      precision: {
        matmul,
        activation: 'bf16',
        weightBytes: 2,
        gradientBytes: sums.gradientBytes,
        gradientWireBytes: sums.gradientBytes,
        masterBytes: 4,
        activationBytes: 2,
        matmulBytes: matmul === 'fp8' ? 1 : 2,
        matmulRate: 1,
        quantizeBytes: matmul === 'fp8' ? 6 : 0,
      },
      optimizer: optimizerFor(said.optimizer, 4),
      software: {
        attention: attention as 'fa2',
        elementwise: elementwise as 'fused',
        norms: norms as 'fused',
        loss: loss as 'fused',
        logits: logits as 'split',
        recomputeStops: sums.ownGradients,
        ownGradients: sums.ownGradients,
        offloaded: 0,
        tensors: tensors as 'megatron',
        moduleBytes: 1e9,
        bufferBytes: 1e9,
        fragmentation: 0.15,
        hostSecondsPerLayer: host,
        hostSecondsPerMoeLayer: 3 * host,
        moe: { dispatcher, permute: 'unfused', hidden: 0, hostSecondsPerExpert: 1e-4 },
        stepSeconds: 0.02,
        tensorParallelRate: 1,
        dataParallelRate: 1,
        shardedPieces: 1,
        contention: 0.2,
        year: 2025,
      },
      reliability: {
        failuresPerGpuSecond: 5e-9,
        checkpointSeconds: 10,
        restartSeconds: 600,
        checkpointIntervalSeconds: 0,
      },
      economics: { usdPerGpuSecond: 2.5 / 3600, pue: 1.2, usdPerJoule: 2e-8, energyIncluded: false },
      calibration,
    }
    // Experts fold over the ranks of a stage, as many as there are.
    const ep = shape.moe ? Math.min(shape.moe.experts, s.tp * s.cp * s.dp) : 1
    return { job, strategy: { ...s, ep } }
  })

/** The same plan in a changed world: `at` picks a part, `change` returns what differs in it. */
export function withCluster(job: Job, part: Partial<Job['cluster']>): Job {
  return { ...job, cluster: { ...job.cluster, ...part } }
}
