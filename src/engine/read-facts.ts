/** From the parts of a simulation to the flat record of numbers that metric formulas use. */
import type { Exchange } from './exchange.ts'
import type { Facts } from './facts.ts'
import { forwardFlopPerToken } from './flop.ts'
import type { Job } from './job.ts'
import type { StageMemory } from './memory.ts'
import { countParameters } from './parameters.ts'
import type { Pipeline } from './pipeline.ts'
import type { StageWork } from './stages.ts'
import { microBatchesOf, type Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

interface Parts {
  readonly job: Job
  readonly strategy: Strategy
  readonly works: readonly StageWork[]
  readonly pipeline: Pipeline
  readonly exchange: Exchange
  readonly optimizer: Timing
  readonly worst: StageMemory
}

export function readFacts(parts: Parts): Facts {
  return { ...inputFacts(parts.job), ...timeFacts(parts), ...memoryFacts(parts.worst) }
}

function inputFacts({ model, cluster, batch, precision, reliability, economics, software, calibration }: Job) {
  return {
    gpus: cluster.gpus,
    gpusPerNode: cluster.gpusPerNode,
    nodeWatts: cluster.nodeWatts,
    peakFlopPerSecond: cluster.device.peakFlopPerSecond[precision.matmul],
    hbmBytes: cluster.device.hbmBytes,
    globalBatch: batch.globalBatch,
    seqLen: batch.seqLen,
    tokens: batch.tokens,
    parameters: countParameters(model).total,
    forwardFlopPerToken: forwardFlopPerToken(model, batch.seqLen),
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

function timeFacts({ job, strategy, works, pipeline, exchange, optimizer }: Parts) {
  const { tp, cp, dp } = strategy
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const busiest = works[pipeline.busiestStage] as StageWork
  const stageFlop = works.reduce((sum, { flop }) => sum + flop, 0)
  const transfer = pipeline.transfers[0]
  return {
    hardwareFlop: stageFlop * microBatches * tp * cp * dp,
    matmulSeconds: busiest.matmulSeconds * microBatches,
    attentionSeconds: busiest.attentionSeconds * microBatches,
    memoryBoundSeconds: busiest.memoryBoundSeconds * microBatches,
    recomputeSeconds: busiest.recomputeSeconds * microBatches,
    hostSeconds: busiest.hostSeconds * microBatches,
    tpSeconds: busiest.tpSeconds * microBatches,
    tpExposedSeconds: busiest.tpExposedSeconds * microBatches,
    tpBytes: busiest.tpBytes * microBatches,
    cpSeconds: busiest.cpSeconds * microBatches,
    cpExposedSeconds: busiest.cpExposedSeconds * microBatches,
    cpBytes: busiest.cpBytes * microBatches,
    epSeconds: busiest.epSeconds * microBatches,
    epExposedSeconds: busiest.epExposedSeconds * microBatches,
    epBytes: busiest.epBytes * microBatches,
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
