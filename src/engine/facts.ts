/** The leaves of every metric formula: inputs of the scenario, and sums that the engine read off a simulated step. */
import type { Unit } from '../units/unit.ts'

export interface Fact {
  readonly label: string
  readonly unit: Unit
  /** Where the user writes it; absent for what the engine summed up. */
  readonly path?: string
  /** For a sum: the operations or the rule behind it. */
  readonly from?: string
}

const BUSIEST = 'operations of the busiest stage, all micro-batches of a step'

export const factsTable = {
  gpus: { label: 'GPUs', unit: 'count', path: 'cluster.gpus' },
  gpusPerNode: { label: 'GPUs per node', unit: 'count', path: 'cluster.gpus_per_node' },
  nodeWatts: { label: 'power of a node', unit: 'watts', path: 'cluster.node_power' },
  peakFlopPerSecond: {
    label: 'dense peak of one GPU in the datatype of the matmuls',
    unit: 'flopPerSecond',
    path: 'cluster.gpu.peak',
  },
  hbmBytes: { label: 'memory of one GPU', unit: 'bytes', path: 'cluster.gpu.hbm.capacity' },
  globalBatch: { label: 'sequences per step', unit: 'count', path: 'training.global_batch' },
  seqLen: { label: 'tokens per sequence', unit: 'tokens', path: 'training.sequence_length' },
  tokens: { label: 'tokens of the run', unit: 'tokens', path: 'training.tokens' },
  parameters: { label: 'weights of the model', unit: 'count', from: 'counted from the model section' },
  forwardFlopPerToken: {
    label: 'FLOP of one forward pass per token',
    unit: 'flop',
    from: '2 per weight in a matrix, 4 per key, query channel and layer',
  },
  hardwareFlop: { label: 'FLOP that all GPUs execute in a step', unit: 'flop', from: 'operations of all stages' },
  matmulSeconds: { label: 'matmuls', unit: 'seconds', from: BUSIEST },
  attentionSeconds: { label: 'attention, or the scan or recurrence in its place', unit: 'seconds', from: BUSIEST },
  memoryBoundSeconds: { label: 'memory-bound operators', unit: 'seconds', from: BUSIEST },
  recomputeSeconds: { label: 'recomputation', unit: 'seconds', from: BUSIEST },
  hostSeconds: { label: 'waiting for the host to issue work', unit: 'seconds', from: BUSIEST },
  optimizerSeconds: {
    label: 'optimizer',
    unit: 'seconds',
    from: 'operations optimizer.* of the stage with most weights',
  },
  bubbleSeconds: {
    label: 'pipeline bubble',
    unit: 'seconds',
    from: 'the pipeline played out, less the work of its busiest stage and the exposed transfers',
  },
  tpSeconds: { label: 'tensor-parallel communication', unit: 'seconds', from: BUSIEST },
  tpExposedSeconds: { label: 'tensor-parallel communication, exposed', unit: 'seconds', from: BUSIEST },
  tpBytes: { label: 'tensor-parallel messages', unit: 'bytes', from: BUSIEST },
  cpSeconds: { label: 'context-parallel communication', unit: 'seconds', from: BUSIEST },
  cpExposedSeconds: { label: 'context-parallel communication, exposed', unit: 'seconds', from: BUSIEST },
  cpBytes: { label: 'context-parallel messages', unit: 'bytes', from: BUSIEST },
  epSeconds: { label: 'expert-parallel communication', unit: 'seconds', from: BUSIEST },
  epExposedSeconds: { label: 'expert-parallel communication, exposed', unit: 'seconds', from: BUSIEST },
  epBytes: { label: 'expert-parallel messages', unit: 'bytes', from: BUSIEST },
  ppSeconds: { label: 'transfers between stages', unit: 'seconds', from: 'two per chunk boundary and micro-batch' },
  ppExposedSeconds: {
    label: 'transfers between stages, exposed',
    unit: 'seconds',
    from: 'the pipeline played out with and without transfers',
  },
  ppBytes: { label: 'messages between stages', unit: 'bytes', from: 'two per chunk boundary and micro-batch' },
  dpSeconds: {
    label: 'data-parallel communication',
    unit: 'seconds',
    from: 'operations dp.* of the stage with most weights',
  },
  dpExposedSeconds: {
    label: 'data-parallel communication, exposed',
    unit: 'seconds',
    from: 'what the overlap leaves, and the slow-down of compute beside it',
  },
  dpBytes: { label: 'data-parallel messages', unit: 'bytes', from: 'operations dp.* of the stage with most weights' },
  stepSeconds: {
    label: 'once a step: data, loss, gradient norm, logging',
    unit: 'seconds',
    path: 'software.step_overhead',
  },
  stragglersPerDoubling: {
    label: 'growth of the step per doubling of nodes',
    unit: 'ratio',
    path: 'calibration.stragglers_per_doubling',
  },
  weightsBytes: { label: 'weights on the worst stage', unit: 'bytes', from: 'parameters of that stage' },
  gradientsBytes: { label: 'gradients on the worst stage', unit: 'bytes', from: 'parameters of that stage' },
  optimizerStateBytes: { label: 'optimizer state on the worst stage', unit: 'bytes', from: 'parameters of that stage' },
  activationsBytes: {
    label: 'activations held on the worst stage',
    unit: 'bytes',
    from: 'micro-batches in flight × layers × saved tensors',
  },
  workingBytes: {
    label: 'working memory of the worst stage',
    unit: 'bytes',
    from: 'gradients of activations, logits, gathered layers',
  },
  reservedBytes: {
    label: 'context, communicators and fragmentation',
    unit: 'bytes',
    from: 'cluster.gpu.reserved, calibration.communicator by group, software.buffers, gaps of what comes and goes',
  },
  failuresPerGpuSecond: { label: 'failures per GPU', unit: 'perSecond', path: 'reliability.failures' },
  checkpointSeconds: { label: 'stall of a checkpoint', unit: 'seconds', path: 'reliability.checkpoint' },
  restartSeconds: { label: 'restart after a failure', unit: 'seconds', path: 'reliability.restart' },
  checkpointIntervalSeconds: {
    label: 'interval between checkpoints (0: the best)',
    unit: 'seconds',
    path: 'reliability.checkpoint_interval',
  },
  usdPerGpuSecond: { label: 'price of a GPU', unit: 'usdPerSecond', path: 'economics.price' },
  usdPerJoule: { label: 'price of energy', unit: 'usdPerJoule', path: 'economics.energy_price' },
  energyBilled: { label: 'is energy paid apart? (1 or 0)', unit: 'count', path: 'economics.capex' },
  secondsPerDay: { label: 'a day', unit: 'seconds', from: 'definition' },
  secondsPerHour: { label: 'an hour', unit: 'seconds', from: 'definition' },
  pue: { label: 'power of the site over power of the nodes', unit: 'count', path: 'economics.pue' },
} as const satisfies Record<string, Fact>

export type FactName = keyof typeof factsTable
export const factNames = Object.keys(factsTable) as FactName[]
export type Facts = Readonly<Record<FactName, number>>

/**
 * To be copied by spread and filled in: objects that grow key by key cost more than what is in them. A half is no small
 * integer, so that V8 keeps every field as a plain double.
 */
export function blankRecord<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return { ...(Object.fromEntries(names.map((name) => [name, 0.5])) as Record<Name, number>) }
}
