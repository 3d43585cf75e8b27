/**
 * How far a predicted step time may be off. Every prediction stands on some ground: each thing that takes it further
 * from runs that the constants were fitted to widens its range. The parts are independent guesses, so they add up as
 * squares. The widths are measured on sources that the fit had not seen, so that the range holds a little over four of
 * five of their runs: `npx tsx scripts/leave-out.ts runs.jsonl --write` puts them here. Matmuls in fp4, steps that wait for
 * the host and steps that wait for communication were tried there too, and widen nothing once these are taken into account.
 */
import type { Simulation } from './simulation.ts'

/** What the job alone does not tell. */
export interface Ground {
  /** Name of the software in the scenario; a stack "typical of" its year is one that nobody told us about. */
  readonly stack?: string | undefined
  /** The constants come from measured runs of the user's own cluster (`clusterwise calibrate`). */
  readonly own?: boolean
}

export interface Uncertainty {
  /** Seconds between which four of five runs like this one were. */
  readonly low: number
  readonly high: number
  /** 0.08: between the prediction over 1.08 and 1.08 times it. */
  readonly share: number
  /** What widens the range, the widest first. */
  readonly why: readonly string[]
}

interface Doubt {
  /** Half width of an 80 % range that this alone would have. */
  readonly share: number
  readonly text: string
  readonly applies: (simulation: Simulation, ground: Ground) => boolean
}

/** Context from which the square of attention outweighs what short runs taught. */
const longTokens = 16_384
/** The largest published run that predictions were held against: Llama 3, 16,384 GPUs. */
const mostGpus = 16_384
/** Frameworks before FlashAttention and the distributed optimizer were usual. */
const recentYear = 2023
export const doubts = {
  fitted: {
    share: 0.105,
    text: 'a dense model on a GPU and a stack that runs were fitted to',
    applies: (_, { own }) => own !== true,
  },
  own: {
    share: 0.11,
    text: 'constants fitted to your own runs',
    applies: (_, { own }) => own === true,
  },
  chip: {
    share: 0.08,
    text: 'the sustained rates of this GPU are estimates',
    applies: ({ job }, { own }) => own !== true && !job.cluster.device.calibrated,
  },
  stack: {
    share: 0.165,
    text: 'a software stack without a profile of its own',
    applies: (_, { stack, own }) => own !== true && !isKnown(stack),
  },
  old: {
    share: 0.08,
    text: 'a stack from before 2023',
    applies: ({ job }, { own }) => own !== true && job.software.year < recentYear,
  },
  moe: {
    share: 0.09,
    text: 'a mixture of experts',
    applies: ({ job }) => job.model.moe !== undefined,
  },
  scan: {
    // An estimate: published runs of such layers all have experts beside them.
    share: 0.2,
    text: 'scans of state-space layers, of which no table of kernels was published',
    applies: ({ job }) => job.model.mamba !== undefined,
  },
  unmeasured: {
    // An estimate: where no run was published, none can be left out.
    share: 0.3,
    text: 'recurrences or convolutions, of which no run was published that says enough',
    applies: ({ job }) => job.model.lstm !== undefined || job.model.convolution !== undefined,
  },
  tuning: {
    share: 0.08,
    text: 'fine-tuning on packed documents or through adapters',
    applies: ({ job }) => job.adapter !== undefined || job.batch.documentLen !== undefined,
  },
  long: {
    share: 0.08,
    text: 'long sequences or context parallelism',
    applies: ({ job, strategy }) => strategy.cp > 1 || job.batch.seqLen >= longTokens,
  },
  scale: {
    // An estimate: where no run was published, none can be left out.
    share: 0.1,
    text: 'more GPUs than any published run',
    applies: ({ job }) => job.cluster.gpus > mostGpus,
  },
} satisfies Readonly<Record<string, Doubt>>

export type DoubtName = keyof typeof doubts

export const doubtNames = Object.keys(doubts) as DoubtName[]

const isKnown = (stack: string | undefined): boolean => stack !== undefined && !stack.startsWith('Typical of')

export function doubtsOf(simulation: Simulation, ground: Ground): readonly DoubtName[] {
  return doubtNames.filter((name) => doubts[name].applies(simulation, ground))
}

export function uncertaintyOf(simulation: Simulation, ground: Ground): Uncertainty {
  const found = doubtsOf(simulation, ground).toSorted((a, b) => doubts[b].share - doubts[a].share)
  const share = Math.hypot(...found.map((name) => doubts[name].share))
  const seconds = simulation.metrics['step.time']
  // What every run has is said where there is nothing else to say.
  const said = found.length > 1 ? found.filter((name) => name !== 'fitted') : found
  return { low: seconds / (1 + share), high: seconds * (1 + share), share, why: said.map((name) => doubts[name].text) }
}

/** Whether a run of which the prediction is off by this signed share of what was measured lies in the range. */
export const covers = ({ share }: Pick<Uncertainty, 'share'>, error: number): boolean =>
  Math.max(1 + error, 1 / (1 + error)) <= 1 + share
