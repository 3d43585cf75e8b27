/** The run for programs: every metric with its unit, the strategy in the scenario's words, memory by stage. */
import { catalogue } from '../../../engine/catalogue.ts'
import type { StageMemory } from '../../../engine/memory.ts'
import { metricNames } from '../../../engine/metrics.ts'
import type { Note, Simulation } from '../../../engine/simulation.ts'
import { microBatchesOf, type Strategy } from '../../../engine/strategy.ts'
import type { Field, Json, Report } from '../../report.ts'
import { recordOf } from '../explain/operation.ts'
import { fits, type RunInput, rangeOf } from './input.ts'
import { compared } from './measured.ts'
import { notesOf, warningsOf } from './notes.ts'

export function record(input: RunInput): Report['data'] {
  const { loaded, simulation, remedies } = input
  return {
    scenario: { name: loaded.name, file: loaded.file },
    fits: fits(simulation),
    metrics: metricsOf(simulation),
    uncertainty: uncertaintyRecord(input),
    strategy: strategyOf(simulation.strategy, simulation),
    memory: { unit: 'bytes', worstStage: simulation.worstStage, stages: simulation.memory.map(stageOf) },
    operations: simulation.operations.map(({ timing, block, times }) => {
      const { id, kind, seconds, exposedSeconds, flop, bound } = recordOf(timing)
      return { id, block, kind, bound, times, seconds, exposedSeconds, flop }
    }),
    remedies: remedies.map(({ label, change, simulation: after }) => ({
      label,
      change,
      fits: fits(after),
      stepTime: after.metrics['step.time'],
      memoryPeak: after.metrics['memory.peak'],
    })),
    ...measuredOf(input),
    notes: notesOf(input).map(noteOf),
    warnings: warningsOf(input).map(noteOf),
  }
}

/** Only where a published run stands in the scenario. */
function measuredOf(input: RunInput): { readonly [key: string]: Json } {
  const found = compared(input)
  if (found.length === 0) return {}
  const entries = found.map(({ key, unit, predicted, measured, error }) => [key, { predicted, measured, error, unit }])
  return { measured: Object.fromEntries(entries) }
}

function metricsOf({ metrics }: Simulation): Json {
  return Object.fromEntries(metricNames.map((name) => [name, { value: metrics[name], unit: catalogue[name].unit }]))
}

/** Of `step.time`, in seconds: four of five runs like this one lie between the two. */
function uncertaintyRecord(input: RunInput): Json {
  const { low, high, share, why } = rangeOf(input)
  return { metric: 'step.time', unit: 'seconds', level: 0.8, low, high, share, why: [...why] }
}

function noteOf({ code, message }: Note): Json {
  return { code, message }
}

function stageOf({
  stage,
  weights,
  gradients,
  optimizerState,
  activations,
  working,
  reserved,
  allocated,
  peak,
}: StageMemory): Json {
  return { stage, weights, gradients, optimizerState, activations, working, reserved, allocated, peak }
}

function strategyOf(strategy: Strategy, { job }: Simulation): { readonly [key: string]: Json } {
  const { tp, sp, cp, cpMode, pp, vpp, schedule, dp, zero, shardRanks, microBatch, recompute } = strategy
  return {
    tp,
    sp,
    cp,
    cp_mode: cpMode,
    pp,
    vpp,
    schedule,
    dp,
    zero,
    shard_group: shardRanks,
    micro_batch: microBatch,
    micro_batches: microBatchesOf(job.batch.globalBatch, strategy),
    recompute,
    overlap: {
      tp: strategy.overlapTp,
      gradients: strategy.overlapGradients,
      weights: strategy.overlapWeights,
      pp: strategy.overlapPp,
    },
    layers_per_stage: [...strategy.layersPerChunk],
  }
}

/** One row: who, how, and every metric. */
export function fields({ loaded, simulation }: RunInput): readonly Field[] {
  const { strategy, job } = simulation
  const { tp, sp, cp, pp, vpp, schedule, dp, zero, microBatch, recompute } = strategy
  const plain = (name: string, value: number | string): Field => ({ name, unit: 'count', value })
  return [
    plain('name', loaded.name),
    plain('file', loaded.file),
    plain('fits', String(fits(simulation))),
    plain('gpus', job.cluster.gpus),
    ...Object.entries({ tp, sp: String(sp), cp, pp, vpp, schedule, dp, zero, micro_batch: microBatch, recompute }).map(
      ([name, value]) => plain(name, value),
    ),
    plain('global_batch', job.batch.globalBatch),
    plain('sequence_length', job.batch.seqLen),
    plain('precision', job.precision.matmul),
    ...metricNames.map((name) => ({ name, unit: catalogue[name].unit, value: simulation.metrics[name] })),
  ]
}
