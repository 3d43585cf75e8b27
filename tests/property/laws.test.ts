/** Laws of the whole engine, over legal plans. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Job } from '../../src/engine/job.ts'
import { brokenRules } from '../../src/engine/rules.ts'
import { estimate, simulate } from '../../src/engine/simulate.ts'
import { tiesAcross } from '../../src/engine/stages.ts'
import type { Strategy } from '../../src/engine/strategy.ts'
import { plan, withCluster } from '../support/arbitraries.ts'

const law = (holds: (job: Job, strategy: Strategy) => void) =>
  fc.assert(
    fc.property(plan, ({ job, strategy }) => {
      holds(job, strategy)
    }),
    { numRuns: 200 },
  )

const stepOf = (job: Job, strategy: Strategy) => simulate(job, strategy).metrics['step.time']
const SLACK = 1 + 1e-9

test('the plans of these tests keep every rule', () =>
  law((job, strategy) => expect(brokenRules(job, strategy)).toEqual([])))

describe('more of anything never makes a step slower', () => {
  const better: Record<string, (job: Job) => Job> = {
    'memory bandwidth': (job) =>
      withCluster(job, {
        device: { ...job.cluster.device, hbmBytesPerSecond: 2 * job.cluster.device.hbmBytesPerSecond },
      }),
    'scale-up bandwidth': (job) =>
      withCluster(job, { scaleUp: { ...job.cluster.scaleUp, bytesPerSecond: 2 * job.cluster.scaleUp.bytesPerSecond } }),
    'scale-out bandwidth': (job) =>
      withCluster(job, {
        scaleOut: { ...job.cluster.scaleOut, bytesPerSecond: 2 * job.cluster.scaleOut.bytesPerSecond },
      }),
    'a shorter step of the ring': (job) => withCluster(job, { scaleOut: { ...job.cluster.scaleOut, stepSeconds: 0 } }),
    'less oversubscription': (job) => withCluster(job, { scaleOut: { ...job.cluster.scaleOut, oversubscription: 1 } }),
    'faster matmuls': (job) => {
      const peaks = job.cluster.device.peakFlopPerSecond
      const doubled = { ...peaks, bf16: 2 * peaks.bf16, fp8: 2 * peaks.fp8 }
      return withCluster(job, { device: { ...job.cluster.device, peakFlopPerSecond: doubled } })
    },
  }
  test.each(Object.entries(better))('%s', (_, improve) =>
    law((job, strategy) => {
      // In a pipeline another stage may become the slowest, and hide a little less behind its own backward pass: of 4,000
      // such plans one did, and lost 0.3 %.
      const slack = strategy.pp > 1 ? 1 + 1e-2 : SLACK
      expect(stepOf(improve(job), strategy)).toBeLessThanOrEqual(stepOf(job, strategy) * slack)
    }),
  )
})

test('overlap helps, and full overlap bounds it', () =>
  law((job, strategy) => {
    const none = { ...strategy, overlapTp: false, overlapGradients: false, overlapWeights: false, overlapPp: false }
    const all = { ...strategy, overlapTp: true, overlapGradients: true, overlapWeights: true, overlapPp: true }
    const as = stepOf(job, strategy)
    expect(stepOf(job, all)).toBeLessThanOrEqual(as * SLACK)
    expect(as).toBeLessThanOrEqual(stepOf(job, none) * SLACK)
  }))

test('useful work ≤ work done ≤ what the cluster could do', () =>
  law((job, strategy) => {
    const { mfu, hfu, goodput, 'utilization.effective': effective } = simulate(job, strategy).metrics
    expect(mfu).toBeGreaterThan(0)
    expect(mfu).toBeLessThanOrEqual(hfu * SLACK)
    expect(hfu).toBeLessThanOrEqual(1)
    expect(goodput).toBeLessThanOrEqual(1)
    expect(effective).toBeLessThanOrEqual(mfu)
  }))

test('parts sum to the whole: the step, its operations, the memory of every stage', () =>
  law((job, strategy) => {
    const { metrics, facts, operations, timeline, memory, worstStage } = simulate(job, strategy)
    const spent = timeline.seconds + metrics['comm.dp.exposed'] + metrics['step.optimizer'] + metrics['step.overhead']
    expect(metrics['step.time'] / spent).toBeCloseTo(1, 9)
    const exposed = operations.reduce((sum, { timing, times }) => sum + times * timing.exposedSeconds, 0)
    const idle = metrics['step.bubble'] + metrics['step.host'] + metrics['step.overhead']
    // Transfers are priced in full in the list, and by what they add to the pipeline in the step.
    const others = exposed - facts.ppSeconds + facts.ppExposedSeconds
    expect((others + idle) / metrics['step.time']).toBeCloseTo(1, 9)
    for (const stage of memory) {
      const { weights, gradients, optimizerState, activations, working, reserved, peak } = stage
      expect((weights + gradients + optimizerState + activations + working + reserved) / peak).toBeCloseTo(1, 12)
      expect(peak).toBeLessThanOrEqual(metrics['memory.peak'] * SLACK)
    }
    expect((memory[worstStage] as (typeof memory)[number]).peak / metrics['memory.peak']).toBeCloseTo(1, 12)
  }))

test('a degree of one says nothing', () =>
  law((job, strategy) => {
    const { metrics } = simulate(job, strategy)
    if (strategy.tp === 1) expect(metrics['comm.tp.time']).toBe(0)
    if (strategy.cp === 1) expect(metrics['comm.cp.time']).toBe(0)
    if (strategy.pp === 1) expect(metrics['comm.pp.time'] + metrics['step.bubble']).toBe(0)
    if (strategy.dp * strategy.cp === 1) expect(metrics['comm.dp.time'] === 0 || tiesAcross(job, strategy)).toBe(true)
  }))

test('memory never rises with the ZeRO stage, nor with recomputation', () =>
  law((job, strategy) => {
    const peak = (part: Partial<Strategy>) => simulate(job, { ...strategy, ...part }).metrics['memory.peak']
    expect(peak({ zero: 1 })).toBeLessThanOrEqual(peak({ zero: 0 }) * SLACK)
    expect(peak({ zero: 2 })).toBeLessThanOrEqual(peak({ zero: 1 }) * SLACK)
    expect(peak({ recompute: 'selective' })).toBeLessThanOrEqual(peak({ recompute: 'none' }))
  }))

test('more replicas with more batch leave the work of a rank alone', () =>
  law((job, strategy) => {
    const wider = { ...strategy, dp: 2 * strategy.dp, shardRanks: 2 * strategy.shardRanks }
    const grown = withCluster(
      { ...job, batch: { ...job.batch, globalBatch: 2 * job.batch.globalBatch } },
      { gpus: 2 * job.cluster.gpus },
    )
    const [a, b] = [simulate(job, strategy), simulate(grown, wider)]
    expect(b.metrics['step.compute']).toBeCloseTo(a.metrics['step.compute'], 9)
    expect(b.metrics['comm.tp.time']).toBeCloseTo(a.metrics['comm.tp.time'], 9)
    expect(b.memory.map(({ activations }) => activations)).toEqual(a.memory.map(({ activations }) => activations))
    expect(b.metrics['flop.model_per_step'] / a.metrics['flop.model_per_step']).toBeCloseTo(2, 9)
  }))

test('the closed form differs from the played pipeline in nothing but the pipeline', () =>
  law((job, strategy) => {
    const [quick, exact] = [estimate(job, strategy), simulate(job, strategy)]
    expect(quick.memory).toEqual(exact.memory)
    expect(quick.metrics['step.compute']).toBe(exact.metrics['step.compute'])
    expect(quick.metrics['comm.dp.exposed']).toBe(exact.metrics['comm.dp.exposed'])
    if (strategy.pp === 1) expect(quick.metrics).toEqual(exact.metrics)
  }))

test('same input, same numbers', () =>
  law((job, strategy) => expect(simulate(job, strategy)).toEqual(simulate(job, strategy))))
