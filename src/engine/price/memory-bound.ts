/** What moves bytes through HBM and computes next to nothing: norms, activations, loss, optimizer. */
import { formula } from '../formula.ts'
import type { Calibration, Device } from '../job.ts'
import type { Elementwise } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface MemoryBoundInputs {
  readonly bytes: number
  readonly hbmBytesPerSecond: number
  readonly hbmEfficiency: number
  readonly kernels: number
  readonly kernelSeconds: number
}

export const memoryBoundSeconds = formula<MemoryBoundInputs>({
  id: 'memoryBoundSeconds',
  unit: 'seconds',
  text: 'bytes / (hbmBytesPerSecond * hbmEfficiency) + kernels * kernelSeconds',
  source:
    'roofline: Williams et al. 2009, doi:10.1145/1498765.1498785; data movement per operator: Ivanov et al. 2021, arXiv:2007.00072',
  compute: (x) => x.bytes / (x.hbmBytesPerSecond * x.hbmEfficiency) + x.kernels * x.kernelSeconds,
})

export function priceElementwise(operation: Elementwise, device: Device, calibration: Calibration): Timing {
  const inputs: MemoryBoundInputs = {
    bytes: operation.bytes,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    hbmEfficiency: device.hbmEfficiency,
    kernels: operation.kernels,
    kernelSeconds: calibration.kernelSeconds,
  }
  const seconds = memoryBoundSeconds.compute(inputs)
  const record = inputs as unknown as Record<string, number>
  return {
    operation,
    flop: 0,
    seconds,
    exposedSeconds: seconds,
    bound: 'memory',
    formula: memoryBoundSeconds,
    inputs: record,
  }
}
