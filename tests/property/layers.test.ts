/** Laws of layers that are one block each: what they share with Transformer layers, and what sets them apart. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forwardFlopPerToken } from '../../src/engine/flop.ts'
import type { Job } from '../../src/engine/job.ts'
import { layOut } from '../../src/engine/layout.ts'
import { countParameters } from '../../src/engine/parameters.ts'
import { priceBlocks } from '../../src/engine/price/block.ts'
import { brokenRules } from '../../src/engine/rules.ts'
import { estimate } from '../../src/engine/simulate.ts'
import type { Strategy } from '../../src/engine/strategy.ts'
import { plan } from '../support/arbitraries.ts'

const law = (holds: (job: Job, strategy: Strategy) => void, numRuns = 100) =>
  fc.assert(
    fc.property(plan, ({ job, strategy }) => {
      holds(job, strategy)
    }),
    { numRuns },
  )

const blocks = {
  mamba: { pattern: 'M', mamba: { heads: 32, headDim: 64, state: 128, groups: 8, kernel: 4, chunk: 256 } },
  lstm: { pattern: 'L', lstm: { cells: 2048 } },
  convolution: { pattern: 'C', convolution: { kernel: 5, channels: 1024, groups: 1, gated: false } },
} as const

/** One kind of layer alone, on one rank. */
function alone(job: Job, name: keyof typeof blocks, layers: number): Job {
  const { pattern, ...shape } = blocks[name]
  const { moe: _, mla: __, mamba: ___, lstm: ____, convolution: _____, ...rest } = job.model
  const bare = { ...rest, layers, hidden: 1024, heads: 0, kvHeads: 0, headDim: 0, ffn: 0 }
  return { ...job, model: { ...bare, ...shape, pattern: pattern.repeat(layers) } }
}

const single = (strategy: Strategy, microBatch: number): Strategy => ({
  ...strategy,
  ...{ tp: 1, sp: false, cp: 1, ep: 1, etp: 1, pp: 1, vpp: 1, schedule: '1f1b', dp: 1, shardRanks: 1, microBatch },
})

test('attention and MLP as layers of their own are Transformer layers', () =>
  law((job, strategy) => {
    const { pattern: _, mamba: __, lstm: ___, convolution: ____, moe: _____, ...rest } = job.model
    const model = { ...rest, slidingWindow: 0 }
    const software = { ...job.software, hostSecondsPerLayer: 0 }
    const apart = { ...model, layers: 2 * model.layers, pattern: '*-'.repeat(model.layers) }
    expect(countParameters(apart).total).toBe(countParameters(model).total)
    expect(forwardFlopPerToken(apart, 4096)).toBeCloseTo(forwardFlopPerToken(model, 4096), -3)
    const flat = { ...single(strategy, 1), tp: strategy.tp, sp: strategy.sp, recompute: 'none' } as const
    const one = { ...job, software, cluster: { ...job.cluster, gpus: strategy.tp } }
    const [whole, halves] = [estimate({ ...one, model }, flat), estimate({ ...one, model: apart }, flat)]
    expect(halves.metrics['step.compute'] / whole.metrics['step.compute']).toBeCloseTo(1, 9)
    expect(halves.metrics['comm.tp.time']).toBeCloseTo(whole.metrics['comm.tp.time'], 9)
    expect(halves.metrics['memory.activations'] / whole.metrics['memory.activations']).toBeCloseTo(1, 9)
  }))

describe.each(Object.keys(blocks) as (keyof typeof blocks)[])('%s', (name) => {
  test('more layers take more time, memory and weights', () =>
    law((job, strategy) => {
      const batch = { ...job.batch, globalBatch: 2 }
      const few = { ...alone(job, name, 4), batch }
      const more = { ...alone(job, name, 6), batch }
      const [a, b] = [estimate(few, single(strategy, 1)), estimate(more, single(strategy, 1))]
      for (const metric of ['step.time', 'memory.peak', 'parameters.total', 'flop.model_per_step'] as const)
        expect(b.metrics[metric]).toBeGreaterThan(a.metrics[metric])
    }))

  test('the FLOP done are at least those asked for', () =>
    law((job, strategy) => {
      const { metrics } = estimate(
        { ...alone(job, name, 4), batch: { ...job.batch, globalBatch: 1 } },
        single(strategy, 1),
      )
      expect(metrics['flop.hardware_per_step']).toBeGreaterThanOrEqual(metrics['flop.model_per_step'] * (1 - 1e-9))
    }))
})

/** Of what mixes tokens in a layer, forward, per micro-batch. */
function mixingSeconds(job: Job, strategy: Strategy): number {
  const [layer] = priceBlocks(job, strategy, layOut(job.cluster, strategy)).layers
  return layer?.passes.forward.attentionSeconds ?? Number.NaN
}

/** As many tokens, in fewer and longer sequences. */
function lengthened(job: Job, strategy: Strategy, times: number): number {
  const at = (seqLen: number, microBatch: number) =>
    mixingSeconds({ ...job, batch: { ...job.batch, seqLen, globalBatch: microBatch } }, single(strategy, microBatch))
  return at(1024 * times, 16) / at(1024, 16 * times)
}

test('a recurrence takes as long as its sequences, whatever the number of tokens', () =>
  law((job, strategy) => {
    // So few sequences that a step waits for weights or for itself.
    expect(lengthened(alone(job, 'lstm', 4), strategy, 4)).toBeCloseTo(4, 6)
  }))

test('a scan takes as long as its tokens, however they are cut into sequences', () =>
  law((job, strategy) => {
    expect(lengthened(alone(job, 'mamba', 4), strategy, 4)).toBeCloseTo(1, 9)
  }))

test('an LSTM is never cut along its sequences, and every other kind may be', () =>
  law((job, strategy) => {
    const cut = { ...single(strategy, 1), cp: 2, dp: 1, shardRanks: 2 }
    const two = (name: keyof typeof blocks) => ({
      ...alone(job, name, 4),
      cluster: { ...job.cluster, gpus: 2 },
      batch: { ...job.batch, globalBatch: 1 },
    })
    const codes = (name: keyof typeof blocks) => brokenRules(two(name), cut).map(({ code }) => code)
    expect(codes('lstm')).toEqual(['strategy/cp-through-recurrence'])
    expect(codes('mamba')).toEqual([])
    expect(codes('convolution')).toEqual([])
  }))

test('states and halos are all that a cut sequence sends: less than the tokens themselves', () =>
  law((job, strategy) => {
    const cut = { ...single(strategy, 1), cp: 4, shardRanks: 4, cpMode: 'all-gather' } as const
    const four = { ...alone(job, 'convolution', 4), cluster: { ...job.cluster, gpus: 4 } }
    const { metrics } = estimate({ ...four, batch: { ...job.batch, globalBatch: 1 } }, cut)
    const streamBytes = job.precision.activationBytes * (job.batch.seqLen / 4) * 1024
    expect(metrics['comm.cp.bytes']).toBeGreaterThan(0)
    expect(metrics['comm.cp.bytes']).toBeLessThan(2 * 4 * streamBytes)
  }))

test('a recomputation that stops early leaves out the last product of each dense layer, and that alone', () =>
  law((job, strategy) => {
    const { pattern: _, mamba: __, lstm: ___, convolution: ____, moe: _____, ...rest } = job.model
    const model = { ...rest, slidingWindow: 0, normsPerLayer: 2 }
    const flop = (recomputeStops: boolean, recompute: Strategy['recompute'], normsPerLayer = 2) => {
      const software = { ...job.software, recomputeStops }
      const given = { ...job, model: { ...model, normsPerLayer }, software }
      return estimate(given, { ...strategy, ep: 1, etp: 1, recompute }).facts.hardwareFlop
    }
    const tokens = job.batch.globalBatch * job.batch.seqLen
    const product = 2 * tokens * model.hidden * model.ffn * model.layers
    expect((flop(false, 'full') - flop(true, 'full')) / product).toBeCloseTo(1, 6)
    expect(flop(true, 'none')).toBe(flop(false, 'none'))
    expect(flop(true, 'full', 4)).toBe(flop(false, 'full', 4))
  }))
