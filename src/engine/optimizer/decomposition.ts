/** Eigenvectors of a symmetric matrix, or an orthogonal basis of a square one: on a GPU a matter of latency. */
import { formula } from '../formula.ts'
import type { Job } from '../job.ts'
import type { Decomposition } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface DecompositionInputs {
  readonly size: number
  readonly kernelsPerColumn: number
  readonly kernelSeconds: number
  readonly bytes: number
  readonly hbmBytesPerSecond: number
  readonly hbmEfficiency: number
  readonly flop: number
  readonly peakFlopPerSecond: number
  readonly efficiency: number
}

export const decompositionSeconds = formula<DecompositionInputs>({
  id: 'decompositionSeconds',
  unit: 'seconds',
  text: 'size * kernelsPerColumn * kernelSeconds + bytes / (hbmBytesPerSecond * hbmEfficiency) + flop / (peakFlopPerSecond * efficiency)',
  source:
    'column after column, each a chain of small kernels: github.com/pytorch/pytorch issue 175585 (torch.linalg.eigh, 128 to 33 columns: 35 µs a column, about eight launches); half of the tridiagonal reduction is matrix-vector products, which read what is left of the matrix: Golub and Van Loan, Matrix Computations, 4th ed., §8.3.1',
  compute: (x) =>
    x.size * x.kernelsPerColumn * x.kernelSeconds +
    x.bytes / (x.hbmBytesPerSecond * x.hbmEfficiency) +
    x.flop / (x.peakFlopPerSecond * x.efficiency),
})

const KERNELS_PER_COLUMN = 8

/** eigen: 9 n³ with eigenvectors (Golub and Van Loan §8.3.3); qr: 4/3 n³ twice, the factor and its basis (§5.2). */
const FLOP_PER_CUBE = { eigen: 9, qr: 8 / 3 } as const
/** Numbers read by the matrix-vector products: Σ k² of n columns. A blocked QR has hardly any. */
const READS_PER_CUBE = { eigen: 1 / 3, qr: 0 } as const

export function decompositionFlop({ method, size }: Decomposition): number {
  return FLOP_PER_CUBE[method] * size ** 3
}

export function priceDecomposition(operation: Decomposition, { cluster, calibration }: Job): Timing {
  const { device } = cluster
  const { size, method, datatype, elementBytes } = operation
  const flop = decompositionFlop(operation)
  const inputs: DecompositionInputs = {
    size,
    kernelsPerColumn: KERNELS_PER_COLUMN,
    kernelSeconds: calibration.kernelSeconds,
    bytes: READS_PER_CUBE[method] * elementBytes * size ** 3,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    hbmEfficiency: device.hbmEfficiency,
    flop,
    peakFlopPerSecond: device.peakFlopPerSecond[datatype],
    efficiency: device.matmulEfficiency[datatype],
  }
  const seconds = decompositionSeconds.compute(inputs)
  return {
    operation,
    flop,
    seconds,
    exposedSeconds: seconds,
    bound: 'latency',
    formula: decompositionSeconds,
    inputs: inputs as unknown as Record<string, number>,
  }
}
