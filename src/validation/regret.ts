/** Had we chosen: of layouts that someone measured side by side, what the one that we would have picked costs. */
import type { JudgedRun } from './accuracy.ts'
import { groupBy, median, rankCorrelation } from './statistics.ts'

/** One sweep of layouts of one model on one machine. */
export interface Choice {
  readonly sourceKey: string
  readonly sweep: string
  readonly runs: number
  readonly layouts: number
  /** Spearman's coefficient of predicted and measured seconds. */
  readonly rank: number
  /** Measured time of the layout that we would have picked, over that of the best one, less 1. */
  readonly regret: number
  readonly picked: string
  readonly best: string
}

/** Fewer are hardly a choice. */
export const leastLayouts = 8

export function choicesOf(runs: readonly JudgedRun[]): readonly Choice[] {
  return groupBy(runs, ({ sourceKey, sweep }) => `${sourceKey}\n${sweep}`)
    .map((group) => ({ group, layouts: layoutsOf(group) }))
    .filter(({ layouts }) => layouts.length >= leastLayouts)
    .map(({ group, layouts }) => {
      const { sourceKey, sweep } = group[0] as JudgedRun
      const picked = least(layouts, ({ predicted }) => predicted)
      const best = least(layouts, ({ measured }) => measured)
      return {
        sourceKey,
        sweep,
        runs: group.length,
        layouts: layouts.length,
        rank: rankCorrelation(
          layouts.map(({ measured }) => measured),
          layouts.map(({ predicted }) => predicted),
        ),
        regret: picked.measured / best.measured - 1,
        picked: picked.id,
        best: best.id,
      }
    })
}

interface Layout {
  readonly id: string
  readonly measured: number
  readonly predicted: number
}

/**
 * Runs that the engine cannot tell apart are one layout, run again: it counts once, at the middle of its times, so that
 * no regret is that of a lucky run.
 */
function layoutsOf(runs: readonly JudgedRun[]): readonly Layout[] {
  return groupBy(runs, ({ predictedSeconds }) => (predictedSeconds as number).toPrecision(12)).map((same) => {
    const { id, predictedSeconds } = same[0] as JudgedRun
    return {
      id,
      measured: median(same.map(({ measuredSeconds }) => measuredSeconds as number)),
      predicted: predictedSeconds as number,
    }
  })
}

function least(layouts: readonly Layout[], seconds: (layout: Layout) => number): Layout {
  return layouts.reduce((best, layout) => (seconds(layout) < seconds(best) ? layout : best))
}
