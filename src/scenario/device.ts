/** One accelerator as the engine wants it: every datatype and kernel has a number, 0 where the chip has none. */
import { invariant } from '../base/problem.ts'
import { type AttentionKernel, attentionKernels, type Datatype, type Device, datatypes } from '../engine/job.ts'
import type { Scenario } from './schema.ts'

type Gpu = Scenario['cluster']['gpu']

/** The sustained rate of this datatype must have been fitted for the answer to count as calibrated. */
export function deviceOf(gpu: Gpu, datatype: Datatype): Device {
  const { capacity, bandwidth } = gpu.hbm
  const { multiprocessors, tdp, reserved, sustained } = gpu
  invariant(
    capacity && bandwidth && multiprocessors && tdp && sustained.memory,
    'an incomplete GPU got past complete.ts',
  )
  invariant(reserved !== undefined, 'reserved memory got past complete.ts')
  return {
    peakFlopPerSecond: eachOf(datatypes, (each) => gpu.peak[each] ?? 0),
    hbmBytes: capacity,
    hbmBytesPerSecond: bandwidth,
    multiprocessors,
    watts: tdp,
    matmulEfficiency: eachOf(datatypes, (each) => matmulEfficiency(gpu, each)),
    attentionEfficiency: eachOf(attentionKernels, (kernel: AttentionKernel) => sustained.attention[kernel] ?? 0),
    hbmEfficiency: sustained.memory,
    reservedBytes: reserved,
    calibrated: gpu.calibration !== 'estimated' && measuredEfficiency(gpu, datatype) !== undefined,
  }
}

/**
 * Where nobody fitted a datatype: long runs are held back by power and by shapes, in narrow formats more than in 16
 * bits. On H100 the fitted fp8 share is 0.75 of the bf16 share, on B200 0.90; hence something between.
 */
const estimatedShare = 0.85

function matmulEfficiency(gpu: Gpu, datatype: Datatype): number {
  return measuredEfficiency(gpu, datatype) ?? estimatedShare * (measuredEfficiency(gpu, 'bf16') ?? 0)
}

/** bf16 and fp16 run through the same units at the same rate. */
function measuredEfficiency({ sustained: { matmul } }: Gpu, datatype: Datatype): number | undefined {
  if (datatype === 'bf16') return matmul.bf16 ?? matmul.fp16
  if (datatype === 'fp16') return matmul.fp16 ?? matmul.bf16
  return matmul[datatype]
}

function eachOf<K extends string>(keys: readonly K[], value: (key: K) => number): Readonly<Record<K, number>> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, number>
}
