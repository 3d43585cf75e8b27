/** Optimizers, worked by hand on shapes small enough for it, and as laws over the plans of the property tests. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Job } from '../../../src/engine/job.ts'
import { layerKinds } from '../../../src/engine/lower/shape.ts'
import { decompositionFlop } from '../../../src/engine/optimizer/decomposition.ts'
import { dealt } from '../../../src/engine/optimizer/homes.ts'
import { type OptimizerKind, optimizerFor } from '../../../src/engine/optimizer/kinds.ts'
import { matricesOf, weightsIn } from '../../../src/engine/optimizer/matrices.ts'
import { stateBytesPerParameter } from '../../../src/engine/optimizer/state.ts'
import { countParameters, type LayerCount } from '../../../src/engine/parameters.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import type { Strategy } from '../../../src/engine/strategy.ts'
import { plan } from '../../support/arbitraries.ts'
import { job as llama, strategy as split } from '../report/fixture.ts'

const withOptimizer = (job: Job, kind: OptimizerKind): Job => ({ ...job, optimizer: optimizerFor(kind, 4) })

describe('bytes of state per weight of a matrix, fp32', () => {
  const square = { rows: 4096, columns: 4096 }
  const wide = { rows: 4096, columns: 16384 }
  test.each<[OptimizerKind, { rows: number; columns: number }, number]>([
    ['adamw', square, 8],
    ['sgd', square, 4],
    ['lion', square, 4],
    ['muon', wide, 4],
    // 4 · (4096 + 4096) / 4096²
    ['adafactor', square, 1 / 512],
    // Two moments, and per block of 1024² four matrices of its own size.
    ['shampoo', wide, 8 + 16],
    // 8 + 4 · 2 · (m² + n²) / (m n), both sides at most 10,000 …
    ['soap', square, 8 + 16],
    // … and one-sided beyond.
    ['soap', wide, 8 + (8 * 4096) / 16384],
  ])('%s on %o', (kind, shape, bytes) =>
    expect(stateBytesPerParameter({ optimizer: optimizerFor(kind, 4) }, shape)).toBeCloseTo(bytes, 9),
  )
})

test('every weight is in a matrix, a norm, a bias or a table', () => {
  fc.assert(
    fc.property(plan, ({ job: { model } }) => {
      layerKinds(model).kinds.forEach((kind, index) => {
        const { dense, experts, active } = countParameters(model).layers[index] as LayerCount
        const own = matricesOf(model, kind)
        // Experts may have biases.
        expect(weightsIn(own.experts)).toBeLessThanOrEqual(experts)
        if (experts > 0) expect(weightsIn(own.experts) / experts).toBeGreaterThan(0.99)
        if (!kind.experts) expect(weightsIn(own.dense)).toBe(active)
        expect(weightsIn(own.dense)).toBeLessThanOrEqual(dense)
        expect(weightsIn(own.dense) / dense).toBeGreaterThan(kind.mixer === 'convolution' ? 0 : 0.9)
      })
    }),
  )
})

describe('matrices dealt out, the dearest first', () => {
  const unit = (rows: number, count: number) => ({ rows, columns: rows, count })
  const pool = { name: 'matrices', weights: 1, copies: 1, team: { dimension: 'tp', ranks: 1 }, spread: [] } as const
  test.each<[number, number[], number[]]>([
    [1, [3, 5], [3, 5]],
    // Six and then ten over four: two rounds, in the second the first kind still leads; then two more.
    [4, [6, 10], [2, 2]],
    // More homes than matrices: the busiest has one of the dearest.
    [64, [6, 10], [1, 0]],
  ])('over %i homes', (homes, counts, rounds) => {
    const units = counts.map((count, index) => unit(64 >> index, count))
    expect(dealt({ ...pool, units, homes }).map(([, times]) => times)).toEqual(rounds)
  })
})

test('FLOP of Muon: five iterations of 4 n m² + 2 m³ per matrix, done once where ZeRO deals them out', () => {
  const alone = { tp: 1, sp: false, cp: 1, pp: 1, vpp: 1, schedule: '1f1b', layersPerChunk: [] } as const
  const zeroed: Strategy = { ...split, ...alone, dp: 1024, zero: 1, shardRanks: 1024 }
  const flop = (kind: OptimizerKind) => simulate(withOptimizer(llama, kind), zeroed).metrics['flop.hardware_per_step']
  const { hidden, ffn, kvHeads, headDim, layers } = llama.model
  const shapes = [
    [hidden, hidden, 2],
    [kvHeads * headDim, hidden, 2],
    [hidden, ffn, 3],
  ] as const
  const perLayer = shapes.reduce((sum, [m, n, count]) => sum + count * 5 * (4 * n * m ** 2 + 2 * m ** 3), 0)
  expect((flop('muon') - flop('adamw')) / (layers * perLayer)).toBeCloseTo(1, 4)
})

test('an eigendecomposition takes 9 n³', () => {
  const one = {
    kind: 'decomposition',
    name: 'x',
    phase: 'step',
    datatype: 'fp32',
    elementBytes: 4,
    size: 1000,
  } as const
  expect(decompositionFlop({ ...one, method: 'eigen' })).toBe(9e9)
})

describe('over legal plans', () => {
  const law = (holds: (job: Job, strategy: Strategy) => void) =>
    fc.assert(
      fc.property(plan, ({ job, strategy }) => holds(job, strategy)),
      { numRuns: 60 },
    )

  test('state grows from Adafactor over SGD and AdamW to SOAP; Muon lies between SGD and AdamW', () =>
    law((job, strategy) => {
      const bytes = (kind: OptimizerKind) =>
        simulate(withOptimizer(job, kind), strategy).memory.map(({ optimizerState }) => optimizerState)
      const order = (['adafactor', 'sgd', 'muon', 'adamw', 'soap'] as const).map(bytes)
      for (const [index, stages] of order.slice(1).entries())
        for (const [stage, size] of stages.entries())
          expect(size).toBeGreaterThanOrEqual(order[index]?.[stage] as number)
      expect(bytes('lion')).toEqual(bytes('sgd'))
    }))

  test('work on matrices takes time and FLOP, and ZeRO shares it out', () =>
    law((job, strategy) => {
      const of = (kind: OptimizerKind, zero: 0 | 1) =>
        simulate(withOptimizer(job, kind), { ...strategy, zero, shardRanks: strategy.dp * strategy.cp }).metrics
      for (const kind of ['muon', 'shampoo', 'soap'] as const) {
        const [alone, shared] = [of(kind, 0), of(kind, 1)]
        expect(alone['step.optimizer']).toBeGreaterThan(of('adamw', 0)['step.optimizer'])
        expect(alone['flop.hardware_per_step']).toBeGreaterThan(of('adamw', 0)['flop.hardware_per_step'])
        expect(shared['flop.hardware_per_step']).toBeLessThanOrEqual(alone['flop.hardware_per_step'] * (1 + 1e-12))
        expect(shared['memory.optimizer_state']).toBeLessThanOrEqual(alone['memory.optimizer_state'] * (1 + 1e-12))
      }
    }))
})
