/** A kernel SVM trained by sequential minimal optimization, as a computer: one pair of examples after another. */
import { formula } from '../engine/formula.ts'
import { latencies, type Machine } from './machine.ts'

export interface SvmSizes {
  readonly examples: number
  readonly features: number
  /** Iterations over examples. */
  readonly iterationsPerExample: number
}

/** A large problem of the classic kind. Iterations grow a little faster than examples: Bottou and Lin 2007. */
export const classicSvm: SvmSizes = { examples: 1e6, features: 1e3, iterationsPerExample: 2 }

interface RowInputs {
  readonly examples: number
  readonly features: number
}

export const smoIterationFlop = formula<RowInputs>({
  id: 'smoIterationFlop',
  unit: 'flop',
  text: '4 * examples * features',
  source:
    'Platt 1998, MSR-TR-98-14; Fan et al. 2005, jmlr.org/papers/v6/fan05a: two rows of the kernel matrix per iteration',
  compute: ({ examples, features }) => 4 * examples * features,
})

interface SvmChipInputs extends RowInputs {
  readonly hbmBytesPerSecond: number
  readonly reductionSeconds: number
}

/** Each iteration reads the data once (fp32) and ends in a reduction that picks the next pair. */
export const smoUsefulChips = formula<SvmChipInputs>({
  id: 'smoUsefulChips',
  unit: 'count',
  text: '4 * examples * features / (hbmBytesPerSecond * reductionSeconds)',
  source:
    'reading the data takes as long as the reduction: the trouble that You et al. 2015 (CA-SVM), doi:10.1109/IPDPS.2015.117, set out to avoid',
  compute: ({ examples, features, hbmBytesPerSecond, reductionSeconds }) =>
    (4 * examples * features) / (hbmBytesPerSecond * reductionSeconds),
})

export interface SvmComputer {
  /** At most: every example a support vector. */
  readonly parameters: number
  readonly flop: number
  readonly chain: number
  readonly usefulChips: number
  /** Of the peak of a busy chip: one FLOP per byte read. */
  readonly utilization: number
}

export function svmComputer(machine: Machine, sizes: SvmSizes): SvmComputer {
  const { examples, features, iterationsPerExample } = sizes
  const chain = examples * iterationsPerExample
  const { hbmBytesPerSecond, peakFlopPerSecond } = machine
  const reductionSeconds = latencies.reduction.seconds
  return {
    parameters: examples * (features + 1),
    flop: chain * smoIterationFlop.compute({ examples, features }),
    chain,
    usefulChips: Math.max(1, smoUsefulChips.compute({ examples, features, hbmBytesPerSecond, reductionSeconds })),
    utilization: hbmBytesPerSecond / peakFlopPerSecond,
  }
}
