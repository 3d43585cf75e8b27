/** Laws of experts and of the messages between them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { layerBytes, momentBytes } from '../../../src/engine/activations.ts'
import { forwardFlopPerToken } from '../../../src/engine/flop.ts'
import { hold } from '../../../src/engine/holding.ts'
import type { Job, MoeShape, MoeSoftware } from '../../../src/engine/job.ts'
import { layOut } from '../../../src/engine/layout.ts'
import { lowerEnds, lowerLayer } from '../../../src/engine/lower/block.ts'
import { layerKinds } from '../../../src/engine/lower/shape.ts'
import type { Operation } from '../../../src/engine/operation.ts'
import { priceCollective } from '../../../src/engine/price/collective.ts'
import { price } from '../../../src/engine/price/operation.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import { fillStages } from '../../../src/engine/stages.ts'
import type { Strategy } from '../../../src/engine/strategy.ts'
import { plan, withCluster } from '../../support/arbitraries.ts'

interface Case {
  readonly job: Job
  readonly strategy: Strategy
  readonly moe: MoeShape
}

/** Plans with experts spread over eight ranks, in one domain or in four. */
const withExperts = (holds: (given: Case) => void) =>
  fc.assert(
    fc.property(plan, fc.constantFrom(2, 8), ({ job, strategy }, domain) => {
      const { moe } = job.model
      fc.pre(moe !== undefined)
      holds({
        job: withCluster(job, { scaleUp: { ...job.cluster.scaleUp, domain } }),
        strategy: { ...strategy, dp: 8 * strategy.dp, shardRanks: 8 * strategy.shardRanks, ep: 8 },
        moe: { ...moe, experts: 64 },
      })
    }),
    { numRuns: 100 },
  )

const dispatchedBy = (job: Job, dispatcher: MoeSoftware['dispatcher']): Job => ({
  ...job,
  software: { ...job.software, moe: { ...job.software.moe, dispatcher } },
})

function operationsOf(job: Job, strategy: Strategy): Operation[] {
  const kind = layerKinds(job.model).kinds.find(({ experts }) => experts)
  return kind ? lowerLayer(job, strategy, kind) : []
}

function secondsOf(name: RegExp, job: Job, strategy: Strategy): number {
  const layout = layOut(job.cluster, strategy)
  return operationsOf(job, strategy)
    .filter((operation) => name.test(operation.name))
    .reduce((sum, operation) => sum + price(operation, job, layout).seconds, 0)
}

test('one copy per rank never travels longer than one per expert', () =>
  withExperts(({ job, strategy }) => {
    const [merged, plain] = (['hybridep', 'alltoall'] as const).map((dispatcher) =>
      secondsOf(/^moe\.(dispatch|combine)$/u, dispatchedBy(job, dispatcher), strategy),
    ) as [number, number]
    expect(plain).toBeGreaterThan(0)
    expect(merged).toBeLessThan(plain)
  }))

test('sorting by a mask multiplies rows with the sequence, five times in all', () =>
  withExperts(({ job, strategy, moe }) => {
    const sorting = operationsOf(dispatchedBy(job, 'einsum'), strategy).filter(
      ({ name, phase }) => /^moe\.(un)?permute$/u.test(name) && phase !== 'recompute',
    )
    const rows = ((strategy.microBatch * job.batch.seqLen) / strategy.cp / (strategy.sp ? strategy.tp : 1)) * moe.topK
    const flop = 2 * rows * moe.imbalance * job.batch.seqLen * (moe.latent || job.model.hidden)
    expect(sorting.map(({ kind }) => kind)).toEqual(Array(5).fill('matmul'))
    for (const each of sorting) {
      if (each.kind === 'matmul') expect(2 * each.m * each.n * each.k).toBeCloseTo(flop, -3)
    }
  }))

test('experts in a narrower stream exchange as much less as it is narrower', () =>
  withExperts(({ job, strategy, moe }) => {
    const bytesAt = (latent: number) =>
      operationsOf({ ...job, model: { ...job.model, moe: { ...moe, latent } } }, strategy)
        .filter(({ name }) => /^moe\.(dispatch|combine|gather|scatter)$/u.test(name))
        .reduce((sum, operation) => sum + (operation.kind === 'collective' ? operation.bytes : 0), 0)
    expect(bytesAt(0)).toBeGreaterThan(0)
    expect(bytesAt(job.model.hidden / 2)).toBeCloseTo(bytesAt(0) / 2, 3)
  }))

test('the rate of a collective grows with its message, to that of the link', () =>
  fc.assert(
    fc.property(
      plan,
      fc.constantFrom('all-gather', 'all-reduce', 'all-to-all', 'reduce-scatter'),
      fc.double({ min: 3, max: 9, noNaN: true }),
      ({ job, strategy }, collective, power) => {
        const { dp } = layOut(job.cluster, strategy)
        fc.pre(dp.ranks > 1)
        const rateAt = (bytes: number) => {
          const operation = { kind: 'collective', name: 'message', phase: 'step', dimension: 'dp' } as const
          const message = { ...operation, collective, bytes, hidden: 0, rate: 1 } as const
          return bytes / priceCollective(message, dp, job.cluster, job.calibration).seconds
        }
        const bytes = 10 ** power
        expect(rateAt(2 * bytes)).toBeGreaterThan(rateAt(bytes))
        // Once the wire takes seconds, ramp and latency are lost in it.
        expect(rateAt(1e15) / rateAt(1e14)).toBeLessThan(1.001)
      },
    ),
    { numRuns: 100 },
  ))

describe('a second prediction', () => {
  const predicting = (job: Job, predictions: number): Job => ({ ...job, model: { ...job.model, predictions } })
  const always = (holds: (once: Job, twice: Job, strategy: Strategy) => void) =>
    fc.assert(
      fc.property(plan, ({ job, strategy }) => holds(predicting(job, 1), predicting(job, 2), strategy)),
      { numRuns: 50 },
    )

  test('pays for the output layer once more and for what joins stream and embedding, in time and in FLOP', () =>
    always((once, twice, strategy) => {
      const work = (job: Job) =>
        lowerEnds(job, strategy)
          .head.filter(({ name }) => !name.startsWith('head.combine'))
          .reduce((sum, operation) => sum + workOf(operation), 0)
      expect(work(twice)).toBeCloseTo(2 * work(once), 0)
      const { model, batch } = once
      const added = forwardFlopPerToken(twice.model, batch.seqLen) - forwardFlopPerToken(model, batch.seqLen)
      const transform = model.headTransform ? model.hidden : 0
      expect(added / (2 * model.hidden * (model.vocabulary + transform + 2 * model.hidden))).toBeCloseTo(1, 9)
    }))

  test('keeps its logits at least until the backward pass begins', () =>
    always((once, twice, strategy) => {
      const atHead = (job: Job) => momentBytes(layerBytes(job, strategy), { layers: [], embedding: 0, head: 1 })
      const { model, batch, precision } = once
      const logits = (strategy.microBatch * batch.seqLen * model.vocabulary) / (strategy.tp * strategy.cp)
      expect(atHead(twice) - atHead(once)).toBeGreaterThan(logits * precision.activationBytes * (1 - 1e-9))
    }))

  test('fills the stages of the output layer more, and no other', () =>
    always((once, twice, strategy) => {
      const [before, after] = [once, twice].map((job) => simulate(job, strategy).memory)
      const { chunks } = hold(once, strategy)
      const heads = fillStages(once, strategy, chunks).map(({ head }) => head)
      heads.forEach((head, stage) => {
        const more = (after?.[stage]?.allocated ?? 0) - (before?.[stage]?.allocated ?? 0)
        if (head > 0) expect(more).toBeGreaterThan(0)
        else expect(more).toBe(0)
      })
    }))
})

const workOf = (operation: Operation): number =>
  operation.kind === 'matmul' ? operation.m * operation.n * operation.k : 'bytes' in operation ? operation.bytes : 0
