/**
 * The words that a lowered layer is written in: each names a forward operation and what its backward pass does.
 * Literals are spelled out: spreading into new keys costs microseconds on Node 20, and search prices many layers.
 */
import type { Job } from '../job.ts'
import type { Collective, Communication, Dimension, Matmul, Operation, Phase } from '../operation.ts'

/** [tokens, k] × [k, n]: backward does one product for the input and one for the weight. */
export function linear(
  job: Job,
  name: string,
  tokens: number,
  n: number,
  k: number,
  datatype = job.precision.matmul,
): Operation[] {
  const { matmul, matmulBytes, activationBytes, gradientBytes } = job.precision
  const inputBytes = datatype === matmul ? matmulBytes : activationBytes
  const product = (phase: Phase, rows: number, columns: number, depth: number, outputBytes: number): Matmul => ({
    kind: 'matmul',
    name,
    phase,
    m: rows,
    n: columns,
    k: depth,
    datatype,
    inputBytes,
    outputBytes,
  })
  return [
    product('forward', tokens, n, k, activationBytes),
    product('inputGradient', tokens, k, n, activationBytes),
    // The weight gradient is added to the sum over micro-batches: read and written.
    product('weightGradient', n, k, tokens, 2 * gradientBytes),
  ]
}

interface Traffic {
  readonly forward: number
  readonly backward: number
  readonly kernels?: readonly [forward: number, backward: number]
}

/** Bytes through HBM, forward and backward. */
export function traffic(name: string, { forward, backward, kernels = [1, 1] }: Traffic): Operation[] {
  return [
    { kind: 'elementwise', name, phase: 'forward', bytes: forward, kernels: kernels[0] },
    { kind: 'elementwise', name, phase: 'inputGradient', bytes: backward, kernels: kernels[1] },
  ]
}

interface Exchange {
  readonly forward?: Collective
  readonly backward?: Collective
  /** Share of its time that runs behind compute. */
  readonly hidden: number
  readonly backwardHidden?: number
}

/** A collective forward and its counterpart backward, either of which may be absent. */
export function exchange(name: string, dimension: Dimension, bytes: number, said: Exchange): Operation[] {
  const { forward, backward, hidden, backwardHidden = hidden } = said
  const one = (phase: Phase, collective: Collective, share: number): Communication => ({
    kind: 'collective',
    name,
    phase,
    collective,
    dimension,
    bytes,
    hidden: share,
  })
  const operations: Operation[] = []
  if (forward) operations.push(one('forward', forward, hidden))
  if (backward) operations.push(one('inputGradient', backward, backwardHidden))
  return operations
}
