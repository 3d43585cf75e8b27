/** How much of the time counts when chips fail and every failure stops the whole run. */
import { formula } from '../engine/formula.ts'
import type { Cited } from './cited.ts'
import { lowest } from './solve.ts'

const HOUR = 3600

export interface FailureRate extends Cited {
  /** Of one chip. */
  readonly meanSeconds: number
}

export const failureRates = {
  'llama-3': {
    label: 'Llama 3: 419 unexpected stops in 54 days on 16,384 H100',
    meanSeconds: 50_677 * HOUR,
    source: 'Dubey et al. 2024, arXiv:2407.21783 §3.3.4',
    validity: 'one run of 2024; small jobs fail more often than their size says',
    confidence: 'secondary',
  },
  'rsc-1': {
    label: 'Meta research cluster 1: 6.50 failures per 1000 node-days',
    meanSeconds: (8 * 24 * 1000 * HOUR) / 6.5,
    source: 'Kokolis et al. 2024, arXiv:2410.21680',
    validity: '11 months of 16,000 A100',
    confidence: 'secondary',
  },
  'rsc-2': {
    label: 'Meta research cluster 2: 2.34 failures per 1000 node-days',
    meanSeconds: (8 * 24 * 1000 * HOUR) / 2.34,
    source: 'Kokolis et al. 2024, arXiv:2410.21680',
    validity: '11 months of 8,000 A100',
    confidence: 'secondary',
  },
} as const satisfies Record<string, FailureRate>

interface MeanInputs {
  readonly chipMeanSeconds: number
  readonly chips: number
}

export const meanSecondsBetween = formula<MeanInputs>({
  id: 'meanSecondsBetween',
  unit: 'seconds',
  text: 'chipMeanSeconds / chips',
  source: 'failures of chips are independent: Kokolis et al. 2024, arXiv:2410.21680 §3',
  compute: ({ chipMeanSeconds, chips }) => chipMeanSeconds / chips,
})

interface IntervalInputs {
  readonly checkpointSeconds: number
  readonly meanSeconds: number
}

export const youngSeconds = formula<IntervalInputs>({
  id: 'youngSeconds',
  unit: 'seconds',
  text: 'sqrt(2 * checkpointSeconds * meanSeconds)',
  source: 'Young 1974, doi:10.1145/361147.361115: best interval between checkpoints',
  compute: ({ checkpointSeconds, meanSeconds }) => Math.sqrt(2 * checkpointSeconds * meanSeconds),
})

interface GoodputInputs extends IntervalInputs {
  readonly intervalSeconds: number
  readonly restartSeconds: number
}

/** Good while losses are small. */
export const firstOrderGoodput = formula<GoodputInputs>({
  id: 'firstOrderGoodput',
  unit: 'ratio',
  text: '1 - checkpointSeconds / intervalSeconds - intervalSeconds / (2 * meanSeconds) - restartSeconds / meanSeconds',
  source: 'Young 1974, doi:10.1145/361147.361115: writes, half an interval lost and one restart per failure',
  compute: ({ checkpointSeconds: w, intervalSeconds: t, meanSeconds: m, restartSeconds: r }) =>
    1 - w / t - t / (2 * m) - r / m,
})

/** Failures may strike during a restart or a write: never negative. */
export const exactGoodput = formula<GoodputInputs>({
  id: 'exactGoodput',
  unit: 'ratio',
  text: 'intervalSeconds / meanSeconds * exp(-restartSeconds / meanSeconds) / (exp((intervalSeconds + checkpointSeconds) / meanSeconds) - 1)',
  source: 'Daly 2006, doi:10.1016/j.future.2004.11.016 eq. 13: failures arrive at random at all times',
  compute: ({ checkpointSeconds: w, intervalSeconds: t, meanSeconds: m, restartSeconds: r }) =>
    ((t / m) * Math.exp(-r / m)) / (Math.exp((t + w) / m) - 1),
})

/** Of the machine as a whole: see machine.ts. */
export interface Repair {
  /** Mean time between failures of one chip; Infinity: nothing fails. */
  readonly chipMeanSeconds: number
  readonly checkpointSeconds: number
  /** To notice, replace and load. */
  readonly restartSeconds: number
}

/** Share of time that counts, at the best interval. */
export function goodput({ chipMeanSeconds, checkpointSeconds, restartSeconds }: Repair, chips: number): number {
  if (chipMeanSeconds === Number.POSITIVE_INFINITY) return 1
  const meanSeconds = meanSecondsBetween.compute({ chipMeanSeconds, chips })
  const young = youngSeconds.compute({ checkpointSeconds, meanSeconds })
  // Young's interval is the best one only while it is short beside the mean time; Daly caps it there.
  const intervalSeconds = Math.min(Math.max(young, 1e-9 * meanSeconds), meanSeconds)
  return exactGoodput.compute({ checkpointSeconds, meanSeconds, restartSeconds, intervalSeconds })
}

/** Chips beyond which one more brings less than its failures take away. */
export function mostUsefulChips(repair: Repair): number {
  const { chipMeanSeconds, restartSeconds, checkpointSeconds } = repair
  if (chipMeanSeconds === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  const wall = chipMeanSeconds / (restartSeconds + checkpointSeconds)
  return lowest(1, Math.max(2, 10 * wall), (chips) => -chips * goodput(repair, chips))
}

interface WallInputs {
  readonly chipMeanSeconds: number
  readonly restartSeconds: number
}

export const reliabilityWallChips = formula<WallInputs>({
  id: 'reliabilityWallChips',
  unit: 'count',
  text: 'chipMeanSeconds / restartSeconds',
  source: 'a restart lasts as long as the time to the next failure: firstOrderGoodput reaches zero, Young 1974',
  compute: ({ chipMeanSeconds, restartSeconds }) => chipMeanSeconds / restartSeconds,
})
