/** What stacks keep beside weights, sums and activations, each rule by what it adds. */
import { describe, expect, test } from 'vitest'
import { layerBytes } from '../../../src/engine/activations.ts'
import type { Job, Software } from '../../../src/engine/job.ts'
import { reserveOf } from '../../../src/engine/memory.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import type { Strategy } from '../../../src/engine/strategy.ts'
import { job, strategy } from '../report/fixture.ts'

const withSoftware = (change: Partial<Software>): Job => ({ ...job, software: { ...job.software, ...change } })
const plain: Strategy = { ...strategy, zero: 1, recompute: 'none' }

const stageOf = (own: Job, at: 'first' | 'last', change: Partial<Strategy> = {}) => {
  const stage = simulate(own, { ...plain, ...change }).memory.at(at === 'first' ? 0 : -1)
  return stage ?? expect.fail()
}

describe('gradients', () => {
  const parameters = stageOf(job, 'first').weights / job.precision.weightBytes

  test('of autograd, in the type of the weights, stand beside fp32 sums', () => {
    const own = stageOf(withSoftware({ ownGradients: true }), 'first').gradients
    expect(own - stageOf(job, 'first').gradients).toBeCloseTo(2 * parameters, -1)
  })

  test('in 16 bits are widened for the update, of which activations leave the room', () => {
    const half = { ...job, precision: { ...job.precision, gradientBytes: 2 } }
    const shared = { zero: 0, shardRanks: 1 } as const
    const { activations, working } = stageOf(half, 'last', { ...shared, recompute: 'full' })
    const last = stageOf(half, 'last', shared).weights / job.precision.weightBytes
    expect(activations + working).toBeGreaterThanOrEqual(4 * last * (1 - 1e-9))
    expect(stageOf(half, 'first').gradients).toBeCloseTo(2 * parameters, -1)
  })

  test('in one flat copy find no room among the blocks of activations', () => {
    const flat = { ...withSoftware({ ownGradients: true }), precision: { ...job.precision, gradientBytes: 2 } }
    const own = stageOf(flat, 'first', { zero: 1, recompute: 'none' })
    const shards = own.optimizerState / (job.precision.masterBytes + job.optimizer.stateBytes)
    expect(own.activations).toBeGreaterThan(6 * shards)
    expect(own.cached).toBeCloseTo((4 + 2) * shards, -1)
    expect(stageOf(job, 'first').cached).toBe(0)
  })

  test('that are summed in fp32 and sent as bf16 are copied whole, once activations are gone', () => {
    const own = stageOf(withSoftware({ ownGradients: true }), 'first', { recompute: 'full' })
    expect(own.activations + own.working + own.cached).toBeGreaterThan(2 * parameters)
  })
})

describe('distributed tensors of PyTorch', () => {
  const dtensor = withSoftware({ tensors: 'dtensor', loss: 'eager' })
  const shared = { tp: 2, sp: true, recompute: 'none' } as const

  test('keep what was gathered for a matmul, unless the matmul gathers', () => {
    const kept = (own: Job, overlapTp: boolean) => stageOf(own, 'first', { ...shared, overlapTp }).activations
    const tokens = (plain.microBatch * job.batch.seqLen) / plain.cp
    const input = tokens * job.model.hidden * job.precision.activationBytes
    expect(kept(dtensor, false) - kept(job, false)).toBeGreaterThan(input / 2)
    expect(kept(dtensor, true)).toBe(kept(job, true))
  })

  test('keep the logits of all micro-batches on the last stage', () => {
    const more = (at: 'first' | 'last') =>
      stageOf(dtensor, at, { overlapTp: true }).activations - stageOf(job, at, { overlapTp: true }).activations
    const { vocabulary } = job.model
    const tokens = (job.batch.globalBatch / plain.dp) * (job.batch.seqLen / plain.cp)
    expect(more('first')).toBe(0)
    expect(more('last')).toBeCloseTo((tokens * vocabulary * job.precision.activationBytes) / plain.tp, -3)
  })
})

describe('a program that XLA plans', () => {
  const xla = withSoftware({ tensors: 'xla', loss: 'eager' })

  test('has the logits once, and a layer computed again in their room', () => {
    const { working, activations } = stageOf(xla, 'last', { pp: 1, recompute: 'full', microBatch: 1 })
    const other = stageOf(withSoftware({ loss: 'eager' }), 'last', { pp: 1, recompute: 'full', microBatch: 1 })
    expect(working).toBeLessThan(other.working)
    expect(activations).toBeLessThan(other.activations)
  })

  test('splits the stream over tensor ranks, and has no communicators of its own', () => {
    const [one, two] = [1, 2].map((tp) => layerBytes(xla, { ...plain, tp, sp: false }).input)
    expect(two).toBe((one as number) / 2)
    const { fixed } = reserveOf(xla, { ...plain, tp: 2 }, { pp: 2, dp: 2 })
    expect(fixed).toBe(xla.cluster.device.reservedBytes)
  })
})

test('gathered logits are as many on every tensor rank as on one alone', () => {
  const { vocabulary } = job.model
  const tokens = (plain.microBatch * job.batch.seqLen) / plain.cp
  const more = (loss: Software['loss']) =>
    stageOf(withSoftware({ loss, logits: 'gathered' }), 'last').working -
    stageOf(withSoftware({ loss, logits: 'split' }), 'last').working
  // torch.nn.functional.cross_entropy holds seven elements of two bytes for each logit.
  expect(more('eager') / (tokens * vocabulary * 7 * 2)).toBeCloseTo(1 - 1 / plain.tp, 2)
})

test('what waits on the host is not on the GPU, but for what is on its way', () => {
  const [none, half] = [0, 0.5].map((offloaded) => stageOf(withSoftware({ offloaded }), 'first').activations)
  expect(half).toBeGreaterThan(0.5 * (none as number))
  expect(half).toBeLessThan(none as number)
})

test('gaps come with a pipeline, recomputation or experts, communicators with groups of ranks', () => {
  const own = withSoftware({ fragmentation: 0.15, bufferBytes: 0 })
  const alone = { ...plain, tp: 1, cp: 1, ep: 1, pp: 1, dp: 1 }
  const reserve = (change: Partial<Strategy>) => reserveOf(own, { ...alone, ...change }, { ...alone, ...change })
  expect(reserve({}).share).toBe(own.calibration.fragmentation)
  expect(reserve({ pp: 2 }).share).toBe(0.15)
  expect(reserve({ recompute: 'full' }).share).toBe(0.15)
  const { communicatorBytes } = own.calibration
  expect(reserve({}).fixed).toBe(own.cluster.device.reservedBytes)
  expect(reserve({ tp: 2, dp: 4 }).fixed - reserve({}).fixed).toBeCloseTo(2 * communicatorBytes, -1)
})
