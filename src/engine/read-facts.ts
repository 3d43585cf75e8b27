/** From the parts of a simulation to the flat record of numbers that metric formulas use. */
import type { Exchange } from './exchange.ts'
import { blankRecord, type Facts, factNames } from './facts.ts'
import { forwardFlopPerToken } from './flop.ts'
import type { Job } from './job.ts'
import type { StageMemory } from './memory.ts'
import type { OptimizerStep } from './optimizer/step.ts'
import { countParameters } from './parameters.ts'
import type { Pipeline } from './pipeline.ts'
import { type Work, type WorkName, workNames } from './stages.ts'
import { microBatchesOf, type Strategy } from './strategy.ts'

/** What a strategy adds to the facts of its job. */
export interface Parts {
  readonly job: Job
  readonly strategy: Strategy
  /** Of the busiest stage. */
  readonly work: Work
  /** Of all stages, for one micro-batch on one rank of each. */
  readonly flop: number
  /** Of all ranks, once a step: what the optimizer computes matrix by matrix. */
  readonly updateFlop: number
  readonly pipeline: Pick<Pipeline, 'transfers' | 'exposedSeconds' | 'bubbleSeconds'>
  readonly exchange: Pick<Exchange, 'seconds' | 'exposedSeconds' | 'bytes'>
  readonly optimizer: Pick<OptimizerStep, 'seconds'>
  readonly worst: StageMemory
}

/** The facts of the job stay while strategies vary. */
export function readFacts(parts: Parts, inputs = inputFacts(parts.job)): Facts {
  return Object.assign({ ...blank }, inputs, timeFacts(parts), memoryFacts(parts.worst))
}

const blank = blankRecord(factNames)

export type InputFacts = ReturnType<typeof inputFacts>

/** Counts that take a walk through the model. */
export interface ModelFacts {
  readonly parameters: number
  readonly forwardFlopPerToken: number
}

function modelFacts({ model, batch }: Job): ModelFacts {
  return {
    parameters: countParameters(model).total,
    forwardFlopPerToken: forwardFlopPerToken(model, batch.seqLen),
  }
}

export function inputFacts(job: Job, counted: ModelFacts = modelFacts(job)) {
  const { cluster, batch, precision, reliability, economics, software, calibration } = job
  return {
    gpus: cluster.gpus,
    gpusPerNode: cluster.gpusPerNode,
    nodeWatts: cluster.nodeWatts,
    peakFlopPerSecond: cluster.device.peakFlopPerSecond[precision.matmul],
    hbmBytes: cluster.device.hbmBytes,
    globalBatch: batch.globalBatch,
    seqLen: batch.seqLen,
    tokens: batch.tokens,
    parameters: counted.parameters,
    forwardFlopPerToken: counted.forwardFlopPerToken,
    stepSeconds: software.stepSeconds,
    stragglersPerDoubling: calibration.stragglersPerDoubling,
    failuresPerGpuSecond: reliability.failuresPerGpuSecond,
    checkpointSeconds: reliability.checkpointSeconds,
    restartSeconds: reliability.restartSeconds,
    checkpointIntervalSeconds: reliability.checkpointIntervalSeconds,
    usdPerGpuSecond: economics.usdPerGpuSecond,
    usdPerJoule: economics.usdPerJoule,
    energyBilled: economics.energyIncluded ? 0 : 1,
    pue: economics.pue,
    secondsPerDay: 86400,
    secondsPerHour: 3600,
  }
}

function timeFacts({ job, strategy, work, flop, updateFlop, pipeline, exchange, optimizer }: Parts) {
  const { tp, cp, dp } = strategy
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const busy = (name: WorkName) => (work[workNames.indexOf(name)] as number) * microBatches
  const transfer = pipeline.transfers[0]
  return {
    hardwareFlop: flop * microBatches * tp * cp * dp + updateFlop,
    matmulSeconds: busy('matmulSeconds'),
    attentionSeconds: busy('attentionSeconds'),
    memoryBoundSeconds: busy('memoryBoundSeconds'),
    recomputeSeconds: busy('recomputeSeconds'),
    hostSeconds: busy('hostSeconds'),
    tpSeconds: busy('tpSeconds'),
    tpExposedSeconds: busy('tpExposedSeconds'),
    tpBytes: busy('tpBytes'),
    cpSeconds: busy('cpSeconds'),
    cpExposedSeconds: busy('cpExposedSeconds'),
    cpBytes: busy('cpBytes'),
    epSeconds: busy('epSeconds'),
    epExposedSeconds: busy('epExposedSeconds'),
    epBytes: busy('epBytes'),
    ppSeconds: transfer ? transfer.times * transfer.timing.seconds : 0,
    ppExposedSeconds: pipeline.exposedSeconds,
    ppBytes: transfer ? transfer.times * (transfer.timing.inputs['bytes'] ?? 0) : 0,
    dpSeconds: exchange.seconds,
    dpExposedSeconds: exchange.exposedSeconds,
    dpBytes: exchange.bytes,
    bubbleSeconds: pipeline.bubbleSeconds,
    optimizerSeconds: optimizer.seconds,
  }
}

function memoryFacts(worst: StageMemory) {
  return {
    weightsBytes: worst.weights,
    gradientsBytes: worst.gradients,
    optimizerStateBytes: worst.optimizerState,
    activationsBytes: worst.activations,
    workingBytes: worst.working,
    reservedBytes: worst.reserved,
  }
}
