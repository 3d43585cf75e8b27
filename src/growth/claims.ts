/**
 * Claims of Yang You's essay "The bottleneck of intelligence growth", each with a number that can be asked of a cluster,
 * what the literature says of it, and the range of the number in which that verdict stands.
 */
import { lstmHandicap } from './architecture.ts'
import { bindingOf, wallNameOf } from './binding.ts'
import { compareParadigms, type Rates } from './compare.ts'
import { effective, repetitions } from './data-limit.ts'
import { constantMfu } from './frontier.ts'
import { type Road, ratioOf, settledOnRoad } from './grow.ts'
import { wallOf } from './levers.ts'
import { bestAllocation, spentOverWorth, surfaceLoss } from './loss-law.ts'
import { affordableChips } from './machine.ts'
import { leverage } from './moe.ts'
import { optimizers } from './optimizer.ts'
import { layerTpLimit, replicaTokens, ridgeTokens } from './parallel-limit.ts'
import { factorOfBits } from './precision.ts'
import { type Settled, settle } from './settle.ts'
import { chipPrices } from './trends.ts'
import { paradigmComputer } from './useful-chips.ts'
import { latencyWallFlop } from './walls.ts'

export type ClaimUnit = 'times' | 'nats' | 'flop' | 'share' | 'exponent' | 'count'

export interface Claim {
  readonly claim: string
  readonly metric: string
  readonly value: number
  readonly unit: ClaimUnit
  readonly verdict: string
  /** Range in which that verdict stands. */
  readonly stands: readonly [from: number, to: number]
  /** Why not here, where it does not. */
  readonly because?: string
}

/** Of Llama 3 405B in depth, width, batch and context (Dubey et al. 2024, arXiv:2407.21783). */
const sizes = { layers: 126, hidden: 16_384, seqLen: 8192, batchTokens: 16e6, activeFraction: 0.05 }
const LLAMA_FLOP = 3.8e25

export function claimsOf(settled: Settled, rates: Rates): readonly Claim[] {
  return [...ofUnits(settled), ...ofWalls(settled), ...ofComputers(settled), ...ofReserves(settled, rates)]
}

function ofUnits({ recipe: { surface } }: Settled): readonly Claim[] {
  const loss = (flop: number) => bestAllocation(surface, flop).lossNats
  return [
    {
      claim: 'FLOP, not tokens, are the unit',
      metric: 'spent over worth: 8B on 15T tokens',
      value: spentOverWorth(surface, 8e9, 15e12),
      unit: 'times',
      verdict: 'mostly supported: on the best path only; small models overspend on purpose',
      stands: [2, 10],
    },
    {
      claim: 'same FLOP, better model',
      metric: 'best single factor: mixture, 3.5 % active',
      value: leverage(0.035, 1e22).central,
      unit: 'times',
      verdict: 'the right question: settings ≤ 2 ×, Muon 1.1 to 2 ×, mixtures 5 to 8 ×; they do not all multiply',
      stands: [4, 10],
    },
    {
      claim: '10ⁿ to 10ⁿ⁺³ is significantly better',
      metric: 'nats from 1e28 to 1e31, endless data',
      value: loss(1e28) - loss(1e31),
      unit: 'nats',
      verdict: 'depends on n: 71 % of what is reducible, but below the doubt of .04 nats about E at n = 28',
      stands: [0.005, 0.04],
    },
  ]
}

function roadOf({ machine, seconds, recipe, mfu }: Settled): Road {
  return { question: { machine, seconds, recipe, utilization: constantMfu(mfu), doublings: 0 }, referenceMfu: mfu }
}

function ofWalls(settled: Settled): readonly Claim[] {
  const road = roadOf(settled)
  const at = (flop: number) => {
    const point = settle(settledOnRoad(road, flop))
    return ratioOf(point, point.criticalTokens)
  }
  const { peakFlopPerSecond, hbmBytesPerSecond, scaleOutBytesPerSecond } = settled.machine
  const wall = wallOf(road)
  const binding = wallNameOf(bindingOf(settle(settledOnRoad(road, wall.offeredFlop * 1.05))))
  const network = replicaTokens.compute({ peakFlopPerSecond, bytesPerSecond: scaleOutBytesPerSecond })
  return [
    {
      claim: 'the paradigm cannot digest growing compute',
      metric: 'wall: 1 % more brings half a per cent',
      value: wall.offeredFlop,
      unit: 'flop',
      verdict: 'not before 1e27; plausible beyond, from bandwidth, text and reliability together',
      stands: [1e27, 1e32],
      because: `${binding} binds first`,
    },
    {
      claim: 'compute over communication must be kept',
      metric: 'd ln R / d ln C from 1e24 to 1e26',
      value: Math.log(at(1e26) / at(1e24)) / Math.log(100),
      unit: 'exponent',
      verdict: 'supported: R halves with each tenfold at fixed time',
      stands: [-0.42, -0.2],
    },
    {
      claim: 'HBM forces a huge batch',
      metric: 'ridge of the network over that of HBM',
      value: network / ridgeTokens.compute({ peakFlopPerSecond, bytesPerSecond: hbmBytesPerSecond }),
      unit: 'times',
      verdict: 'direction right, magnitude small: it is the network that asks for batch',
      stands: [3, 1e3],
    },
  ]
}

function ofComputers({ machine }: Settled): readonly Claim[] {
  const of = (name: 'transformer' | 'lstm', change: Partial<typeof sizes> = {}) =>
    paradigmComputer(name, machine, { ...sizes, ...change }).usefulChips
  const { peakFlopPerSecond, scaleUpBytesPerSecond, layerSeconds } = machine
  const wall = (layers: number) =>
    latencyWallFlop.compute({ batchTokens: 16e6, seconds: 90 * 86_400, tokensPerParameter: 20, layers, layerSeconds })
  return [
    {
      claim: 'a Transformer is a parallel computer',
      metric: 'GPUs it keeps busy over those of an LSTM',
      value: of('transformer') / of('lstm'),
      unit: 'times',
      verdict: 'supported: an LSTM has only sequences to share, and a worse exponent',
      stands: [100, 1e6],
    },
    {
      claim: 'wider is more tensor parallelism',
      metric: 'most TP at width 16,384',
      value: layerTpLimit.compute({ hidden: 16_384, bytesPerSecond: scaleUpBytesPerSecond, peakFlopPerSecond }),
      unit: 'count',
      verdict: 'supported: linear in width, but capped by the scale-up domain',
      stands: [machine.scaleUpDomain, 1e4],
    },
    {
      claim: 'longer sequences are more parallelism',
      metric: 'GPUs at twice the context, same batch',
      value: of('transformer', { seqLen: 2 * sizes.seqLen }) / of('transformer'),
      unit: 'times',
      verdict: 'half right: sequence and data parallelism share one pool, the tokens of a batch',
      stands: [0.99, 1.01],
    },
    {
      claim: 'very deep is bad',
      metric: 'latency wall at half the depth',
      value: wall(63) / wall(126),
      unit: 'times',
      verdict: 'right, for another reason: not pipelines but serial steps, as the square of depth',
      stands: [3.9, 4.1],
    },
  ]
}

function ofReserves(settled: Settled, rates: Rates): readonly Claim[] {
  const { surface } = settled.recipe
  const lossAt = (bits: number) =>
    surfaceLoss.compute({ ...surface, parameters: 70e9 * factorOfBits(bits), tokens: 1.4e12 })
  const { parameters } = bestAllocation(surface, LLAMA_FLOP)
  const stock = { uniqueTokens: 1, ...repetitions.autoregressive }
  const seen = (epochs: number) => effective(surface, stock, 1, epochs).tokens
  const fp8 = compareParadigms(settled, { ...rates, fp8: rates.fp8 || 2 }).find(({ choice }) => choice.label === 'fp8')
  return [
    {
      claim: 'more bits would help',
      metric: 'nats from 16 to 32 bits, 70B on 1.4T',
      value: lossAt(16) - lossAt(32),
      unit: 'nats',
      verdict: 'contradicted: less than any run can tell, for half the speed or less; fp64 at scale is untested',
      stands: [0, 1e-3],
    },
    {
      claim: 'higher-order optimizers',
      metric: 'Muon against AdamW at 3.8e25',
      value: optimizers.muon.worth({ flop: LLAMA_FLOP, parameters }).central,
      unit: 'times',
      verdict: 'partly: 1.1 to 2 × and shrinking; the larger critical batch matters more',
      stands: [1.02, 2],
    },
    {
      claim: 'more scalable architectures and losses',
      metric: 'handicap of an LSTM at 3.8e25',
      value: lstmHandicap.compute({ flop: LLAMA_FLOP, growth: 0.22 }),
      unit: 'times',
      verdict: 'supported by history; today mixtures, and masked losses where text binds',
      stands: [300, 3000],
    },
    {
      claim: 'more epochs are an unused reserve',
      metric: 'worth of the next token at 40 epochs',
      value: (seen(40.04) - seen(40)) / 0.04,
      unit: 'share',
      verdict: 'free to 4, half at 15, gone at 40; 30 × weight decay and ensembles reach 5 × as far',
      stands: [0.02, 0.15],
    },
    {
      claim: 'thirty billion dollars would show it',
      metric: 'nats from 1 to 10 billion, half a year',
      value: moneyNats(settled, 1e9, 10e9),
      unit: 'nats',
      verdict: 'it lands where bandwidth, text and reliability bind together; ten times the money is .017 nats',
      stands: [0.012, 0.025],
    },
    {
      claim: 'low precision does not matter to the ceiling',
      metric: 'fp8 on the same cluster',
      value: fp8?.sameCluster.central ?? Number.NaN,
      unit: 'times',
      verdict: 'partly contradicted: at fixed power and time it raises what is absorbed',
      stands: [1.2, 3],
    },
  ]
}

/** B200-class GPUs at 45k USD, utilization .4, goodput .9. */
function moneyNats({ recipe: { surface } }: Settled, less: number, more: number): number {
  const seconds = 182.5 * 86_400
  const loss = (usd: number) => {
    const { chips } = affordableChips({ seconds, usd, usdPerChip: chipPrices.b200.usd.low }, 2000)
    return bestAllocation(surface, chips * 2.25e15 * 0.4 * 0.9 * seconds).lossNats
  }
  return loss(less) - loss(more)
}
