/** How right we are: by source, over all, and whether layouts of one sweep come in the right order. */
import { type Choice, choicesOf } from './regret.ts'
import { groupBy, mean, median, quantile, rankCorrelation } from './statistics.ts'

/** One run as judged; `error` is absent where it could not be predicted, and `notes` then says why. */
export interface JudgedRun {
  readonly id: string
  readonly sourceKey: string
  readonly moe: boolean
  /** Runs of one source with the same model on the same machine differ by layout: they are a sweep. */
  readonly sweep: string
  readonly measured?: number
  readonly predicted?: number
  readonly unit: string
  readonly error?: number
  readonly memoryError?: number
  /** Half width of its 80 % range, and whether what was measured lies in it. */
  readonly range?: number
  readonly covered?: boolean
  readonly measuredSeconds?: number
  readonly predictedSeconds?: number
  /** It was taken as doubtful by whoever collected it: listed, and left out of the figures. */
  readonly suspect: boolean
  readonly notes: readonly string[]
}

export interface Figures {
  readonly runs: number
  /** Of these, how many have a prediction that counts. */
  readonly judged: number
  readonly bias: number
  readonly median: number
  readonly p90: number
  readonly memoryRuns: number
  readonly memoryMedian: number
  /** Mean of Spearman's coefficient over the sweeps with at least four runs. */
  readonly rank: number
  readonly sweeps: number
  /** Median over the sweeps with at least eight layouts: see regret.ts. */
  readonly regret: number
  readonly choices: number
  /** Share of runs that lie in their 80 % range. */
  readonly coverage: number
}

export interface SourceFigures extends Figures {
  readonly sourceKey: string
  readonly moe: boolean
}

/** Sources count alike however many rows each has: means of their figures. */
export interface Overall {
  readonly sources: number
  readonly median: number
  readonly p90: number
  readonly bias: number
  readonly coverage: number
}

export interface Accuracy {
  readonly sources: readonly SourceFigures[]
  readonly dense: Overall
  readonly moe: Overall
  readonly all: Figures
  /** Sweeps of layouts, and what we would have picked of each. */
  readonly choices: readonly Choice[]
}

export function accuracyOf(runs: readonly JudgedRun[]): Accuracy {
  const groups = groupBy(runs, ({ sourceKey, moe }) => `${sourceKey}\n${moe}`)
  const sources = groups
    .map((group) => ({
      sourceKey: (group[0] as JudgedRun).sourceKey,
      moe: (group[0] as JudgedRun).moe,
      ...figuresOf(group),
    }))
    .toSorted((a, b) => order(a) - order(b))
  return {
    sources,
    dense: overallOf(sources.filter(({ moe }) => !moe)),
    moe: overallOf(sources.filter(({ moe }) => moe)),
    all: figuresOf(runs),
    choices: choicesOf(runs.filter(counts)),
  }
}

/** What was never judged stands last. */
const order = ({ median: middle }: Figures): number => (Number.isNaN(middle) ? Number.POSITIVE_INFINITY : middle)

export const counts = (run: JudgedRun): boolean => run.error !== undefined && !run.suspect

export function figuresOf(runs: readonly JudgedRun[]): Figures {
  const judged = runs.filter(counts)
  const errors = judged.map(({ error }) => error as number)
  const sizes = errors.map(Math.abs)
  const memory = judged.flatMap(({ memoryError }) => (memoryError === undefined ? [] : [Math.abs(memoryError)]))
  const ranks = ranksOf(judged)
  const choices = choicesOf(judged)
  return {
    runs: runs.length,
    judged: judged.length,
    bias: median(errors),
    median: median(sizes),
    p90: quantile(sizes, 0.9),
    memoryRuns: memory.length,
    memoryMedian: median(memory),
    rank: mean(ranks),
    sweeps: ranks.length,
    regret: median(choices.map(({ regret }) => regret)),
    choices: choices.length,
    coverage: mean(judged.map(({ covered }) => (covered ? 1 : 0))),
  }
}

const leastInSweep = 4

function ranksOf(runs: readonly JudgedRun[]): readonly number[] {
  return groupBy(runs, ({ sourceKey, sweep }) => `${sourceKey}\n${sweep}`)
    .filter((sweep) => sweep.length >= leastInSweep)
    .map((sweep) =>
      rankCorrelation(
        sweep.map(({ measuredSeconds }) => measuredSeconds as number),
        sweep.map(({ predictedSeconds }) => predictedSeconds as number),
      ),
    )
    .filter(Number.isFinite)
}

function overallOf(sources: readonly SourceFigures[]): Overall {
  const judged = sources.filter((source) => source.judged > 0)
  return {
    sources: judged.length,
    median: mean(judged.map((source) => source.median)),
    p90: mean(judged.map((source) => source.p90)),
    bias: mean(judged.map((source) => source.bias)),
    coverage: mean(judged.map((source) => source.coverage)),
  }
}
