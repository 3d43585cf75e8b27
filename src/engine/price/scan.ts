/** The scan of a state-space layer in seconds: small matmuls on chunks, against what goes through memory between them. */
import { formula } from '../formula.ts'
import type { Calibration, Datatype, Device } from '../job.ts'
import type { Scan } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface ScanInputs {
  readonly flop: number
  readonly peakFlopPerSecond: number
  readonly efficiency: number
  readonly bytes: number
  readonly hbmBytesPerSecond: number
  readonly hbmEfficiency: number
  /** Of its kernels, over what compute and memory would allow. */
  readonly scanEfficiency: number
  readonly kernels: number
  readonly kernelSeconds: number
}

export const scanSeconds = formula<ScanInputs>({
  id: 'scanSeconds',
  unit: 'seconds',
  text: 'max(flop / (peakFlopPerSecond * efficiency), bytes / (hbmBytesPerSecond * hbmEfficiency)) / scanEfficiency + kernels * kernelSeconds',
  source:
    'Dao and Gu 2024 (Mamba-2), arXiv:2405.21060 §6: small matmuls of chunks and what goes through memory between them; no table of its kernels was published, so how near they come to either is an estimate',
  compute: (x) =>
    Math.max(x.flop / (x.peakFlopPerSecond * x.efficiency), x.bytes / (x.hbmBytesPerSecond * x.hbmEfficiency)) /
      x.scanEfficiency +
    x.kernels * x.kernelSeconds,
})

export function priceScan(operation: Scan, datatype: Datatype, device: Device, calibration: Calibration): Timing {
  const isBackward = operation.phase === 'inputGradient'
  const inputs: ScanInputs = {
    flop: operation.flop,
    peakFlopPerSecond: device.peakFlopPerSecond[datatype],
    efficiency: device.matmulEfficiency[datatype],
    bytes: operation.bytes,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    hbmEfficiency: device.hbmEfficiency,
    scanEfficiency: calibration.scanRate * (isBackward ? calibration.scanBackwardRate : 1),
    kernels: operation.kernels,
    kernelSeconds: calibration.kernelSeconds,
  }
  const seconds = scanSeconds.compute(inputs)
  const memory = inputs.bytes / (inputs.hbmBytesPerSecond * inputs.hbmEfficiency)
  return {
    operation,
    flop: operation.flop,
    seconds,
    exposedSeconds: seconds,
    bound: memory > operation.flop / (inputs.peakFlopPerSecond * inputs.efficiency) ? 'memory' : 'compute',
    formula: scanSeconds,
    inputs: inputs as unknown as Record<string, number>,
  }
}
