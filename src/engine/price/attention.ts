/** The core of attention in seconds, by kernel generation. */
import { formula } from '../formula.ts'
import type { Calibration, Datatype, Device } from '../job.ts'
import type { Attention } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface FusedAttentionInputs {
  readonly flop: number
  readonly peakFlopPerSecond: number
  readonly efficiency: number
  readonly span: number
  readonly halfSequence: number
  readonly blocks: number
  readonly halfBlocks: number
  readonly multiprocessors: number
  readonly kernelSeconds: number
}

export const fusedAttentionSeconds = formula<FusedAttentionInputs>({
  id: 'fusedAttentionSeconds',
  unit: 'seconds',
  text: 'flop / (peakFlopPerSecond * efficiency * span / (span + halfSequence) * blocks / (blocks + halfBlocks * multiprocessors)) + kernelSeconds',
  source:
    'Dao et al. 2022, 2023, Shah et al. 2024 (FlashAttention 1–3): rate grows with sequence length and with row blocks per multiprocessor; constants fitted to the speeds they publish',
  compute: (x) =>
    x.flop /
      (x.peakFlopPerSecond *
        x.efficiency *
        (x.span / (x.span + x.halfSequence)) *
        (x.blocks / (x.blocks + x.halfBlocks * x.multiprocessors))) +
    x.kernelSeconds,
})

export interface UnfusedAttentionInputs {
  readonly flop: number
  readonly peakFlopPerSecond: number
  readonly efficiency: number
  readonly bytes: number
  readonly hbmBytesPerSecond: number
  readonly hbmEfficiency: number
  readonly kernelSeconds: number
}

export const unfusedAttentionSeconds = formula<UnfusedAttentionInputs>({
  id: 'unfusedAttentionSeconds',
  unit: 'seconds',
  text: 'max(flop / (peakFlopPerSecond * efficiency), bytes / (hbmBytesPerSecond * hbmEfficiency)) + kernelSeconds',
  source: 'roofline: Williams et al. 2009, doi:10.1145/1498765.1498785; scores of the full square written and read',
  compute: (x) =>
    Math.max(x.flop / (x.peakFlopPerSecond * x.efficiency), x.bytes / (x.hbmBytesPerSecond * x.hbmEfficiency)) +
    x.kernelSeconds,
})

/** Kernels of a fused pass: one forward; backward one for the row sums, one for the gradients, one to convert. */
const KERNELS = { forward: 1, recompute: 1, inputGradient: 3, weightGradient: 0, step: 0 } as const

export function priceAttention(
  operation: Attention,
  datatype: Datatype,
  device: Device,
  calibration: Calibration,
): Timing {
  return operation.kernel === 'unfused'
    ? priceUnfused(operation, datatype, device, calibration)
    : priceFused(operation, datatype, device, calibration)
}

function priceFused(operation: Attention, datatype: Datatype, device: Device, calibration: Calibration): Timing {
  const backward = operation.phase === 'inputGradient' ? calibration.attentionBackwardRate : 1
  const narrow = narrowRate(operation, device.peakFlopPerSecond[datatype] / device.multiprocessors, calibration)
  const inputs: FusedAttentionInputs = {
    flop: operation.flop,
    peakFlopPerSecond: device.peakFlopPerSecond[datatype],
    efficiency: device.attentionEfficiency[operation.kernel] * backward * narrow * operation.rate,
    span: operation.span,
    halfSequence: calibration.attentionHalfSequence,
    blocks: operation.blocks,
    halfBlocks: calibration.attentionHalfBlocks,
    multiprocessors: device.multiprocessors,
    kernelSeconds: calibration.kernelSeconds * KERNELS[operation.phase],
  }
  const seconds = fusedAttentionSeconds.compute(inputs)
  const record = inputs as unknown as Record<string, number>
  return {
    operation,
    flop: operation.flop,
    seconds,
    exposedSeconds: seconds,
    bound: 'compute',
    formula: fusedAttentionSeconds,
    inputs: record,
  }
}

/**
 * Rate over that at 128 channels: scores, and with them exponentials, stay as many while the products shrink. FlashAttention
 * 1 was slow enough to reach the same rate with heads of 64.
 */
function narrowRate({ headDim, kernel }: Attention, flopPerSecond: number, calibration: Calibration): number {
  if (headDim >= 128 || kernel === 'fa1') return 1
  const exponentials = calibration.attentionExponentialSeconds * flopPerSecond
  const width = headDim / 128
  return (width * (1 + exponentials)) / (width + exponentials)
}

/** Tensor cores are fed in pieces of 16 bytes; unfused attention runs in 16 bits. */
const ALIGNED_CHANNELS = 8

function priceUnfused(operation: Attention, datatype: Datatype, device: Device, calibration: Calibration): Timing {
  const { unfusedAttentionRate, unalignedAttentionRate } = calibration
  const aligned = operation.headDim % ALIGNED_CHANNELS === 0
  const inputs: UnfusedAttentionInputs = {
    flop: operation.flop,
    peakFlopPerSecond: device.peakFlopPerSecond[datatype],
    efficiency: device.matmulEfficiency[datatype] * (aligned ? unfusedAttentionRate : unalignedAttentionRate),
    bytes: operation.bytes,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    hbmEfficiency: device.hbmEfficiency,
    kernelSeconds: calibration.kernelSeconds * 2 * KERNELS[operation.phase],
  }
  const seconds = unfusedAttentionSeconds.compute(inputs)
  const bound =
    inputs.bytes / inputs.hbmBytesPerSecond / inputs.hbmEfficiency > seconds - inputs.kernelSeconds - 1e-15
      ? 'memory'
      : 'compute'
  const record = inputs as unknown as Record<string, number>
  return {
    operation,
    flop: operation.flop,
    seconds,
    exposedSeconds: seconds,
    bound,
    formula: unfusedAttentionSeconds,
    inputs: record,
  }
}
