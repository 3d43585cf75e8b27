/** Published figures and worked examples that the growth laws must meet. */
import { describe, expect, test } from 'vitest'
import { absorb } from '../../../src/growth/absorb.ts'
import { allocate, allocationLaws } from '../../../src/growth/allocation.ts'
import { batchLaws, batchOf, batchOverhead, stepsAtBatch, zhangSequences } from '../../../src/growth/critical-batch.ts'
import {
  bestUnderStock,
  digest,
  effective,
  floorNats,
  onceThroughFlop,
  repetitions,
  type Stock,
  stockLoss,
} from '../../../src/growth/data-limit.ts'
import { constantMfu } from '../../../src/growth/frontier.ts'
import { essayTest } from '../../../src/growth/grow.ts'
import { bestAllocation, spentOverWorth, surfaceLoss } from '../../../src/growth/loss-law.ts'
import { affordableChips } from '../../../src/growth/machine.ts'
import { leverage } from '../../../src/growth/moe.ts'
import { muonFlopRatio } from '../../../src/growth/optimizer.ts'
import { degreeIdentity, mlpTpLimit, ridgeTokens, sparseTokens } from '../../../src/growth/parallel-limit.ts'
import { factorOfBits } from '../../../src/growth/precision.ts'
import { standardRecipe } from '../../../src/growth/recipe.ts'
import {
  failureRates,
  firstOrderGoodput,
  goodput,
  meanSecondsBetween,
  reliabilityWallChips,
  youngSeconds,
} from '../../../src/growth/reliability.ts'
import { type Settled, settle } from '../../../src/growth/settle.ts'
import { shapeRules } from '../../../src/growth/shape.ts'
import { surfaces } from '../../../src/growth/surfaces.ts'
import { bandwidthWall, latencyWall, latencyWallFlop, type WallQuestion } from '../../../src/growth/walls.ts'
import { h100 } from '../../support/h100.ts'

const { besiroglu } = surfaces
/** To this share of the expected value. */
const near = (value: number, expected: number, share: number) =>
  expect(Math.abs(value / expected - 1), `${value} against ${expected}`).toBeLessThanOrEqual(share)

const DAY = 86_400
const HOUR = 3600

describe('the budget of Chinchilla, 5.76e23 FLOP (Hoffmann et al. 2022, arXiv:2203.15556: 67B and 1.5T)', () => {
  test.each([
    ['besiroglu', 7.225e10, 1.329e12, 1.9744],
    ['hoffmann', 4.04e10, 2.38e12, 1.9184],
    ['hoffmann-printed', 3.22e10, 2.98e12, undefined],
  ] as const)('%s', (name, parameters, tokens, lossNats) => {
    const best = bestAllocation(surfaces[name], 5.76e23)
    near(best.parameters, parameters, 0.005)
    near(best.tokens, tokens, 0.005)
    if (lossNats) expect(Math.abs(best.lossNats - lossNats)).toBeLessThanOrEqual(0.0005)
  })
})

describe('compute spent over compute needed (Besiroglu et al. 2024, arXiv:2404.10102)', () => {
  test.each([
    ['Chinchilla', 70e9, 1.4e12, 1.0],
    ['GPT-3', 175e9, 300e9, 1.64],
    ['Gopher', 280e9, 300e9, 2.01],
    ['Llama 3 8B', 8e9, 15e12, 5.51],
    ['Llama 3 405B', 405e9, 15.6e12, 1.07],
  ])('%s', (_, parameters, tokens, ratio) => {
    expect(Math.abs(spentOverWorth(besiroglu, parameters, tokens) - ratio)).toBeLessThan(0.006)
  })

  test('the loss of Llama 3 405B', () => {
    expect(surfaceLoss.compute({ ...besiroglu, parameters: 405e9, tokens: 15.6e12 })).toBeCloseTo(1.8926, 4)
    near(6 * 405e9 * 15.6e12, 3.79e25, 0.001)
  })
})

test('the rule of Llama 3 (Dubey et al. 2024, arXiv:2407.21783 §3.2.1), and what rounding does to it', () => {
  const { tokens, parameters } = allocate(allocationLaws['llama-3'], 3.8e25)
  near(tokens, 1.629e13, 0.005)
  near(parameters, 3.89e11, 0.005)
  near(allocate(allocationLaws['llama-3-printed'], 3.8e25).tokens, 1.046e13, 0.005)
})

describe('repetition (Muennighoff et al. 2023, arXiv:2305.16264; README of github.com/huggingface/datablations)', () => {
  const stock: Stock = { uniqueTokens: 25e9, ...repetitions.autoregressive }
  const { muennighoff } = surfaces

  test('two runs', () => {
    expect(stockLoss(muennighoff, stock, 6.34e9, 242e9)).toBeCloseTo(2.22564409, 6)
    expect(stockLoss(muennighoff, stock, 8.67e9, 178e9)).toBeCloseTo(2.2269634, 6)
  })

  test('the best run of 1e22 FLOP', () => {
    const best = bestUnderStock(muennighoff, stock, 1e22)
    near(best.parameters, 7.02e9, 0.005)
    near(best.tokens, 2.373e11, 0.005)
    near(best.tokens / 25e9, 9.49, 0.005)
    expect(best.lossNats).toBeCloseTo(2.22213, 5)
  })

  test('four epochs, and as many as one likes', () => {
    const worth = (epochs: number) => effective(muennighoff, stock, 1, epochs * 25e9).tokens / 25e9
    expect(worth(4) / 4).toBeCloseTo(0.9314, 4)
    expect(worth(1e4)).toBeCloseTo(16.3878, 4)
  })
})

describe('critical batch (Zhang et al. 2024, arXiv:2410.21676; McCandlish et al. 2018, arXiv:1812.06162)', () => {
  test('1.2B parameters at a fifth more tokens', () => {
    near(zhangSequences.compute({ parameters: 1.2e9 }), 2578, 0.001)
    near(zhangSequences.compute({ parameters: 1.2e9 }) * 512, 1.32e6, 0.005)
    near(batchOf(batchLaws.zhang, { tokens: 20.5 * 1.2e9, flop: 0, parameters: 0, lossNats: 0 }), 1.32e6, 0.03)
  })

  test('the hyperbola, and the step count that it predicts (measured: 15,360)', () => {
    near(2.22e10 / 3897, 5.7e6, 0.005)
    const batchTokens = 4096 * 512
    near(stepsAtBatch.compute({ fewestSteps: 3897, criticalTokens: 5.7e6, batchTokens }), 14_488, 0.002)
    expect(stepsAtBatch.compute({ fewestSteps: 7, criticalTokens: 5, batchTokens: 5 })).toBe(14)
    expect(batchOverhead.compute({ criticalTokens: 5, batchTokens: 5 })).toBe(2)
  })
})

describe('limits of parallelism (jax-ml.github.io/scaling-book; Llama 3, arXiv:2407.21783 table 4)', () => {
  test('the cluster of Llama 3 405B', () => {
    expect(degreeIdentity.compute({ tp: 8, batchTokens: 2048 * 8192, slotTokens: 8192, fill: 1 })).toBe(16_384)
    const limit = (bytesPerSecond: number) =>
      mlpTpLimit.compute({ ffn: 53_248, bytesPerSecond, peakFlopPerSecond: 989e12 })
    expect(limit(450e9)).toBeCloseTo(24.2, 1)
    expect(limit(400e9)).toBeCloseTo(21.5, 1)
  })

  test('tokens for fully sharded data parallelism, dense and of 128 experts with 4 active', () => {
    const tokens = ridgeTokens.compute({ peakFlopPerSecond: 990e12, bytesPerSecond: 400e9 })
    near(16_000 * tokens, 39.6e6, 0.001)
    near(sparseTokens.compute({ tokens, activeFraction: 4 / 128 }), 79_200, 0.001)
  })
})

describe('walls of 90 days (Erdil and Schneider-Joseph 2024, arXiv:2411.01137: 2e28 and 2e31 FLOP)', () => {
  const question: WallQuestion = {
    machine: { ...h100, scaleUpDomain: Number.POSITIVE_INFINITY },
    seconds: 90 * DAY,
    law: batchLaws['cube-root'],
    shape: shapeRules.aspect,
    tokensPerParameter: 20,
    utilization: 0.8,
  }

  test('bandwidth', () => {
    const wall = bandwidthWall(question)
    near(wall.flop, 2.1e28, 0.05)
    near(wall.chips, 3.4e6, 0.05)
    near(wall.tp, 71, 0.02)
    near(wall.hidden, 52e3, 0.02)
  })

  test('latency', () => {
    const wall = latencyWall(question)
    near(wall.flop, 2.1e31, 0.05)
    near(wall.batchTokens, 45e6, 0.03)
  })

  test('latency goes with the square of batch, time, depth and pace', () => {
    const base = { batchTokens: 4e6, seconds: 90 * DAY, tokensPerParameter: 20, layers: 120, layerSeconds: 16e-6 }
    const at = (change: Partial<typeof base>) =>
      latencyWallFlop.compute({ ...base, ...change }) / latencyWallFlop.compute(base)
    near(latencyWallFlop.compute(base), 1.97e31, 0.01)
    for (const change of [{ batchTokens: 8e6 }, { seconds: 180 * DAY }, { layers: 60 }, { layerSeconds: 8e-6 }]) {
      expect(at(change)).toBeCloseTo(4, 9)
    }
  })
})

describe('what a stock of text takes in (Besiroglu surface with the repetition of Muennighoff et al.)', () => {
  const stockOf = (uniqueTokens: number): Stock => ({ uniqueTokens, ...repetitions.autoregressive })

  test('300T tokens', () => {
    const once = onceThroughFlop(besiroglu, 3e14)
    near(once, 3.89e28, 0.005)
    const half = digest(besiroglu, stockOf(3e14), 4.72e30)
    expect(half.marginal).toBeCloseTo(0.5, 2)
    expect(half.epochs).toBeCloseTo(15.1, 1)
    near(half.allocation.parameters, 1.73e14, 0.005)
    expect(digest(besiroglu, stockOf(3e14), 2.69e30).absorption).toBeCloseTo(0.5, 2)
    expect(digest(besiroglu, stockOf(3e14), 4.08e31).marginal).toBeCloseTo(0.1, 2)
    expect(digest(besiroglu, stockOf(3e14), once).allocation.lossNats).toBeCloseTo(1.8389, 4)
    expect(floorNats(besiroglu, stockOf(3e14))).toBeCloseTo(1.8268, 4)
  })

  test.each([15e12, 1e15])('%d tokens: the same multiples of one reading', (tokens) => {
    const once = onceThroughFlop(besiroglu, tokens)
    expect(digest(besiroglu, stockOf(tokens), 121 * once).marginal).toBeCloseTo(0.5, 2)
    expect(digest(besiroglu, stockOf(tokens), 69 * once).absorption).toBeCloseTo(0.5, 2)
  })
})

describe('multipliers', () => {
  test('Muon over AdamW (Liu et al. 2025, arXiv:2502.16982)', () => {
    expect(muonFlopRatio.compute({ flop: 10 * 8.64e19 })).toBeCloseTo(0.507, 3)
    expect(muonFlopRatio.compute({ flop: 3.8e25 })).toBeCloseTo(0.765, 3)
  })

  test('bits (Kumar et al. 2024, arXiv:2411.04330)', () => {
    expect(factorOfBits(8)).toBeCloseTo(0.924, 3)
    expect(factorOfBits(4)).toBeCloseTo(0.639, 3)
    expect(factorOfBits(16)).toBeCloseTo(0.99676, 5)
    const lossAt = (bits: number) =>
      surfaceLoss.compute({ ...besiroglu, parameters: 70e9 * factorOfBits(bits), tokens: 1.4e12 })
    expect(lossAt(16) - lossAt(32)).toBeCloseTo(9.2e-5, 6)
  })

  test('mixture of experts at 3.5 % active (Ling team 2025, arXiv:2507.17702)', () => {
    near(leverage(0.035, 1e22).central, 7, 0.4)
  })
})

describe('reliability (Dubey et al. 2024, arXiv:2407.21783; Kokolis et al. 2024, arXiv:2410.21680)', () => {
  test.each([
    ['rsc-1', 16_384, 1.803],
    ['llama-3', 16_384, 3.09],
    ['rsc-1', 131_072, 0.225],
    ['llama-3', 131_072, 0.387],
  ] as const)('%s at %d chips', (rate, chips, hours) => {
    const { meanSeconds: chipMeanSeconds } = failureRates[rate]
    expect(meanSecondsBetween.compute({ chipMeanSeconds, chips }) / HOUR).toBeCloseTo(hours, hours > 1 ? 2 : 3)
  })

  test('interval, goodput and wall', () => {
    const meanSeconds = 11_135
    const intervalSeconds = youngSeconds.compute({ checkpointSeconds: 30, meanSeconds })
    near(intervalSeconds, 817, 0.001)
    const inputs = { checkpointSeconds: 30, intervalSeconds, meanSeconds, restartSeconds: 600 }
    expect(firstOrderGoodput.compute(inputs)).toBeCloseTo(0.873, 3)
    const exact = goodput({ chipMeanSeconds: meanSeconds, checkpointSeconds: 30, restartSeconds: 600 }, 1)
    expect(exact).toBeGreaterThan(0.873)
    expect(exact).toBeLessThan(0.885)
    near(reliabilityWallChips.compute({ chipMeanSeconds: 50_677 * HOUR, restartSeconds: 300 }), 608e3, 0.001)
  })
})

describe('thirty billion dollars and half a year', () => {
  /** B200: 2.25 PFLOP/s bf16, 2 kW with its share of everything. */
  const seconds = 182.5 * DAY
  const buy = (usd: number) => affordableChips({ seconds, usd, usdPerChip: 45_000 }, 2000).chips
  const flopOf = (chips: number) => chips * 2.25e15 * 0.4 * 0.9 * seconds

  test('what it buys, and what that does to the loss', () => {
    near(buy(30e9), 0.67e6, 0.01)
    near(flopOf(buy(30e9)), 8.5e27, 0.02)
    const rented = affordableChips({ seconds, usd: 30e9, usdPerChipSecond: 3 / HOUR }, 2000).chips
    expect(rented).toBeGreaterThan(1.7e6)
    expect(rented).toBeLessThan(3.5e6)
    near(buy(30e9) * 2000, 1.3e9, 0.05)
    const loss = (usd: number) => bestAllocation(besiroglu, flopOf(buy(usd))).lossNats
    expect(loss(1e9)).toBeCloseTo(1.869, 3)
    expect(loss(10e9)).toBeCloseTo(1.852, 3)
    expect(loss(30e9)).toBeCloseTo(1.846, 3)
    near(loss(1e9) - loss(10e9), 0.017, 0.05)
    const best = bestAllocation(besiroglu, flopOf(buy(30e9)))
    expect(best.tokens).toBeGreaterThan(1.2e14)
    expect(best.tokens).toBeLessThan(4e14)
    expect(best.parameters).toBeGreaterThan(0.8e13)
    expect(best.parameters).toBeLessThan(3e13)
    near(1.8926 - best.lossNats, 0.047, 0.05)
  })

  test.each([
    [2, 3.4e6, 4.4e28],
    [4, 1.7e6, 2.2e28],
  ])('rented at %d USD an hour', (usdPerHour, chips, flop) => {
    const rented = affordableChips({ seconds, usd: 30e9, usdPerChipSecond: usdPerHour / HOUR }, 2000)
    expect(rented.bound).toBe('money')
    near(rented.chips, chips, 0.02)
    near(flopOf(rented.chips), flop, 0.03)
  })

  test('in fp8: twice the rate less its overheads', () => {
    // B200 data sheet, dense fp8 over bf16: 4.5 / 2.25 PFLOP/s. The published estimate takes 1.65 of it.
    const fp8 = (chips: number) => flopOf(chips) * 2
    expect(fp8(buy(30e9))).toBeGreaterThan(1.4e28)
    const rented = affordableChips({ seconds, usd: 30e9, usdPerChipSecond: 2 / HOUR }, 2000).chips
    expect(fp8(rented)).toBeGreaterThan(7e28)
    // At the same compute fp8 counts as a model of 8 % fewer parameters: the higher rate is worth far more.
    const recipe = { ...standardRecipe, uniqueTokens: Number.POSITIVE_INFINITY, datatype: 'fp8' } as const
    const chips = buy(30e9)
    const calm = { ...h100, chips, peakFlopPerSecond: 2.25e15, chipMeanSeconds: Number.POSITIVE_INFINITY }
    const bf16 = settle({ machine: calm, seconds, recipe: { ...recipe, datatype: 'bf16' }, mfu: 0.4, batchFactor: 1 })
    const faster = settle({
      machine: { ...calm, peakFlopPerSecond: 4.5e15 },
      seconds,
      recipe,
      mfu: 0.4,
      batchFactor: 1,
    })
    const gain = faster.equivalentFlop / bf16.equivalentFlop
    expect(gain).toBeGreaterThan(1.6)
    expect(gain).toBeLessThan(2)
  })

  test('a site of one gigawatt runs out of power before money', () => {
    const bought = affordableChips({ seconds, usd: 30e9, usdPerChip: 45_000, watts: 1e9, pue: 1.1 }, 2000)
    expect(bought).toEqual({ chips: Math.floor(1e9 / 2200), bound: 'power' })
    expect(affordableChips({ seconds, chips: 100, usd: 30e9, usdPerChip: 45_000, watts: 1e9 }, 2000).bound).toBe(
      'chips',
    )
  })
})

describe('from 10ⁿ to 10ⁿ⁺³', () => {
  const unlimited = { ...besiroglu }
  test.each([
    [20, 0.521],
    [22, 0.229],
    [24, 0.101],
    [25, 0.0669],
    [28, 0.0195],
  ])('n = %d with no end of data', (n, nats) => {
    const [a, b] = [bestAllocation(unlimited, 10 ** n), bestAllocation(unlimited, 10 ** (n + 3))]
    near(a.lossNats - b.lossNats, nats, 0.006)
  })

  test.each([
    [3e14, 1e28, 253, true],
    [3e14, 1e30, 5, false],
    [1e14, 1e29, 5.4, false],
  ])('%d tokens from %d FLOP', (uniqueTokens, from, ratio, digests) => {
    const stock: Stock = { uniqueTokens, ...repetitions.autoregressive }
    const of = (flop: number) => digest(besiroglu, stock, flop).equivalentFlop
    const found = of(from * 1000) / of(from)
    near(found, ratio, 0.08)
    expect(found >= 10 ** 1.5).toBe(digests)
  })

  test('an LSTM fails as soon as its sequences are used up', () => {
    const recipe = {
      ...standardRecipe,
      architecture: 'lstm',
      batchTokens: 16e6,
      uniqueTokens: Number.POSITIVE_INFINITY,
    } as const
    const question = { machine: h100, seconds: 90 * DAY, recipe, utilization: constantMfu(0.4), doublings: 0 }
    const road = { question, referenceMfu: 0.4 }
    const flopOfChips = (chips: number) => chips * h100.peakFlopPerSecond * 0.4 * 90 * DAY
    expect(essayTest(road, flopOfChips(0.01)).equivalentRatio).toBeGreaterThan(
      essayTest(road, flopOfChips(1)).equivalentRatio,
    )
    expect(essayTest(road, flopOfChips(53)).digests).toBe(false)
    expect(essayTest(road, flopOfChips(53)).equivalentRatio).toBeLessThan(1.1)
  })
})

test('Llama 3 405B in its GPU-hours: 30.84M on the model card of huggingface.co/meta-llama/Llama-3.1-405B', () => {
  const useful = 3.79e25 / (30.84e6 * HOUR * 989e12)
  expect(useful).toBeGreaterThan(0.33)
  expect(useful).toBeLessThan(0.39)
  const seconds = (30.84e6 * HOUR) / 16_384
  const settled: Settled = { machine: h100, seconds, recipe: standardRecipe, mfu: 0.4, batchFactor: 1 }
  const point = settle(settled)
  near(point.hardwareFlop, 3.8e25, 0.12)
  expect(absorb(point).ofDelivered).toBeGreaterThan(0.8)
})

describe('laws that share compute and say no loss', () => {
  test.each(['llama-3', 'deepseek'] as const)('%s: its own optimum, the frontier of the default surface', (name) => {
    for (const flop of [1e20, 3.8e25, 1e28]) {
      const best = bestAllocation(surfaces[name], flop)
      const own = allocate(allocationLaws[name], flop)
      near(best.tokens, own.tokens, 1e-9)
      near(best.parameters, own.parameters, 1e-9)
      near(best.lossNats, bestAllocation(surfaces.besiroglu, flop).lossNats, 1e-9)
      near(spentOverWorth(surfaces[name], own.parameters, own.tokens), 1, 1e-9)
      expect(spentOverWorth(surfaces[name], 2 * own.parameters, own.tokens / 2)).toBeGreaterThan(1)
    }
    expect(surfaces[name].refusal).toContain('no loss')
  })
})
