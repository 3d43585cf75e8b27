/** How well a model trains on a cluster, from the engine: the best of a modest set of splits that fit in memory. */
import type { Job } from '../engine/job.ts'
import { estimate } from '../engine/simulate.ts'
import type { Strategy } from '../engine/strategy.ts'
import type { Answer } from '../search/question.ts'
import { Searcher } from '../search/searcher.ts'
import type { Ask, Utilization, Utilized } from './frontier.ts'
import { FLOP_PER_PARAMETER_TOKEN } from './loss-law.ts'
import { type ScaledJob, scaledJob } from './scaled-job.ts'
import { splitsOf } from './splits.ts'

/** Asks that round to the same job are answered once. */
export function engineUtilization(base: Job, given: Strategy): Utilization {
  const known = new Map<string, Utilized>()
  return (ask) => {
    const scaled = scaledJob(base, ask)
    const key = keyOf(scaled, ask)
    const found = known.get(key) ?? utilize(scaled, given, ask)
    known.set(key, found)
    return found
  }
}

function keyOf({ job: { model, cluster, batch } }: ScaledJob, { recipe }: Ask): string {
  const { gpus, device, scaleUp, scaleOut } = cluster
  const machine = [gpus, device.hbmBytes, scaleUp.domain, scaleUp.bytesPerSecond, scaleOut.bytesPerSecond]
  return [
    model.layers,
    model.hidden,
    batch.globalBatch,
    batch.seqLen,
    recipe.architecture,
    recipe.optimizer,
    ...machine,
  ].join()
}

function utilize(scaled: ScaledJob, given: Strategy, ask: Ask): Utilized {
  const { job } = scaled
  const { found, tally } = bestOf(job, given)
  const [best] = found
  if (!best)
    return {
      mfu: 0,
      why: tally.legal > 0 ? 'no split fits in memory' : 'no split of this batch and these GPUs is legal',
    }
  const simulation = estimate(job, best.strategy)
  return {
    mfu: utilizationOf(scaled, ask, simulation.metrics['throughput.tokens_per_second']),
    split: best.strategy,
    simulation,
  }
}

/** Legal splits for one that fits, from which on recomputation is tried as well. */
const CROWDED = 16

function bestOf(job: Job, given: Strategy): Answer {
  const searcher = new Searcher({ job, given, fixed: {}, goals: ['step.time'], limits: [], most: 1 })
  const splits = splitsOf(job, given)
  for (const split of splits) searcher.weighOne(split)
  const { fitting, legal } = searcher.answer.tally
  // To compute again is slower, but where hardly a split finds room without it, the fast ones are not among those; and a
  // recurrent layer runs as fast as the sequences are many that there is room for.
  const isRoomy = fitting * CROWDED > legal && !job.model.lstm
  if (!isRoomy) for (const split of splits) searcher.weighOne({ ...split, recompute: 'full' })
  return searcher.answer
}

/**
 * Six FLOP per parameter and token, as the loss laws count: what attention, the output matrix and the optimizer take on
 * top is time and not use.
 */
function utilizationOf({ job, parameters }: ScaledJob, { machine }: Ask, tokensPerSecond: number): number {
  const useful = FLOP_PER_PARAMETER_TOKEN * parameters * tokensPerSecond
  return useful / (job.cluster.gpus * machine.peakFlopPerSecond)
}
