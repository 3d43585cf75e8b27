/** What is sound but too large to be played out: a scenario from a stranger may not keep a machine busy for minutes. */
import { type Problem, problem } from '../base/problem.ts'
import type { Job } from '../engine/job.ts'
import { microBatchesOf, type Strategy } from '../engine/strategy.ts'

/** The pipeline is played pass by pass, at about a microsecond each: 16 stages of 8 chunks with 1,900 micro-batches. */
const mostPasses = 250_000

/** Asked of a strategy that keeps the rules: then micro-batches are whole. */
export function tooLarge({ batch }: Job, strategy: Strategy): readonly Problem[] {
  const microBatches = microBatchesOf(batch.globalBatch, strategy)
  const chunks = strategy.pp * strategy.vpp
  if (microBatches * chunks <= mostPasses) return []
  const related = [
    ['parallel', 'pp'],
    ['parallel', 'vpp'],
    ['training', 'micro_batch'],
  ]
  const params = { microBatches, chunks, limit: '250,000' }
  return [problem('strategy/too-many-passes', ['training', 'global_batch'], params, { related })]
}
