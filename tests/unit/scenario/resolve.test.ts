import { expect, test } from 'vitest'
import { readScenario } from '../../../src/scenario/read.ts'
import { memoryFiles } from '../../support/memory-files.ts'

const plan = `
extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]
cluster: { gpus: 64 }
training: { sequence_length: 8192, global_batch: 128, tokens: 1T }
`

function read(...sets: readonly string[]) {
  return readScenario('plan.yaml', memoryFiles({ 'plan.yaml': plan }), { sets })
}

test.each([
  // precision, then matmul datatype, other datatype, and bytes of weight, gradient, master copy, state, activation, matmul input.
  ['bf16', 'bf16', 'bf16', 2, 4, 4, 8, 2, 2],
  ['fp16', 'fp16', 'fp16', 2, 2, 4, 8, 2, 2],
  ['fp8', 'fp8', 'bf16', 2, 4, 4, 8, 2, 1],
  ['tf32', 'tf32', 'tf32', 4, 4, 0, 8, 4, 4],
  ['fp32', 'fp32', 'fp32', 4, 4, 0, 8, 4, 4],
  ['fp64', 'fp64', 'fp64', 8, 8, 0, 16, 8, 8],
])('the recipe %s', (precision, matmul, activation, weight, gradient, master, state, kept, input) => {
  const { job } = read(`training.precision=${precision}`)
  expect(job.precision).toMatchObject({
    matmul,
    activation,
    weightBytes: weight,
    gradientBytes: gradient,
    gradientWireBytes: gradient,
    masterBytes: master,
    activationBytes: kept,
    matmulBytes: input,
  })
  expect(job.optimizer).toMatchObject({ kind: 'adamw', stateBytes: state, plainStateBytes: state, stated: false })
})

test('bytes of a recipe can be overridden one by one', () => {
  const { job } = read('training.bytes={gradients: 2 B, optimizer_state: 4 B}', 'training.optimizer=lion')
  expect(job.precision).toMatchObject({ weightBytes: 2, gradientBytes: 2, gradientWireBytes: 2 })
  expect(job.optimizer).toMatchObject({ kind: 'lion', stateBytes: 4, plainStateBytes: 4, stated: true })
  expect(read('training.bytes.gradients_on_wire=2 B').job.precision).toMatchObject({
    gradientBytes: 4,
    gradientWireBytes: 2,
  })
})

test('neither tokens nor steps: 20 tokens per parameter, and a note', () => {
  const { job, notes } = read('training.tokens=')
  // Llama 3 8B has 8,030,261,248 parameters.
  expect(job.batch.tokens).toBe(20 * 8_030_261_248)
  expect(notes.map(({ code }) => code)).toContain('training/assumed-tokens')
})

test('what a model does not say follows from what it says', () => {
  const { job } = read('model={kv_heads: null, head_dim: null, ffn: null, kind: encoder}')
  expect(job.model).toMatchObject({
    kvHeads: 32,
    headDim: 128,
    ffn: 16_384,
    causal: false,
    slidingWindow: 0,
    maxPositions: 0,
  })
  expect(read('model.kind=encoder', 'model.attention=causal').job.model.causal).toBe(true)
})

test('what a cluster does not say follows from what it says', () => {
  const { job } = read('cluster={node_power: null, scale_out: {pod: null}, scale_up: {domain: null}}')
  // 1.8 × 8 × 700 W.
  expect(job.cluster.nodeWatts).toBeCloseTo(10_080, 6)
  expect(job.cluster.scaleOut.podGpus).toBe(256)
  expect(job.cluster.scaleUp.domain).toBe(8)
  expect(read('cluster.scale_out={pod: null, topology: fat-tree}').job.cluster.scaleOut.podGpus).toBe(32)
})

test('a datatype without fitted rate gets an estimate and makes the answer uncalibrated', () => {
  const fitted = read().job.cluster.device
  expect(fitted.calibrated).toBe(true)
  const guessed = read('training.precision=fp8', 'cluster.gpu.sustained.matmul.fp8=').job.cluster.device
  expect(guessed.calibrated).toBe(false)
  expect(guessed.matmulEfficiency.fp8).toBeCloseTo(0.85 * guessed.matmulEfficiency.bf16, 12)
  // bf16 and fp16 run through the same units.
  const onlyFp16 = read('cluster.gpu.sustained.matmul={bf16: null, fp16: 0.5}').job.cluster.device
  expect(onlyFp16.matmulEfficiency.bf16).toBe(0.5)
})

test('CUDA graphs cost the host nothing', () => {
  expect(read('software.host=300 µs').job.software.hostSecondsPerLayer).toBe(300e-6)
  expect(read('software.host=300 µs', 'software.cuda_graphs=true').job.software.hostSecondsPerLayer).toBe(0)
})

test('rented GPUs have their energy in the price, own ones do not', () => {
  expect(read('economics.price=3.6 USD/h').job.economics).toMatchObject({
    usdPerGpuSecond: 0.001,
    energyIncluded: true,
  })
  // 31,536 USD over a year of 8,760 hours are 3.6 USD an hour.
  const { economics } = read('economics={capex: 31536 USD, lifetime: 1 year}').job
  expect(economics.usdPerGpuSecond).toBeCloseTo(0.001, 12)
  expect(economics.energyIncluded).toBe(false)
})

test('a scenario without any price says so', () => {
  const { job, notes } = read('cluster.gpu.price=')
  expect(job.economics.usdPerGpuSecond).toBe(0)
  expect(notes.map(({ code }) => code)).toContain('economics/no-price')
})

test.each([
  [['parallel.zero=fsdp'], { zero: 3, shardRanks: 64 }],
  [['parallel.zero=hsdp'], { zero: 3, shardRanks: 8 }],
  [['parallel.zero=hsdp', 'parallel.tp=2'], { zero: 3, shardRanks: 4 }],
  [['parallel.zero=hsdp', 'parallel.shard_group=16'], { zero: 3, shardRanks: 16 }],
  [['parallel.cp=2'], { dp: 32, shardRanks: 64 }],
  [['parallel.pp=2', 'parallel.vpp=2'], { schedule: 'interleaved', dp: 32 }],
  [['parallel.pp=2', 'parallel.schedule=gpipe'], { schedule: 'gpipe' }],
])('%s', (sets, strategy) => {
  expect(read(...sets).strategy).toMatchObject(strategy)
})

test('layers per stage spread over the chunks of each stage', () => {
  const sets = ['parallel.pp=2', 'parallel.vpp=2']
  // Stage 0 holds 15 layers as 8 + 7, stage 1 holds 17 as 9 + 8; chunks stand in model order.
  expect(read(...sets, 'parallel.layers_per_stage=[15, 17]').strategy.layersPerChunk).toEqual([8, 9, 7, 8])
  expect(read(...sets, 'parallel.layers_per_stage=[7, 9, 8, 8]').strategy.layersPerChunk).toEqual([7, 9, 8, 8])
})

test('one GPU needs no links, one domain no network', () => {
  const one = read(
    'cluster={gpus: 1, scale_up: {bandwidth: null}, scale_out: {bandwidth: null}}',
    'training.micro_batch=2',
  )
  expect(Number.isFinite(one.job.cluster.scaleUp.bytesPerSecond)).toBe(true)
  expect(Number.isFinite(one.job.cluster.scaleOut.bytesPerSecond)).toBe(true)
})
