/** One published run against our prediction of it, in the source's own terms. */
import { reserveOf, type StageMemory } from '../engine/memory.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Measured } from '../scenario/schema.ts'
import { flopPerStep } from './flop.ts'

export type Basis = 'step_time' | 'tokens_per_second_per_gpu' | 'flop_per_second_per_gpu' | 'mfu' | 'hfu'

/** What is closest to a clock first: a step time needs no convention, an MFU needs two. */
const bases: readonly Basis[] = ['step_time', 'tokens_per_second_per_gpu', 'flop_per_second_per_gpu', 'mfu', 'hfu']

export interface Verdict {
  readonly basis: Basis
  /** In the unit of the basis. */
  readonly measured: number
  readonly predicted: number
  /** Of the time of a step, as a signed share: above 0 we say it takes longer than it did. */
  readonly error: number
  /** Of peak memory, where the source gives it. */
  readonly memoryError?: number
  /** Seconds that the source's figure stands for; orders the runs of a sweep. */
  readonly measuredSeconds: number
  readonly predictedSeconds: number
  readonly notes: readonly string[]
}

/** Undefined where the source gives no speed. */
export function judge(simulation: Simulation, measured: Measured): Verdict | undefined {
  const basis = basisOf(measured)
  if (basis === undefined) return undefined
  const said = measured[basis] as number
  const predicted = predictedAs(basis, simulation, measured)
  const error = basis === 'step_time' ? predicted / said - 1 : said / predicted - 1
  const predictedSeconds = simulation.metrics['step.time']
  const memoryError = memoryErrorOf(simulation, measured)
  return {
    basis,
    measured: said,
    predicted,
    error,
    ...(memoryError !== undefined && { memoryError }),
    measuredSeconds: predictedSeconds / (1 + error),
    predictedSeconds,
    notes: notesOf(basis, measured),
  }
}

function basisOf(measured: Measured): Basis | undefined {
  const there = bases.filter((basis) => measured[basis] !== undefined)
  return there.find((basis) => measured.printed?.includes(basis) ?? true) ?? there[0]
}

function predictedAs(basis: Basis, { job, strategy, metrics }: Simulation, measured: Measured): number {
  const seconds = metrics['step.time']
  if (basis === 'step_time') return seconds
  if (basis === 'tokens_per_second_per_gpu') return metrics['throughput.tokens_per_second_per_gpu']
  const convention = basis === 'hfu' ? 'hardware' : (measured.flop_convention ?? 'unknown')
  const flop = flopPerStep(job, convention, strategy.recompute === 'full')
  const rate = flop / seconds / job.cluster.gpus
  return basis === 'flop_per_second_per_gpu'
    ? rate
    : rate / (measured.peak ?? job.cluster.device.peakFlopPerSecond.bf16)
}

/** Tensors as the allocator counts them; with its gaps; or with the context and communicators that the driver adds. */
function memoryErrorOf(
  { job, strategy, metrics, memory, worstStage }: Simulation,
  { memory_peak: peak, memory_kind: kind }: Measured,
): number | undefined {
  if (peak === undefined) return undefined
  if (kind === undefined || kind === 'allocated') return metrics['memory.allocated'] / peak - 1
  const outside = kind === 'reserved' ? reserveOf(job, strategy, strategy).fixed - job.software.bufferBytes : 0
  const cached = (memory[worstStage] as StageMemory).cached
  const used = Math.min(job.cluster.device.hbmBytes, metrics['memory.peak'] + cached)
  return (used - outside) / peak - 1
}

function notesOf(
  basis: Basis,
  { flop_convention: convention, suspect, printed, inferred }: Measured,
): readonly string[] {
  const byFlop = basis !== 'step_time' && basis !== 'tokens_per_second_per_gpu'
  return [
    ...(suspect ? [`suspect: ${suspect}`] : []),
    ...(byFlop && (convention ?? 'unknown') === 'unknown'
      ? ['FLOP convention not stated: attention taken in full']
      : []),
    ...(printed && !printed.includes(basis) ? [`${basis} is derived, not printed`] : []),
    ...(inferred && inferred.length > 0 ? [`assumed: ${inferred.join(', ')}`] : []),
  ]
}
