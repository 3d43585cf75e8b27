/** Same FLOP, better model? Each choice alone against the standard recipe, in compute-equivalents. */
import type { Datatype } from '../engine/job.ts'
import { architectures } from './architecture.ts'
import { type Cited, confidences, type Pick, type Span } from './cited.ts'
import { dataPolicies } from './data-limit.ts'
import { efforts } from './hyper-parameter.ts'
import { FLOP_PER_PARAMETER_TOKEN, optimalParameters } from './loss-law.ts'
import { objectives } from './objective.ts'
import { optimizers } from './optimizer.ts'
import { precisionFacts } from './precision.ts'
import { composedGain, type Recipe, SUSPICIOUS_GAIN, weigh, worthOf } from './recipe.ts'
import { type Point, type Settled, settle, settleRoughly } from './settle.ts'
import { lowest } from './solve.ts'

/** The valley is flat: a size right to one part in a thousand leaves the loss right to one in a million. */
const STEPS = 20

/** Compute-equivalent of the best model of a recipe, with no cluster in the way: a batch of one sequence costs nothing. */
export function worthAtFlop(recipe: Recipe, flop: number): number {
  const spent = flop * (1 - efforts[recipe.effort].searchFraction)
  const free = optimalParameters.compute({ ...recipe.surface, flop })
  const nats = (parameters: number) => {
    const tokens = spent / (FLOP_PER_PARAMETER_TOKEN * parameters)
    return weigh(recipe, { flop, parameters, tokens, batchTokens: 0 }).reducibleNats
  }
  return worthOf(recipe, nats(lowest(free / 1e3, free * 1e3, nats, STEPS)))
}

export interface Choice {
  readonly kind: 'architecture' | 'optimizer' | 'precision' | 'objective' | 'data' | 'settings'
  readonly label: string
  readonly cited: Grounds
  readonly change: Partial<Recipe>
  /** Rate of the chip over that of bf16; 1 where it runs alike. */
  readonly rate: number
}

type Grounds = Omit<Cited, 'label'>

/** Dense rates over bf16 by chip: data sheets. */
export type Rates = Readonly<Record<Datatype, number>>

export function choices(rates: Rates): readonly Choice[] {
  const architecture = (['moe', 'hybrid', 'mamba', 'convolution', 'lstm'] as const).map((name) => ({
    ...choice('architecture', architectures[name], {
      architecture: name,
      activeFraction: name === 'moe' ? 0.035 : 1,
    }),
  }))
  const encoder = choice(
    'architecture',
    { ...architectures.encoder, label: 'BERT (encoder, masked tokens)' },
    {
      architecture: 'encoder',
      objective: 'masked',
    },
  )
  const optimizer = (['muon', 'soap', 'shampoo', 'lion', 'adafactor', 'sgd'] as const).map((name) =>
    choice('optimizer', optimizers[name], { optimizer: name }),
  )
  const precision = (['fp64', 'fp32', 'tf32', 'fp8', 'fp4'] as const)
    .filter((datatype) => rates[datatype] > 0)
    .map((datatype) => ({
      ...choice('precision', { ...precisionFacts, label: datatype }, { datatype }),
      rate: rates[datatype],
    }))
  const objective = (['masked', 'replaced-token', 'diffusion'] as const).map((name) =>
    choice('objective', objectives[name], { objective: name }),
  )
  const data = [choice('data', dataPolicies.regularized, { dataPolicy: 'regularized' })]
  const settings = (['none', 'transfer'] as const).map((name) => choice('settings', efforts[name], { effort: name }))
  return [...architecture, encoder, ...optimizer, ...precision, ...objective, ...data, ...settings]
}

function choice(kind: Choice['kind'], cited: Cited, change: Partial<Recipe>): Choice {
  return { kind, label: cited.label, cited, change, rate: 1 }
}

export interface Comparison {
  readonly choice: Choice
  /** Compute-equivalent over that of the standard at the same FLOP. */
  readonly sameFlop: Span
  /** The same on the same chips in the same time: speed of the datatype, chips that find no work, batch. */
  readonly sameCluster: Span
  /** Of chips, that find work. */
  readonly usedShare: number
  readonly lossNats: number
  /** Held against the evidence: this product of gains is too good to trust. */
  readonly suspicious: boolean
}

const picks = ['low', 'central', 'high'] as const satisfies readonly Pick[]

/** How fast a recipe runs over how fast the standard does, of the chips that find work; 0: the engine finds no way. */
export type Speeds = (recipe: Recipe) => number

const alike: Speeds = () => 1

/** `settled` is the standard; its utilization serves every row, but for what runs at another. */
export function compareParadigms(settled: Settled, rates: Rates, speeds: Speeds = alike): readonly Comparison[] {
  // The standard is taken at the same end of the evidence as the choice, so that only the choice's own doubt shows.
  const standard = picks.map((pick) => settledAt(pick, { ...settled, recipe: { ...settled.recipe, pick } }))
  const flop = (standard[1] as Point).hardwareFlop
  const worths = picks.map((pick) => worthAtFlop({ ...settled.recipe, pick }, flop))
  return choices(rates).map((choice) => {
    const at = (pick: Pick): Recipe => ({ ...settled.recipe, ...choice.change, pick })
    const peakFlopPerSecond = settled.machine.peakFlopPerSecond * choice.rate
    const machine = { ...settled.machine, peakFlopPerSecond }
    const mfu = settled.mfu * (speeds(at('central')) || 1)
    const points = picks.map((pick) => settledAt(pick, { ...settled, machine, mfu, recipe: at(pick) }))
    const central = points[1] as Point
    return {
      choice,
      sameFlop: rangeOf(picks.map((pick, n) => worthAtFlop(at(pick), flop) / (worths[n] ?? Number.NaN))),
      sameCluster: rangeOf(
        points.map(({ equivalentFlop }, n) => equivalentFlop / (standard[n]?.equivalentFlop ?? Number.NaN)),
      ),
      usedShare: central.usedChips / settled.machine.chips,
      lossNats: central.lossNats,
      suspicious: composedGain(at('central'), flop) > SUSPICIOUS_GAIN,
    }
  })
}

/** The ends of a span need fewer digits than its centre. */
const settledAt = (pick: Pick, at: Settled): Point => (pick === 'central' ? settle(at) : settleRoughly(at))

function rangeOf([low = Number.NaN, central = Number.NaN, high = Number.NaN]: readonly number[]): Span {
  return { low: Math.min(low, high), central, high: Math.max(low, high) }
}

/** Weakest link: a chain of constants is as sure as the least sure of them. */
export function weakest(of: readonly Cited[]): Cited['confidence'] {
  const worst = Math.max(...of.map(({ confidence }) => confidences.indexOf(confidence)))
  return confidences[worst] ?? 'unverified'
}
