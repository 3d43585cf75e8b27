/** Products that wait for one another, in seconds: a recurrent layer, token by token. */
import { formula } from '../formula.ts'
import type { Calibration, Device } from '../job.ts'
import type { Recurrence } from '../operation.ts'
import type { Timing } from '../timing.ts'
import { priceMatmul, tileSeconds } from './matmul.ts'

export interface RecurrenceInputs {
  readonly steps: number
  /** Of the product of one step, its weights at hand. */
  readonly productSeconds: number
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
  text: 'steps * max(productSeconds, weightBytes / (hbmBytesPerSecond * hbmEfficiency), products * stepSeconds)',
  source:
    'Diamos et al. 2016, Persistent RNNs, proceedings.mlr.press/v48/diamos16: a step computes, reads its weights or waits for all multiprocessors, whichever takes longest',
  compute: (x) =>
    x.steps *
    Math.max(x.productSeconds, x.weightBytes / (x.hbmBytesPerSecond * x.hbmEfficiency), x.products * x.stepSeconds),
})

export function priceRecurrence(operation: Recurrence, device: Device, calibration: Calibration): Timing {
  const { name, phase, steps, m, n, k, datatype, elementBytes, products } = operation
  const step = { kind: 'matmul', name, phase, m, n, k, datatype, groups: 1, rate: 1 } as const
  const product = priceMatmul({ ...step, inputBytes: elementBytes, outputBytes: elementBytes }, device, calibration)
  const weightBytes = elementBytes * n * k
  const stays = weightBytes <= device.multiprocessors * calibration.recurrentWeightBytes
  const inputs: RecurrenceInputs = {
    steps,
    productSeconds: tileSeconds(product),
    weightBytes: stays ? 0 : weightBytes,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    hbmEfficiency: device.hbmEfficiency,
    products,
    stepSeconds: stays ? calibration.recurrentStepSeconds : calibration.recurrentLaunchSeconds,
  }
  const seconds = recurrenceSeconds.compute(inputs)
  return {
    operation,
    flop: steps * product.flop,
    seconds,
    exposedSeconds: seconds,
    bound: boundOf(inputs, seconds / steps),
    formula: recurrenceSeconds,
    inputs: inputs as unknown as Record<string, number>,
  }
}

function boundOf({ productSeconds, products, stepSeconds }: RecurrenceInputs, each: number): Timing['bound'] {
  if (productSeconds >= each) return 'compute'
  return products * stepSeconds >= each ? 'latency' : 'memory'
}
