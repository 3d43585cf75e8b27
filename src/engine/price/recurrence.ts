/** Products that wait for one another, in seconds: a recurrent layer, token by token. */
import { formula } from '../formula.ts'
import type { Calibration, Device } from '../job.ts'
import type { Recurrence } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface RecurrenceInputs {
  readonly steps: number
  /** Of one step, rows filled up. */
  readonly flop: number
  readonly peakFlopPerSecond: number
  readonly efficiency: number
  /** Read again in each step; 0 where a persistent kernel keeps them on the chip. */
  readonly weightBytes: number
  readonly hbmBytesPerSecond: number
  readonly hbmEfficiency: number
  readonly products: number
  readonly stepSeconds: number
}

export const recurrenceSeconds = formula<RecurrenceInputs>({
  id: 'recurrenceSeconds',
  unit: 'seconds',
  text: 'steps * max(flop / (peakFlopPerSecond * efficiency), weightBytes / (hbmBytesPerSecond * hbmEfficiency), products * stepSeconds)',
  source:
    'Diamos et al. 2016, Persistent RNNs, proceedings.mlr.press/v48/diamos16: a step computes, reads its weights or waits for all multiprocessors, whichever takes longest',
  compute: (x) =>
    x.steps *
    Math.max(
      x.flop / (x.peakFlopPerSecond * x.efficiency),
      x.weightBytes / (x.hbmBytesPerSecond * x.hbmEfficiency),
      x.products * x.stepSeconds,
    ),
})

/** Rows that a tensor core takes at a time (PTX ISA, mma.m16n8k16); weights are spread over all multiprocessors. */
const ROWS = 16

export function priceRecurrence(operation: Recurrence, device: Device, calibration: Calibration): Timing {
  const { steps, m, n, k, datatype, elementBytes, products } = operation
  const weightBytes = elementBytes * n * k
  const stays = weightBytes <= device.multiprocessors * calibration.recurrentWeightBytes
  const inputs: RecurrenceInputs = {
    steps,
    flop: 2 * Math.ceil(m / ROWS) * ROWS * n * k,
    peakFlopPerSecond: device.peakFlopPerSecond[datatype],
    efficiency: device.matmulEfficiency[datatype],
    weightBytes: stays ? 0 : weightBytes,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    hbmEfficiency: device.hbmEfficiency,
    products,
    stepSeconds: stays ? calibration.recurrentStepSeconds : calibration.recurrentLaunchSeconds,
  }
  const seconds = recurrenceSeconds.compute(inputs)
  return {
    operation,
    flop: steps * 2 * m * n * k,
    seconds,
    exposedSeconds: seconds,
    bound: boundOf(inputs, seconds / steps),
    formula: recurrenceSeconds,
    inputs: inputs as unknown as Record<string, number>,
  }
}

function boundOf({ flop, peakFlopPerSecond, efficiency, products, stepSeconds }: RecurrenceInputs, each: number) {
  if (products * stepSeconds >= each) return 'latency'
  return flop / (peakFlopPerSecond * efficiency) >= each ? 'compute' : 'memory'
}
