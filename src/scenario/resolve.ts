/** Scenario → Job and Strategy: names change to those of the engine, and what nobody said follows from what they did. */
import {
  type AttentionKernel,
  attentionKernels,
  type Batch,
  type Calibration,
  type Cluster,
  type Datatype,
  type Economics,
  type Job,
  type ModelShape,
  type Reliability,
  type Software,
} from '../engine/job.ts'
import { countParameters } from '../engine/parameters.ts'
import { stageOf } from '../engine/schedule/schedule.ts'
import { scheduleTable } from '../engine/schedule/table.ts'
import type { Note } from '../engine/simulation.ts'
import type { ScheduleKind, Strategy } from '../engine/strategy.ts'
import { formatQuantity } from '../units/format.ts'
import { deviceOf } from './device.ts'
import { given } from './given.ts'
import { modelOf } from './model.ts'
import { optimizerOf, precisionOf } from './precision.ts'
import type { Scenario } from './schema.ts'

export interface Resolved {
  readonly job: Job
  readonly strategy: Strategy
  readonly notes: readonly Note[]
}

/** Of a scenario that is complete and keeps the rules between its fields. */
export function resolve(scenario: Scenario): Resolved {
  const model = modelOf(scenario.model)
  const batch = batchOf(scenario.training, model)
  const precision = precisionOf(scenario.training)
  const job: Job = {
    model,
    cluster: clusterOf(scenario.cluster, precision.matmul),
    batch,
    precision,
    optimizer: optimizerOf(scenario.training),
    ...(scenario.training.lora_rank && { adapter: { rank: scenario.training.lora_rank } }),
    software: softwareOf(scenario),
    reliability: reliabilityOf(scenario.reliability),
    economics: economicsOf(scenario),
    calibration: calibrationOf(scenario.calibration),
  }
  return { job, strategy: strategyOf(scenario, job.cluster), notes: notesOf(scenario, batch) }
}

/** Tokens of compute-optimal training per parameter: Hoffmann et al. 2022 (arXiv:2203.15556), Table 3. */
const tokensPerParameter = 20

function batchOf(training: Scenario['training'], model: ModelShape): Batch {
  const seqLen = given(training.sequence_length, 'sequence_length')
  const globalBatch = given(training.global_batch, 'global_batch')
  const steps = training.steps === undefined ? undefined : training.steps * seqLen * globalBatch
  const documentLen = training.document_length
  return {
    seqLen,
    ...(documentLen && { documentLen: Math.min(documentLen, seqLen) }),
    globalBatch,
    tokens: training.tokens ?? steps ?? tokensPerParameter * countParameters(model).total,
  }
}

function clusterOf(cluster: Scenario['cluster'], datatype: Datatype): Cluster {
  const { scale_up: up, scale_out: out, gpus_per_node: gpusPerNode } = cluster
  const device = deviceOf(cluster.gpu, datatype)
  // Where nothing is ever sent over a link, any rate will do; the next faster one keeps it finite.
  const upBytesPerSecond = up.bandwidth ?? device.hbmBytesPerSecond
  return {
    gpus: given(cluster.gpus, 'gpus'),
    gpusPerNode,
    // DGX H100 data sheet: 10.2 kW at most for 8 GPUs of 700 W.
    nodeWatts: cluster.node_power ?? 1.8 * gpusPerNode * device.watts,
    device,
    scaleUp: {
      bytesPerSecond: upBytesPerSecond,
      domain: domainOf(cluster),
      topology: up.topology,
      axes: up.axes,
      efficiency: up.efficiency,
      reductionEfficiency: up.reduction_efficiency,
      reductionRanks: up.reduction_ranks,
      allToAllEfficiency: up.all_to_all_efficiency,
      stepSeconds: up.latency,
    },
    scaleOut: {
      bytesPerSecond: out.bandwidth ?? upBytesPerSecond,
      efficiency: out.efficiency,
      podGpus: out.pod ?? (out.topology === 'rail' ? 32 : 4) * gpusPerNode,
      oversubscription: out.oversubscription,
      stepSeconds: out.latency,
    },
  }
}

export const domainOf = (cluster: Scenario['cluster']): number => cluster.scale_up.domain ?? cluster.gpus_per_node

/** Said by the user or the stack; else the fastest kernel that the accelerator has a rate for. */
export function kernelOf({ cluster, software }: Scenario): AttentionKernel {
  if (software.attention) return software.attention
  const { attention } = cluster.gpu.sustained
  const rateOf = (kernel: AttentionKernel): number => attention[kernel] ?? 0
  return attentionKernels
    .filter((kernel) => kernel !== 'unfused')
    .reduce((best, kernel) => (rateOf(kernel) > rateOf(best) ? kernel : best), 'fa2')
}

/**
 * Of the host's time for a layer with experts, where they take fixed rows: clusterwise fit to the rows of Megatron-Bridge
 * 25.09 that drop tokens, https://docs.nvidia.com/nemo/megatron-bridge/latest/performance-summary.html.
 */
const FIXED_ROWS_HOST = 0.45

function moeSoftwareOf({ moe, host, cuda_graphs: graphs }: Scenario['software']) {
  const share = graphs ? 0 : moe.fixed_rows ? FIXED_ROWS_HOST : 1
  return {
    hostSecondsPerMoeLayer: share * (moe.host ?? given(host, 'host')),
    moe: {
      dispatcher: moe.dispatcher,
      permute: moe.permute,
      hidden: moe.hidden,
      hostSecondsPerExpert: share * moe.host_per_expert,
    },
  }
}

/** PyTorch 2.1 of October 2023 lets segments grow, and frameworks switched that on in 2024. */
const expandableSegments = 2024

function fragmentationOf({ software, calibration }: Scenario): number {
  const before = given(software.year, 'year') < expandableSegments
  return before
    ? given(calibration.fragmentation_before, 'fragmentation_before')
    : given(calibration.fragmentation, 'fragmentation')
}

/** PyTorch 2.0 of March 2023 sets CUDA_MODULE_LOADING=LAZY. */
const lazyModules = 2023.2

function moduleBytesOf({ software, calibration }: Scenario): number {
  return given(software.year, 'year') < lazyModules ? given(calibration.modules_before, 'modules_before') : 0
}

function softwareOf(scenario: Scenario): Software {
  const { software, training } = scenario
  return {
    attention: kernelOf(scenario),
    elementwise: software.elementwise,
    norms: software.norms ?? software.elementwise,
    loss: training.loss,
    logits: software.logits,
    tensors: software.tensors,
    recomputeStops: software.recompute_stops,
    ownGradients: software.own_gradients,
    offloaded: software.offloaded,
    moduleBytes: moduleBytesOf(scenario),
    bufferBytes: software.buffers,
    fragmentation: software.fragmentation ?? fragmentationOf(scenario),
    hostSecondsPerLayer: software.cuda_graphs ? 0 : given(software.host, 'host'),
    ...moeSoftwareOf(software),
    tensorParallelRate: software.tp_rate,
    dataParallelRate: software.dp_rate,
    shardedPieces: software.sharded_pieces,
    stepSeconds: given(software.step_overhead, 'step_overhead'),
    contention: given(software.contention, 'contention'),
    year: given(software.year, 'year'),
  }
}

function reliabilityOf(reliability: Scenario['reliability']): Reliability {
  const interval = reliability.checkpoint_interval
  return {
    failuresPerGpuSecond: given(reliability.failures, 'failures'),
    checkpointSeconds: given(reliability.checkpoint, 'checkpoint'),
    restartSeconds: given(reliability.restart, 'restart'),
    checkpointIntervalSeconds: interval === 'auto' ? 0 : interval,
  }
}

function economicsOf({ economics, cluster }: Scenario): Economics {
  const owned = economics.capex === undefined ? undefined : economics.capex / given(economics.lifetime, 'lifetime')
  return {
    usdPerGpuSecond: owned ?? economics.price ?? cluster.gpu.price ?? 0,
    pue: given(economics.pue, 'pue'),
    usdPerJoule: given(economics.energy_price, 'energy_price'),
    energyIncluded: owned === undefined,
  }
}

function calibrationOf(said: Scenario['calibration']): Calibration {
  return {
    matmulHalfDepth: given(said.matmul_half_depth, 'matmul_half_depth'),
    matmulTileLoss: given(said.matmul_tile_loss, 'matmul_tile_loss'),
    matmulWaveWeight: given(said.matmul_wave_weight, 'matmul_wave_weight'),
    kernelSeconds: given(said.kernel, 'kernel'),
    attentionHalfSequence: given(said.attention_half_sequence, 'attention_half_sequence'),
    attentionHalfBlocks: given(said.attention_half_blocks, 'attention_half_blocks'),
    attentionBackwardRate: given(said.attention_backward_rate, 'attention_backward_rate'),
    attentionExponentialSeconds: given(said.attention_exponentials, 'attention_exponentials'),
    attentionContextParallel: given(said.attention_context_parallel, 'attention_context_parallel'),
    unalignedAttentionRate: given(said.unaligned_attention_rate, 'unaligned_attention_rate'),
    unfusedAttentionRate: given(said.unfused_attention_rate, 'unfused_attention_rate'),
    attentionLatentRate: given(said.attention_latent_rate, 'attention_latent_rate'),
    scanRate: given(said.scan_rate, 'scan_rate'),
    scanBackwardRate: given(said.scan_backward_rate, 'scan_backward_rate'),
    recurrentStepSeconds: given(said.recurrent_step, 'recurrent_step'),
    recurrentLaunchSeconds: given(said.recurrent_launch, 'recurrent_launch'),
    recurrentWeightBytes: given(said.recurrent_weights, 'recurrent_weights'),
    groupedMemoryRate: given(said.grouped_memory_rate, 'grouped_memory_rate'),
    groupSeconds: given(said.group, 'group'),
    eagerTraffic: given(said.eager_traffic, 'eager_traffic'),
    collectiveSeconds: given(said.collective, 'collective'),
    rampSeconds: given(said.ramp, 'ramp'),
    crossingStepSeconds: given(said.crossing_step, 'crossing_step'),
    treeStepSeconds: given(said.tree_step, 'tree_step'),
    treeEfficiency: given(said.tree_efficiency, 'tree_efficiency'),
    inNetworkSeconds: given(said.in_network, 'in_network'),
    allToAllPeerSeconds: given(said.all_to_all_peer, 'all_to_all_peer'),
    pointToPointSeconds: given(said.point_to_point, 'point_to_point'),
    tpHidden: given(said.tp_hidden, 'tp_hidden'),
    tpBackwardHidden: given(said.tp_backward_hidden, 'tp_backward_hidden'),
    cpExposed: given(said.cp_exposed, 'cp_exposed'),
    dpExposed: given(said.dp_exposed, 'dp_exposed'),
    dpWindow: given(said.dp_window, 'dp_window'),
    ppBlocking: given(said.pp_blocking, 'pp_blocking'),
    ppBlockingOverlapped: given(said.pp_blocking_overlapped, 'pp_blocking_overlapped'),
    stragglersPerDoubling: given(said.stragglers_per_doubling, 'stragglers_per_doubling'),
    fragmentation: given(said.fragmentation, 'fragmentation'),
    communicatorBytes: given(said.communicator, 'communicator'),
  }
}

function strategyOf({ parallel, training, software }: Scenario, cluster: Cluster): Strategy {
  const { tp, cp, pp } = parallel
  const placement = parallel.schedule && scheduleTable[parallel.schedule].placement
  const vpp = parallel.vpp ?? (placement === 'fold' ? 2 : 1)
  const schedule = parallel.schedule ?? (vpp > 1 ? 'interleaved' : '1f1b')
  const dp = parallel.dp === 'auto' ? Math.max(1, Math.floor(cluster.gpus / (tp * cp * pp))) : parallel.dp
  return {
    tp,
    sp: parallel.sp,
    cp,
    cpMode: parallel.cp_mode,
    microBatch: training.micro_batch,
    recompute: training.recompute,
    recomputeModules: training.recompute_modules ?? (software.attention === 'unfused' ? ['core_attn'] : []),
    ep: parallel.ep,
    etp: parallel.etp,
    overlapTp: parallel.overlap.tp,
    pp,
    vpp,
    schedule,
    dp,
    zero: zeroOf(parallel.zero),
    shardRanks: shardRanksOf(parallel, dp, cluster.scaleUp.domain),
    overlapGradients: parallel.overlap.gradients,
    overlapWeights: parallel.overlap.weights,
    overlapPp: parallel.overlap.pp,
    vocabulary: parallel.vocabulary,
    layersPerChunk: layersPerChunk(parallel.layers_per_stage ?? [], pp, vpp, schedule),
  }
}

const zeroOf = (zero: Scenario['parallel']['zero']): 0 | 1 | 2 | 3 => (zero === 'fsdp' || zero === 'hsdp' ? 3 : zero)

/** Hybrid sharding keeps the gathering of weights inside a scale-up domain. */
function shardRanksOf({ zero, shard_group: group, tp, cp }: Scenario['parallel'], dp: number, domain: number): number {
  if (group !== undefined) return group
  return zero === 'hsdp' ? Math.min(dp * cp, Math.max(1, Math.floor(domain / tp))) : dp * cp
}

/** One entry per stage is spread over the chunks of that stage. */
function layersPerChunk(said: readonly number[], pp: number, vpp: number, schedule: ScheduleKind): readonly number[] {
  if (vpp === 1 || said.length !== pp) return said
  return Array.from({ length: pp * vpp }, (_, position) => {
    const layers = said[stageOf(scheduleTable[schedule], position, pp)] as number
    return Math.floor(layers / vpp) + (Math.floor(position / pp) < layers % vpp ? 1 : 0)
  })
}

function notesOf(scenario: Scenario, batch: Batch): readonly Note[] {
  const { training, cluster, economics } = scenario
  const notes: Note[] = []
  if (training.tokens === undefined && training.steps === undefined) {
    const message = `Neither tokens nor steps are given: ${formatQuantity(batch.tokens, 'tokens')} assumed, ${tokensPerParameter} per parameter (Hoffmann et al. 2022).`
    notes.push({ code: 'training/assumed-tokens', message })
  }
  if (economics.price === undefined && economics.capex === undefined && cluster.gpu.price === undefined) {
    notes.push({ code: 'economics/no-price', message: 'No price is given: the run is reported as free of charge.' })
  }
  return notes
}
