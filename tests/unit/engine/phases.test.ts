/** The life of a model: sums that must hold over any plan, and generation worked by hand where a hand can. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Job } from '../../../src/engine/job.ts'
import { type Bill, live, type Planned } from '../../../src/engine/phases/life.ts'
import { learningBatch, type Rollout, responsesOf } from '../../../src/engine/phases/rollout.ts'
import { serve } from '../../../src/engine/phases/serving.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import type { Strategy } from '../../../src/engine/strategy.ts'
import { plan, withCluster } from '../../support/arbitraries.ts'
import { job as llama, strategy as split } from '../report/fixture.ts'

const SLACK = 1 + 1e-9

/** Responses that the plan's own batch is made of, so that what was legal stays so. */
function rolloutFor({ batch, model, cluster }: Job, updates: number): Rollout {
  return {
    prompts: batch.globalBatch,
    group: updates,
    promptLen: batch.seqLen / 4,
    responseLen: (3 * batch.seqLen) / 4,
    longestLen: batch.seqLen,
    rollouts: 10,
    updates,
    forwardPasses: 2,
    tp: 1,
    ep: model.moe ? gcd(model.moe.experts, cluster.gpus) : 1,
    mostSequences: Number.POSITIVE_INFINITY,
  }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

function lifeOf(job: Job, strategy: Strategy, rollout = rolloutFor(job, 2)): readonly Planned[] {
  return [
    { kind: 'pretraining', name: 'pretraining', job, strategy },
    { kind: 'fine-tuning', name: 'fine-tuning', job: { ...job, batch: { ...job.batch, tokens: 1e9 } }, strategy },
    { kind: 'reinforcement', name: 'reinforcement', job: { ...job, batch: learningBatch(rollout) }, strategy, rollout },
  ]
}

const law = (holds: (job: Job, strategy: Strategy) => void) =>
  fc.assert(
    fc.property(plan, ({ job, strategy }) => holds(job, strategy)),
    { numRuns: 60 },
  )

const amounts = ['flop', 'seconds', 'gpuHours', 'joules', 'usd'] as const satisfies readonly (keyof Bill)[]
const sum = (bills: readonly Bill[], of: keyof Bill) => bills.reduce((all, bill) => all + bill[of], 0)

test('parts sum to their phase, phases to the life', () =>
  law((job, strategy) => {
    const { phases, total } = live(lifeOf(job, strategy))
    for (const of of amounts) {
      for (const phase of phases) expect(sum(phase.parts, of) / phase[of]).toBeCloseTo(1, 12)
      expect(sum(phases, of) / total[of]).toBeCloseTo(1, 12)
    }
  }))

test('a phase of training is the run of its scenario', () =>
  law((job, strategy) => {
    const { metrics } = simulate(job, strategy)
    const [phase] = live(lifeOf(job, strategy)).phases
    expect((phase?.seconds ?? 0) / metrics['run.time']).toBeCloseTo(1, 12)
    expect((phase?.joules ?? 0) / metrics['run.energy']).toBeCloseTo(1, 12)
    expect((phase?.usd ?? 0) / metrics['run.cost']).toBeCloseTo(1, 12)
    expect((phase?.gpuHours ?? 0) / metrics['run.gpu_hours']).toBeCloseTo(1, 12)
    expect(phase?.flop).toBe(metrics['flop.run'])
  }))

describe('reinforcement learning', () => {
  const last = (job: Job, strategy: Strategy, rollout?: Rollout) => {
    const phase = live(lifeOf(job, strategy, rollout)).phases[2]
    if (!phase?.reinforced) throw new Error('there is such a phase')
    return { ...phase, reinforced: phase.reinforced }
  }

  test('a step of decoding takes at least the reading of weights and cache', () =>
    law((job, strategy) => {
      const { serving, decode } = last(job, strategy).reinforced
      // An embedding is looked up row by row, and of experts there may be more than are read.
      const { model, precision, cluster } = serving.job
      const table = model.vocabulary * model.hidden * precision.weightBytes * (model.tiedEmbeddings ? 0 : 1)
      const bytes = serving.weightsBytes - table + (decode.live * serving.cacheBytes) / 4
      const least = bytes / cluster.device.hbmBytesPerSecond
      expect(decode.stepSeconds).toBeGreaterThan(0.9 * least)
    }))

  test('more memory, more bandwidth or shorter responses never take longer', () =>
    law((job, strategy) => {
      const rollout = rolloutFor(job, 2)
      const { device } = job.cluster
      const generation = (changed: Job, asked = rollout) => last(changed, strategy, asked).reinforced.decode.seconds
      const now = generation(job)
      expect(
        generation(withCluster(job, { device: { ...device, hbmBytesPerSecond: 2 * device.hbmBytesPerSecond } })),
      ).toBeLessThanOrEqual(now * SLACK)
      expect(
        generation(job, { ...rollout, responseLen: rollout.responseLen / 2, longestLen: rollout.longestLen / 2 }),
      ).toBeLessThan(now)
      const { batch: more } = serve(
        withCluster(job, { device: { ...device, hbmBytes: 2 * device.hbmBytes } }),
        strategy,
        rollout,
      )
      expect(more).toBeGreaterThanOrEqual(serve(job, strategy, rollout).batch)
    }))

  test('of experts only those are read that a token has chosen', () =>
    law((job, strategy) => {
      const { moe } = job.model
      if (!moe) return
      const { serving, decode } = last(job, strategy).reinforced
      const ups = decode.timings.filter(({ timing }) => timing.operation.name === 'moe.up')
      const tokens = decode.live * serving.strategy.ep
      for (const { timing } of ups) {
        expect(timing.inputs['groups']).toBeLessThanOrEqual(Math.max(1, moe.experts / serving.strategy.ep))
        expect(timing.inputs['groups']).toBeLessThanOrEqual(
          Math.max(1, (tokens * moe.topK) / serving.strategy.ep) * SLACK,
        )
      }
      expect(ups.length).toBeGreaterThan(0)
    }))

  test('the longest response is waited for, and all tokens are made', () =>
    law((job, strategy) => {
      const rollout = rolloutFor(job, 2)
      const { serving, decode } = last(job, strategy, rollout).reinforced
      expect(decode.steps).toBeGreaterThanOrEqual(rollout.longestLen)
      const made = Math.max(1, decode.live) * decode.steps
      expect(made).toBeGreaterThanOrEqual((serving.sequences * rollout.responseLen) / SLACK)
      expect(decode.live).toBeLessThanOrEqual(Math.max(1, serving.batch) * SLACK)
    }))

  test('updates learn from every response once', () =>
    law((job, strategy) => {
      const rollout = rolloutFor(job, 2)
      const { flop } = last(job, strategy, rollout).reinforced
      const { flop: once } = last(job, strategy, { ...rollout, updates: 1 }).reinforced
      expect(flop.update / once.update).toBeCloseTo(1, 12)
      expect(flop.update / flop.logProbs).toBeCloseTo(3 / rollout.forwardPasses, 12)
      expect(responsesOf(rollout)).toBe(job.batch.globalBatch * 2)
    }))
})

test('Llama 3 405B keeps 516 kB of keys and values a token: 126 layers of 2 × 8 heads of 128 in bf16', () => {
  const rollout = { ...rolloutFor(llama, 1), promptLen: 1000, responseLen: 1000, longestLen: 3000, tp: 8 }
  const { cacheBytes, weightsBytes, fits } = serve(llama, split, rollout)
  expect(cacheBytes).toBe((126 * 2 * 8 * 128 * 2 * 4000) / 8)
  expect(weightsBytes / (405.85e9 * 2)).toBeCloseTo(1 / 8, 3)
  // 101 GB of weights on a GPU of 80 GB.
  expect(fits).toBe(false)
  expect(serve(llama, split, { ...rollout, tp: 16 }).fits).toBe(true)
})
