/** Model families as computers, the walls on their road and what moves them. */
import { describe, expect, test } from 'vitest'
import { bindingOf } from '../../../src/growth/binding.ts'
import { type Comparison, compareParadigms, type Rates, weakest } from '../../../src/growth/compare.ts'
import type { ArchitectureName } from '../../../src/growth/computer.ts'
import { interval, quantile } from '../../../src/growth/ensemble.ts'
import { constantMfu } from '../../../src/growth/frontier.ts'
import { crossing, essayTest, grow, type Road } from '../../../src/growth/grow.ts'
import { shiftBy, wallOf } from '../../../src/growth/levers.ts'
import type { Machine } from '../../../src/growth/machine.ts'
import { composedGain, standardRecipe } from '../../../src/growth/recipe.ts'
import { type Settled, settle } from '../../../src/growth/settle.ts'
import { classicSvm, svmComputer } from '../../../src/growth/svm.ts'
import { doubt, members } from '../../../src/growth/uncertainty.ts'
import { paradigmComputer } from '../../../src/growth/useful-chips.ts'
import { h100 } from '../../support/h100.ts'

const DAY = 86_400
const calm: Machine = { ...h100, chipMeanSeconds: Number.POSITIVE_INFINITY }
const standard: Settled = { machine: h100, seconds: 90 * DAY, recipe: standardRecipe, mfu: 0.4, batchFactor: 1 }

/** Llama 3 405B in depth and width, 16M tokens of batch, 8k of context. */
const sizes = { layers: 126, hidden: 16_384, seqLen: 8192, batchTokens: 16e6, activeFraction: 0.05 }
const of = (name: ArchitectureName) => paradigmComputer(name, h100, sizes)

describe('how many H100 a family keeps busy', () => {
  test('an LSTM about fifty, for it has only sequences to share', () => {
    expect(of('lstm').usefulChips).toBeGreaterThan(45)
    expect(of('lstm').usefulChips).toBeLessThan(60)
    expect(of('lstm').limit).toBe('sequences')
    expect(of('lstm').chain).toBe(3 * (8192 + 126))
  })

  test.each(['transformer', 'encoder', 'convolution', 'mamba', 'hybrid', 'moe'] as const)(
    'a %s above 10,000',
    (name) => {
      expect(of(name).usefulChips).toBeGreaterThan(10_000)
      expect(of(name).pool.of).toBe('tokens')
    },
  )

  test('a support vector machine some dozens, each at a hundredth of its peak', () => {
    const svm = svmComputer(h100, classicSvm)
    expect(svm.usefulChips).toBeGreaterThan(10)
    expect(svm.usefulChips).toBeLessThan(100)
    expect(svm.utilization).toBeLessThan(0.01)
  })

  test('a longer context takes chips from an LSTM and none from a Transformer', () => {
    const longer = { ...sizes, seqLen: 2 * sizes.seqLen }
    expect(paradigmComputer('lstm', h100, longer).usefulChips).toBeCloseTo(of('lstm').usefulChips / 2, 6)
    expect(paradigmComputer('transformer', h100, longer).usefulChips).toBe(of('transformer').usefulChips)
  })

  test('work per token: 6 × 12 L d², and 6 L d s of causal attention', () => {
    const { layers, hidden, seqLen } = sizes
    const expected = 6 * 12 * layers * hidden ** 2 + 6 * layers * hidden * seqLen
    expect(of('transformer').flopPerToken / expected).toBeCloseTo(1, 12)
  })
})

describe('the road', () => {
  const roadOf = (machine: Machine): Road => ({
    question: { machine, seconds: 90 * DAY, recipe: standardRecipe, utilization: constantMfu(0.4), doublings: 0 },
    referenceMfu: 0.4,
  })

  test('with failures that stop the run, reliability is the wall', () => {
    const road = grow(roadOf(h100), 1e24, 1e31)
    expect(road).toHaveLength(8)
    expect(crossing(road, 'half at the margin')?.binding).toBe('reliability')
    const nats = road.flatMap(({ gain }) => (gain ? [gain.nats] : []))
    for (const [n, gain] of nats.entries()) expect(gain).toBeLessThanOrEqual((nats[n - 1] ?? 1) + 1e-9)
  })

  test('without failures the batch is, a hundred times further', () => {
    const road = grow(roadOf(calm), 1e24, 1e31)
    const wall = crossing(road, 'half at the margin')
    expect(wall?.binding).toBe('batch')
    expect(wall?.offeredFlop).toBeGreaterThan(1e29)
    expect(crossing(road, 'a hundredth of a nat per decade')?.offeredFlop).toBeLessThan(1e29)
  })

  test('what is never crossed has no crossing', () => {
    expect(crossing(grow(roadOf(calm), 1e22, 1e23), 'half of all')).toBeUndefined()
  })

  test('the test of three decades carries an interval', () => {
    const found = essayTest(roadOf(calm), 1e22)
    expect(found.digests).toBe(true)
    expect(found.ratioInterval.low).toBeLessThan(found.ratioInterval.high)
    expect(found.removed).toBeGreaterThan(0.65)
  })

  test('levers: spares lift a wall of failures, fp8 and Muon do what they can, interconnect nothing there', () => {
    const road = roadOf(h100)
    const wall = wallOf(road)
    expect(shiftBy(road, 'repair', wall)).toMatchObject({ effect: 'lifts' })
    expect(shiftBy(road, 'repair', wall).offeredDecades).toBeGreaterThan(1)
    expect(Math.abs(shiftBy(road, 'interconnect', wall).offeredDecades)).toBeLessThan(0.05)
    expect(shiftBy(road, 'diffusion', wall).effect).toBe('lowers')
    expect(shiftBy(roadOf(calm), 'fp8')).toMatchObject({ effect: 'cheapens' })
    expect(shiftBy(roadOf(calm), 'batch')).toMatchObject({ effect: 'lifts' })
  })
})

describe('what binds', () => {
  const nameOf = (settled: Settled) => bindingOf(settle(settled), 'money').name
  test('money, where more of it still pays', () => expect(nameOf(standard)).toBe('money'))

  test('data, where there is little', () => {
    expect(nameOf({ ...standard, recipe: { ...standardRecipe, uniqueTokens: 1e12 } })).toBe('data')
  })

  test('memory, where a few chips train for ever', () => {
    expect(nameOf({ ...standard, machine: { ...calm, chips: 8, hbmBytes: 4e9 }, seconds: 900 * DAY })).toBe('memory')
  })

  test('the batch, where it is fixed', () => {
    expect(nameOf({ ...standard, recipe: { ...standardRecipe, architecture: 'lstm', batchTokens: 16e6 } })).toBe(
      'batch',
    )
  })
})

describe('same FLOP, better model?', () => {
  /** NVIDIA H100 SXM data sheet, dense, over bf16. */
  const rates: Rates = { fp64: 0.068, fp32: 0.068, tf32: 0.5, bf16: 1, fp16: 1, fp8: 2, fp4: 0 }
  const table = compareParadigms(standard, rates)
  const row = (label: string) => table.find(({ choice }) => choice.label.startsWith(label)) as Comparison

  test('every row has its span in order', () => {
    expect(table.length).toBeGreaterThan(18)
    for (const { choice, sameFlop, sameCluster } of table) {
      expect(sameFlop.low, choice.label).toBeLessThanOrEqual(sameFlop.central * (1 + 1e-9))
      expect(sameFlop.central, choice.label).toBeLessThanOrEqual(sameFlop.high * (1 + 1e-9))
      expect(sameCluster.high, choice.label).toBeGreaterThan(0)
    }
  })

  test('more bits than sixteen win nothing in quality and lose their speed', () => {
    for (const label of ['fp64', 'fp32', 'tf32']) {
      expect(row(label).sameFlop.central - 1).toBeLessThan(0.005)
      expect(row(label).sameCluster.central).toBeLessThan(0.55)
    }
    expect(row('fp8').sameCluster.central).toBeGreaterThan(1.7)
  })

  test('an LSTM loses by the thousand, a mixture wins by a factor that is flagged', () => {
    expect(row('LSTM').sameFlop.central).toBeLessThan(0.01)
    expect(row('mixture').sameFlop.central).toBeGreaterThan(5)
    expect(row('mixture').suspicious).toBe(true)
    expect(row('Muon').sameFlop.central).toBeGreaterThan(1)
    expect(row('Muon').suspicious).toBe(false)
  })

  test('a masked loss costs four times the compute', () => {
    expect(1 / row('masked tokens').sameFlop.central).toBeCloseTo(3.8, 1)
  })

  test('the standard claims nothing', () => expect(composedGain(standardRecipe, 1e25)).toBe(1))
})

describe('doubt', () => {
  test('sixteen surfaces, three laws of batch, three stocks', () => {
    expect(members(standard)).toHaveLength(144)
    expect(
      members({ ...standard, recipe: { ...standardRecipe, uniqueTokens: Number.POSITIVE_INFINITY } }),
    ).toHaveLength(48)
  })

  test('quantiles lie between ranks', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2)
    expect(quantile([1, 2], 0.25)).toBe(1.25)
    expect(interval([1, 2, 3]).low).toBeCloseTo(1.1, 9)
  })

  test('of the next decade from 1e25', () => {
    const gain = (member: Settled) =>
      settle({ ...member, seconds: member.seconds / 10 }).reducibleNats - settle(member).reducibleNats
    const { low, high } = doubt(standard, gain)
    expect(low).toBeGreaterThan(0.015)
    expect(high).toBeLessThan(0.05)
  })

  test('a chain is as sure as its weakest link', () => {
    const link = { label: '', source: '', validity: '' }
    expect(
      weakest([
        { ...link, confidence: 'primary' },
        { ...link, confidence: 'unverified' },
      ]),
    ).toBe('unverified')
  })
})
