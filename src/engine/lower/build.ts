/**
 * The words that a lowered layer is written in: each names a forward operation and what its backward pass does.
 * Literals are spelled out: spreading into new keys costs microseconds on Node 20, and search prices many layers.
 */
import type { Datatype, Job } from '../job.ts'
import type { Collective, Communication, Matmul, Operation, Phase } from '../operation.ts'

/** The product of one linear layer: [tokens, k] × [k, n], or as many of these as there are experts. */
export interface Linear {
  readonly tokens: number
  readonly n: number
  readonly k: number
  readonly groups?: number
  /** Where it is not the recipe's: embedding, head and router stay in the wider type. */
  readonly datatype?: Datatype
  /** Has an adapter where a frozen model is tuned: the projections of attention (Hu et al. 2021, §4.2; NeMo's default). */
  readonly adapted?: boolean
}

/**
 * Backward does one product for the input and one for the weight; a frozen weight needs none, but its adapter adds a
 * narrow product before and after.
 */
export function linear(job: Job, name: string, shape: Linear): Operation[] {
  const own = products(job, name, shape)
  if (!job.adapter) return own
  const passed = own.filter(({ phase }) => phase !== 'weightGradient')
  if (!shape.adapted) return passed
  const { tokens, n, k } = shape
  const { rank } = job.adapter
  const datatype = job.precision.activation
  return [
    ...passed,
    ...products(job, `${name}.adapter.down`, { tokens, n: rank, k, datatype }),
    ...products(job, `${name}.adapter.up`, { tokens, n, k: rank, datatype }),
  ]
}

function products(
  job: Job,
  name: string,
  { tokens, n, k, groups = 1, datatype = job.precision.matmul }: Linear,
): Matmul[] {
  const { matmul, matmulBytes, matmulRate, activationBytes, gradientBytes } = job.precision
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
    groups,
    rate: datatype === matmul ? matmulRate : 1,
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
  readonly rate?: number
  readonly merged?: number
}

/** A collective forward and its counterpart backward, either of which may be absent. */
export function exchange(
  name: string,
  dimension: Communication['dimension'],
  bytes: number,
  said: Exchange,
): Operation[] {
  const { forward, backward, hidden, backwardHidden = hidden, rate = 1, merged = 1 } = said
  const one = (phase: Phase, collective: Collective, share: number): Communication => ({
    kind: 'collective',
    name,
    phase,
    collective,
    dimension,
    bytes,
    hidden: share,
    rate,
    merged,
  })
  const operations: Operation[] = []
  if (forward) operations.push(one('forward', forward, hidden))
  if (backward) operations.push(one('inputGradient', backward, backwardHidden))
  return operations
}
