/** What a worker can be sent to do. The same code runs in this thread where there is only one. */

import type { Job } from '../engine/job.ts'
import type { MetricName } from '../engine/metrics.ts'
import type { Strategy } from '../engine/strategy.ts'
import { piecesOf } from '../search/pieces.ts'
import type { Question } from '../search/question.ts'
import type { Growth } from '../search/scale.ts'
import { Searcher } from '../search/searcher.ts'
import type { Fixed } from '../search/space.ts'
import type { SweepErrand } from './sweep-plan.ts'

/** A question that can be sent: conditions are texts. */
export interface SearchErrand {
  readonly kind: 'search'
  readonly job: Job
  readonly given: Strategy
  readonly fixed: Fixed
  readonly goals: readonly MetricName[]
  readonly limits: readonly string[]
  readonly constants: ReadonlyMap<string, number | boolean>
  readonly most: number
}

/** The best strategy at each of several sizes. */
export interface ScaleErrand extends Omit<SearchErrand, 'kind' | 'goals' | 'most'> {
  readonly kind: 'scale'
  readonly sizes: readonly Size[]
}

interface Size {
  readonly gpus: number
  readonly growth: Growth
}

/** Simulations are too rich to send: they are made again from this. */
export interface FoundSize extends Size {
  readonly strategy?: Strategy
}

export type Errand = SearchErrand | SweepErrand | ScaleErrand

export interface Labour {
  /** One stretch of it. What it returns is handed on at once. */
  work(from: number, to: number): unknown
  /** What has come together. */
  end(): unknown
}

/** Each brings along what it needs alone: a worker that searches reads no scenario. */
export function labourOf(errand: Errand): Promise<Labour> {
  if (errand.kind === 'scale') return scaleLabour(errand)
  return errand.kind === 'search' ? searchLabour(errand) : sweepLabour(errand)
}

async function scaleLabour(errand: ScaleErrand): Promise<Labour> {
  const { bestAt } = await import('../search/scale.ts')
  const question = await questionOf({ ...errand, kind: 'search', goals: ['step.time'], most: 3 })
  return {
    work: (from, to) =>
      errand.sizes.slice(from, to).map((size): FoundSize => {
        const { best } = bestAt(question, size.gpus, size.growth)
        return best ? { ...size, strategy: best.strategy } : size
      }),
    end: () => undefined,
  }
}

/** A stretch gives its rows, one after the other. */
async function sweepLabour(errand: SweepErrand): Promise<Labour> {
  const { Sweeper, planOf } = await import('./sweep-plan.ts')
  const sweeper = new Sweeper(await planOf(errand))
  return {
    work: (from, to) => {
      const { width } = sweeper
      const rows = new Float64Array((to - from) * width)
      for (let point = from; point < to; point++)
        sweeper.write(point, rows.subarray((point - from) * width, (point - from + 1) * width))
      return rows
    },
    end: () => undefined,
  }
}

async function searchLabour(errand: SearchErrand): Promise<Labour> {
  const question = await questionOf(errand)
  const searcher = new Searcher(question)
  const pieces = piecesOf(question)
  return {
    work: (from, to) => {
      for (const piece of pieces.slice(from, to)) searcher.try(piece)
    },
    end: () => searcher.answer,
  }
}

export async function questionOf({
  job,
  given,
  fixed,
  goals,
  limits,
  constants,
  most,
}: SearchErrand): Promise<Question> {
  const read = limits.length > 0 ? (await import('./limits.ts')).limitsOf(limits, constants) : []
  return { job, given, fixed, goals, limits: read, most }
}
