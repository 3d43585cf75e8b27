/**
 * A layer of long short-term memory as operations: the input's share of the gates for all tokens at once, then token after
 * token the share of what the layer said before, and what backward can do for all tokens at once: the weight gradient
 * (Appleyard et al. 2016, arXiv:1604.01946). Layers could run as a wavefront; one after another is what we count.
 */
import type { Job } from '../job.ts'
import type { Communication, Operation, Phase, Recurrence } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, linear, traffic } from './build.ts'
import { norm, residual } from './elementwise.ts'
import { lstmOf } from './pattern.ts'
import type { LocalShape } from './shape.ts'
import { enterBlock } from './tensor-parallel.ts'

const GATES = 4

export function lowerLstm(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const { model, tokens, ownTokens } = shape
  const { hidden, normsPerLayer } = model
  const cells = lstmOf(model).cells / sharding.tp
  return [
    ...(normsPerLayer > 0 ? norm('lstm.norm', job, ownTokens * hidden) : []),
    ...enterBlock('lstm', job, shape, sharding),
    ...linear(job, 'lstm.input', { tokens, n: GATES * cells, k: hidden, datatype: job.precision.activation }),
    ...recurrence(job, shape, cells),
    ...spoken(job, shape, sharding),
    ...update(job, tokens * cells),
    ...residual('lstm.residual', job, ownTokens * hidden),
  ]
}

/** Each token waits for the one before. The projection, where there is one, is part of the loop. */
function recurrence(job: Job, shape: LocalShape, cells: number): Operation[] {
  const { model, tokens, sequences, localSeqLen } = shape
  const { hidden } = model
  const projects = lstmOf(model).cells !== hidden
  const columns = (projects ? GATES + 1 : GATES) * cells
  const loop = (phase: Phase, n: number, k: number): Recurrence => ({
    kind: 'recurrence',
    name: 'lstm.recurrence',
    phase,
    steps: localSeqLen,
    m: sequences,
    n,
    k,
    products: projects ? 2 : 1,
    datatype: job.precision.activation,
    elementBytes: job.precision.activationBytes,
  })
  const shared = linear(job, 'lstm.recurrence', { tokens, n: columns, k: hidden, datatype: job.precision.activation })
  return [
    loop('forward', columns, hidden),
    loop('inputGradient', hidden, columns),
    ...shared.filter(({ phase }) => phase === 'weightGradient'),
  ]
}

/**
 * Ranks that share the cells tell one another after every token: each its part of the output, or its part of the sum that
 * a projection makes; backward likewise, and at the door to a split sequence once for all tokens.
 */
function spoken(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  if (sharding.tp === 1) return []
  const { model, tokens, localSeqLen } = shape
  const bytes = job.precision.activationBytes * tokens * model.hidden
  const said =
    lstmOf(model).cells === model.hidden
      ? ({ forward: 'all-gather', backward: 'reduce-scatter' } as const)
      : ({ forward: 'all-reduce', backward: 'all-reduce' } as const)
  const each = exchange('lstm.recurrence.exchange', 'tp', bytes, { ...said, hidden: 0 }) as Communication[]
  return [
    ...each.map((operation) => ({ ...operation, times: localSeqLen })),
    ...(sharding.sp ? exchange('lstm.scatter', 'tp', bytes, { backward: 'all-gather', hidden: 0 }) : []),
  ]
}

/** Gates read and written once more, cell and output written; backward reads all of it and writes the gradients. */
function update(job: Job, elements: number): Operation[] {
  const bytes = job.precision.activationBytes * elements
  return traffic('lstm.cells', { forward: (2 * GATES + 3) * bytes, backward: (2 * GATES + 6) * bytes, kernels: [0, 0] })
}
