/** A matrix product in seconds: waves of tiles over the multiprocessors, against the traffic of its operands. */
import { formula } from '../formula.ts'
import type { Calibration, Device } from '../job.ts'
import type { Matmul } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface MatmulInputs {
  /** Rounds in which all multiprocessors work on one tile each. */
  readonly waves: number
  readonly tileRows: number
  readonly tileColumns: number
  readonly k: number
  readonly splits: number
  readonly halfDepth: number
  readonly multiprocessors: number
  readonly peakFlopPerSecond: number
  readonly efficiency: number
  readonly tileEfficiency: number
  readonly bytes: number
  readonly hbmBytesPerSecond: number
  readonly hbmEfficiency: number
  readonly kernelSeconds: number
  readonly groups: number
  readonly groupSeconds: number
}

export const matmulSeconds = formula<MatmulInputs>({
  id: 'matmulSeconds',
  unit: 'seconds',
  text: 'cbrt((waves * 2 * tileRows * tileColumns * (k / splits + halfDepth) * multiprocessors / (peakFlopPerSecond * efficiency * tileEfficiency)) ^ 3 + (bytes / (hbmBytesPerSecond * hbmEfficiency)) ^ 3) + kernelSeconds + (groups - 1) * groupSeconds',
  source:
    'tile and wave quantization: NVIDIA Matrix Multiplication Background User Guide (docs.nvidia.com/deeplearning/performance); compute and traffic joined by a 3-norm, constants fitted to public tables of measured products',
  compute: (x) => {
    const compute =
      (x.waves * 2 * x.tileRows * x.tileColumns * (x.k / x.splits + x.halfDepth) * x.multiprocessors) /
      (x.peakFlopPerSecond * x.efficiency * x.tileEfficiency)
    const memory = x.bytes / (x.hbmBytesPerSecond * x.hbmEfficiency)
    return (
      Math.cbrt(compute * compute * compute + memory * memory * memory) +
      x.kernelSeconds +
      (x.groups - 1) * x.groupSeconds
    )
  },
})

/** Output tiles of the common kernels, widest first (NVIDIA CUTLASS, media/docs: efficient GEMM). */
const TILES = [
  { rows: 256, columns: 128 },
  { rows: 128, columns: 256 },
  { rows: 128, columns: 128 },
  { rows: 256, columns: 64 },
  { rows: 128, columns: 64 },
] as const

/** Streams of a grouped matmul: Transformer Engine, multi_stream_cublas_gemm. */
const STREAMS = 4

/** A shallower piece of k than this is not worth a split. */
const LEAST_DEPTH = 1024

export function priceMatmul(operation: Matmul, device: Device, calibration: Calibration): Timing {
  const { m, n, k, datatype, inputBytes, outputBytes, groups } = operation
  const { multiprocessors, hbmBytesPerSecond } = device
  const hbmEfficiency = device.hbmEfficiency * (groups > 1 ? calibration.groupedMemoryRate : 1)
  const peakFlopPerSecond = device.peakFlopPerSecond[datatype]
  const efficiency = device.matmulEfficiency[datatype] * operation.rate
  const { matmulHalfDepth: halfDepth, matmulTileLoss, matmulWaveWeight, kernelSeconds } = calibration

  let [best, waves, tileRows, tileColumns, tileEfficiency, splits] = [Number.POSITIVE_INFINITY, 0, 0, 0, 1, 1]
  for (const { rows, columns } of TILES) {
    const rate = 1 / (1 + matmulTileLoss * ((128 / rows + 128 / columns) / 1.5 - 1))
    // Experts run side by side on a few streams: each set of them has its own last, unfilled wave.
    const together = Math.min(groups, STREAMS)
    const sets = groups / together
    const fill = (together * Math.ceil(m / rows) * Math.ceil(n / columns)) / multiprocessors
    for (let pieces = 1; pieces <= 8; pieces *= 2) {
      if (pieces > 1 && (fill >= 1 || k / pieces < LEAST_DEPTH)) break
      const whole = Math.ceil(fill * pieces)
      const rounds = sets * (matmulWaveWeight * whole + (1 - matmulWaveWeight) * Math.max(1, fill * pieces))
      const work = (rounds * rows * columns * (k / pieces + halfDepth)) / rate
      if (work >= best) continue
      best = work
      waves = rounds
      tileRows = rows
      tileColumns = columns
      tileEfficiency = rate
      splits = pieces
    }
  }

  // Pieces of a split product are summed at twice the width of the result.
  const splitBytes = splits > 1 ? splits * 2 * outputBytes * m * n : 0
  const bytes = groups * (inputBytes * (m * k + k * n) + outputBytes * m * n + splitBytes)
  const inputs: MatmulInputs = {
    waves,
    tileRows,
    tileColumns,
    k,
    splits,
    halfDepth,
    multiprocessors,
    peakFlopPerSecond,
    efficiency,
    tileEfficiency,
    bytes,
    hbmBytesPerSecond,
    hbmEfficiency,
    kernelSeconds,
    groups,
    groupSeconds: calibration.groupSeconds,
  }
  const seconds = matmulSeconds.compute(inputs)
  return {
    operation,
    flop: 2 * groups * m * n * k,
    seconds,
    exposedSeconds: seconds,
    bound: bytes / (hbmBytesPerSecond * hbmEfficiency) > seconds / 2 ? 'memory' : 'compute',
    formula: matmulSeconds,
    inputs: inputs as unknown as Record<string, number>,
  }
}
