/**
 * Every number that clusterwise reports: what it is called, its unit, which way is better, and its formula, said twice and
 * held equal by a test. Rows stand in the order in which they are computed: a formula uses facts and rows above it.
 */
import type { Unit } from '../units/unit.ts'
import type { Facts } from './facts.ts'
import type { MetricName } from './metrics.ts'

export type Scope = Facts & Readonly<Record<MetricName, number>>

export interface Metric {
  readonly label: string
  readonly unit: Unit
  readonly better: 'higher' | 'lower' | 'neutral'
  /** In mathjs syntax, over names of facts and of other metrics. */
  readonly text: string
  readonly source: string
  readonly compute: (f: Scope) => number
}

export const catalogue = {
  'step.compute': {
    label: 'compute',
    unit: 'seconds',
    better: 'lower',
    text: 'matmulSeconds + attentionSeconds + memoryBoundSeconds',
    source: 'forward and backward passes of the busiest stage, priced operation by operation',
    compute: (f) => f.matmulSeconds + f.attentionSeconds + f.memoryBoundSeconds,
  },
  'step.recompute': {
    label: 'recomputation',
    unit: 'seconds',
    better: 'lower',
    text: 'recomputeSeconds',
    source: 'Korthikanti et al. 2022, arXiv:2205.05198 §5',
    compute: (f) => f.recomputeSeconds,
  },
  'comm.tp.exposed': {
    label: 'tensor-parallel communication, exposed',
    unit: 'seconds',
    better: 'lower',
    text: 'tpExposedSeconds',
    source: 'what overlap leaves on the critical path, and the slow-down of compute beside it',
    compute: (f) => f.tpExposedSeconds,
  },
  'comm.cp.exposed': {
    label: 'context-parallel communication, exposed',
    unit: 'seconds',
    better: 'lower',
    text: 'cpExposedSeconds',
    source: 'what overlap leaves on the critical path, and the slow-down of compute beside it',
    compute: (f) => f.cpExposedSeconds,
  },
  'comm.ep.exposed': {
    label: 'expert-parallel communication, exposed',
    unit: 'seconds',
    better: 'lower',
    text: 'epExposedSeconds',
    source: 'what overlap leaves on the critical path, and the slow-down of compute beside it',
    compute: (f) => f.epExposedSeconds,
  },
  'comm.pp.exposed': {
    label: 'pipeline communication, exposed',
    unit: 'seconds',
    better: 'lower',
    text: 'ppExposedSeconds',
    source: 'what overlap leaves on the critical path, and the slow-down of compute beside it',
    compute: (f) => f.ppExposedSeconds,
  },
  'comm.dp.exposed': {
    label: 'data-parallel communication, exposed',
    unit: 'seconds',
    better: 'lower',
    text: 'dpExposedSeconds',
    source: 'what overlap leaves on the critical path, and the slow-down of compute beside it',
    compute: (f) => f.dpExposedSeconds,
  },
  'step.exposed': {
    label: 'exposed communication',
    unit: 'seconds',
    better: 'lower',
    text: 'comm.tp.exposed + comm.cp.exposed + comm.ep.exposed + comm.pp.exposed + comm.dp.exposed',
    source: 'what the step would save if communication were free',
    compute: (f) =>
      f['comm.tp.exposed'] + f['comm.cp.exposed'] + f['comm.ep.exposed'] + f['comm.pp.exposed'] + f['comm.dp.exposed'],
  },
  'step.bubble': {
    label: 'pipeline bubble',
    unit: 'seconds',
    better: 'lower',
    text: 'bubbleSeconds',
    source: 'the schedule played out pass by pass, see parallel.schedule',
    compute: (f) => f.bubbleSeconds,
  },
  'step.optimizer': {
    label: 'optimizer',
    unit: 'seconds',
    better: 'lower',
    text: 'optimizerSeconds',
    source:
      'bytes of its states through HBM; for Muon, Shampoo and SOAP also what they compute on whole matrices and how these travel: Kingma and Ba 2014, arXiv:1412.6980; engine/optimizer/',
    compute: (f) => f.optimizerSeconds,
  },
  'step.host': {
    label: 'waiting for the host',
    unit: 'seconds',
    better: 'lower',
    text: 'hostSeconds',
    source: 'a layer takes at least as long as the host needs to issue it',
    compute: (f) => f.hostSeconds,
  },
  'step.overhead': {
    label: 'fixed cost and stragglers',
    unit: 'seconds',
    better: 'lower',
    text: 'stepSeconds + stragglersPerDoubling * log2(max(1, gpus / gpusPerNode)) * (step.compute + step.recompute + step.exposed + step.bubble + step.optimizer + step.host)',
    source: 'spread between nodes grows with their number: fitted to published weak-scaling runs',
    compute: (f) =>
      f.stepSeconds +
      f.stragglersPerDoubling *
        Math.log2(Math.max(1, f.gpus / f.gpusPerNode)) *
        (f['step.compute'] +
          f['step.recompute'] +
          f['step.exposed'] +
          f['step.bubble'] +
          f['step.optimizer'] +
          f['step.host']),
  },
  'step.time': {
    label: 'step time',
    unit: 'seconds',
    better: 'lower',
    text: 'step.compute + step.recompute + step.exposed + step.bubble + step.optimizer + step.host + step.overhead',
    source: 'parts add up to the step; all of the busiest stage',
    compute: (f) =>
      f['step.compute'] +
      f['step.recompute'] +
      f['step.exposed'] +
      f['step.bubble'] +
      f['step.optimizer'] +
      f['step.host'] +
      f['step.overhead'],
  },
  'comm.tp.time': {
    label: 'tensor-parallel communication',
    unit: 'seconds',
    better: 'lower',
    text: 'tpSeconds',
    source: 'Shoeybi et al. 2019, arXiv:1909.08053; Korthikanti et al. 2022, arXiv:2205.05198',
    compute: (f) => f.tpSeconds,
  },
  'comm.cp.time': {
    label: 'context-parallel communication',
    unit: 'seconds',
    better: 'lower',
    text: 'cpSeconds',
    source: 'Liu et al. 2023, arXiv:2310.01889; Jacobs et al. 2023, arXiv:2309.14509',
    compute: (f) => f.cpSeconds,
  },
  'comm.ep.time': {
    label: 'expert-parallel communication',
    unit: 'seconds',
    better: 'lower',
    text: 'epSeconds',
    source: 'Lepikhin et al. 2020, arXiv:2006.16668; Rajbhandari et al. 2022, arXiv:2201.05596',
    compute: (f) => f.epSeconds,
  },
  'comm.pp.time': {
    label: 'pipeline communication',
    unit: 'seconds',
    better: 'lower',
    text: 'ppSeconds',
    source: 'Narayanan et al. 2021, arXiv:2104.04473 §3.2',
    compute: (f) => f.ppSeconds,
  },
  'comm.dp.time': {
    label: 'data-parallel communication',
    unit: 'seconds',
    better: 'lower',
    text: 'dpSeconds',
    source: 'Rajbhandari et al. 2019, arXiv:1910.02054; Zhao et al. 2023, arXiv:2304.11277',
    compute: (f) => f.dpSeconds,
  },
  'step.communication': {
    label: 'communication, hidden or not',
    unit: 'seconds',
    better: 'lower',
    text: 'comm.tp.time + comm.cp.time + comm.ep.time + comm.pp.time + comm.dp.time',
    source: 'definition',
    compute: (f) => f['comm.tp.time'] + f['comm.cp.time'] + f['comm.ep.time'] + f['comm.pp.time'] + f['comm.dp.time'],
  },
  'comm.tp.bytes': {
    label: 'tensor-parallel messages per GPU',
    unit: 'bytes',
    better: 'lower',
    text: 'tpBytes',
    source: 'Shoeybi et al. 2019, arXiv:1909.08053; Korthikanti et al. 2022, arXiv:2205.05198',
    compute: (f) => f.tpBytes,
  },
  'comm.cp.bytes': {
    label: 'context-parallel messages per GPU',
    unit: 'bytes',
    better: 'lower',
    text: 'cpBytes',
    source: 'Liu et al. 2023, arXiv:2310.01889; Jacobs et al. 2023, arXiv:2309.14509',
    compute: (f) => f.cpBytes,
  },
  'comm.ep.bytes': {
    label: 'expert-parallel messages per GPU',
    unit: 'bytes',
    better: 'lower',
    text: 'epBytes',
    source: 'Lepikhin et al. 2020, arXiv:2006.16668; Rajbhandari et al. 2022, arXiv:2201.05596',
    compute: (f) => f.epBytes,
  },
  'comm.pp.bytes': {
    label: 'pipeline messages per GPU',
    unit: 'bytes',
    better: 'lower',
    text: 'ppBytes',
    source: 'Narayanan et al. 2021, arXiv:2104.04473 §3.2',
    compute: (f) => f.ppBytes,
  },
  'comm.dp.bytes': {
    label: 'data-parallel messages per GPU',
    unit: 'bytes',
    better: 'lower',
    text: 'dpBytes',
    source: 'Rajbhandari et al. 2019, arXiv:1910.02054; Zhao et al. 2023, arXiv:2304.11277',
    compute: (f) => f.dpBytes,
  },
  'tokens.per_step': {
    label: 'tokens per step',
    unit: 'tokens',
    better: 'neutral',
    text: 'globalBatch * seqLen',
    source: 'definition',
    compute: (f) => f.globalBatch * f.seqLen,
  },
  'flop.model_per_step': {
    label: 'model FLOP per step',
    unit: 'flop',
    better: 'neutral',
    text: '3 * tokens.per_step * forwardFlopPerToken',
    source:
      'forward once, backward twice; causal attention counted as the half it needs. Narayanan et al. 2021, arXiv:2104.04473, appendix',
    compute: (f) => 3 * f['tokens.per_step'] * f.forwardFlopPerToken,
  },
  'flop.hardware_per_step': {
    label: 'FLOP executed per step',
    unit: 'flop',
    better: 'neutral',
    text: 'hardwareFlop',
    source: 'what the kernels execute: recomputation and masked scores included',
    compute: (f) => f.hardwareFlop,
  },
  'run.steps': {
    label: 'steps',
    unit: 'count',
    better: 'neutral',
    text: 'ceil(tokens / tokens.per_step)',
    source: 'definition',
    compute: (f) => Math.ceil(f.tokens / f['tokens.per_step']),
  },
  'flop.run': {
    label: 'model FLOP of the run',
    unit: 'flop',
    better: 'neutral',
    text: 'flop.model_per_step * run.steps',
    source: 'definition',
    compute: (f) => f['flop.model_per_step'] * f['run.steps'],
  },
  'ratio.compute_to_communication': {
    label: 'compute over communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / step.communication',
    source: 'compute cost over communication cost, whether hidden or not',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['step.communication'],
  },
  'ratio.compute_to_exposed': {
    label: 'compute over exposed communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / step.exposed',
    source: 'compute cost over what communication adds to the step',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['step.exposed'],
  },
  'ratio.tp.compute_to_communication': {
    label: 'compute over tensor-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.tp.time',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.tp.time'],
  },
  'ratio.cp.compute_to_communication': {
    label: 'compute over context-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.cp.time',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.cp.time'],
  },
  'ratio.ep.compute_to_communication': {
    label: 'compute over expert-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.ep.time',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.ep.time'],
  },
  'ratio.pp.compute_to_communication': {
    label: 'compute over pipeline communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.pp.time',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.pp.time'],
  },
  'ratio.dp.compute_to_communication': {
    label: 'compute over data-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.dp.time',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.dp.time'],
  },
  'ratio.tp.compute_to_exposed': {
    label: 'compute over exposed tensor-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.tp.exposed',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.tp.exposed'],
  },
  'ratio.cp.compute_to_exposed': {
    label: 'compute over exposed context-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.cp.exposed',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.cp.exposed'],
  },
  'ratio.ep.compute_to_exposed': {
    label: 'compute over exposed expert-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.ep.exposed',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.ep.exposed'],
  },
  'ratio.pp.compute_to_exposed': {
    label: 'compute over exposed pipeline communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.pp.exposed',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.pp.exposed'],
  },
  'ratio.dp.compute_to_exposed': {
    label: 'compute over exposed data-parallel communication',
    unit: 'count',
    better: 'higher',
    text: '(step.compute + step.recompute) / comm.dp.exposed',
    source: 'definition',
    compute: (f) => (f['step.compute'] + f['step.recompute']) / f['comm.dp.exposed'],
  },
  mfu: {
    label: 'model FLOP utilization',
    unit: 'ratio',
    better: 'higher',
    text: 'flop.model_per_step / (step.time * gpus * peakFlopPerSecond)',
    source: 'Chowdhery et al. 2022 (PaLM), arXiv:2204.02311, appendix B; causal attention counted as half',
    compute: (f) => f['flop.model_per_step'] / (f['step.time'] * f.gpus * f.peakFlopPerSecond),
  },
  hfu: {
    label: 'hardware FLOP utilization',
    unit: 'ratio',
    better: 'higher',
    text: 'flop.hardware_per_step / (step.time * gpus * peakFlopPerSecond)',
    source: 'Korthikanti et al. 2022, arXiv:2205.05198 §6; counts what the kernels execute',
    compute: (f) => f['flop.hardware_per_step'] / (f['step.time'] * f.gpus * f.peakFlopPerSecond),
  },
  'failures.rate': {
    label: 'failures of the cluster',
    unit: 'perSecond',
    better: 'lower',
    text: 'gpus * failuresPerGpuSecond',
    source: 'failures of GPUs are independent; rate by default: Llama 3, arXiv:2407.21783 Table 5',
    compute: (f) => f.gpus * f.failuresPerGpuSecond,
  },
  'failures.mean_time': {
    label: 'mean time between failures',
    unit: 'seconds',
    better: 'higher',
    text: '1 / failures.rate',
    source: 'definition',
    compute: (f) => 1 / f['failures.rate'],
  },
  'checkpoint.interval': {
    label: 'interval between checkpoints',
    unit: 'seconds',
    better: 'neutral',
    text: 'checkpointIntervalSeconds > 0 or failures.rate == 0 ? checkpointIntervalSeconds : sqrt(2 * checkpointSeconds / failures.rate)',
    source: 'as given, else the best one: Young 1974, doi:10.1145/361147.361115',
    compute: (f) =>
      f.checkpointIntervalSeconds > 0 || f['failures.rate'] === 0
        ? f.checkpointIntervalSeconds
        : Math.sqrt((2 * f.checkpointSeconds) / f['failures.rate']),
  },
  'checkpoint.loss': {
    label: 'time for checkpoints and work lost since the last, over useful time',
    unit: 'ratio',
    better: 'lower',
    text: 'checkpointIntervalSeconds > 0 ? checkpointSeconds / checkpointIntervalSeconds + checkpointIntervalSeconds / 2 * failures.rate : sqrt(2 * checkpointSeconds * failures.rate)',
    source: 'Young 1974, doi:10.1145/361147.361115: a write per interval, half an interval lost per failure',
    compute: (f) =>
      f.checkpointIntervalSeconds > 0
        ? f.checkpointSeconds / f.checkpointIntervalSeconds + (f.checkpointIntervalSeconds / 2) * f['failures.rate']
        : Math.sqrt(2 * f.checkpointSeconds * f['failures.rate']),
  },
  goodput: {
    label: 'share of time that counts',
    unit: 'ratio',
    better: 'higher',
    text: '1 / (1 + checkpoint.loss + (checkpointSeconds / 2 + restartSeconds) * failures.rate)',
    source: 'Daly 2006, doi:10.1016/j.future.2004.11.016: checkpoints, lost work and restarts',
    compute: (f) => 1 / (1 + f['checkpoint.loss'] + (f.checkpointSeconds / 2 + f.restartSeconds) * f['failures.rate']),
  },
  'utilization.effective': {
    label: 'effective utilization',
    unit: 'ratio',
    better: 'higher',
    text: 'mfu * goodput',
    source: 'useful FLOP of the whole run over what the cluster could do at its peak',
    compute: (f) => f.mfu * f.goodput,
  },
  'bubble.fraction': {
    label: 'share of the pipeline that idles',
    unit: 'ratio',
    better: 'lower',
    text: 'step.bubble / step.time',
    source: 'definition',
    compute: (f) => f['step.bubble'] / f['step.time'],
  },
  'memory.weights': {
    label: 'weights',
    unit: 'bytes',
    better: 'lower',
    text: 'weightsBytes',
    source: 'parameters of the stage × bytes of the recipe, sharded by ZeRO 3',
    compute: (f) => f.weightsBytes,
  },
  'memory.gradients': {
    label: 'gradients',
    unit: 'bytes',
    better: 'lower',
    text: 'gradientsBytes',
    source: 'parameters of the stage × bytes of the recipe, sharded from ZeRO 2',
    compute: (f) => f.gradientsBytes,
  },
  'memory.optimizer_state': {
    label: 'optimizer state',
    unit: 'bytes',
    better: 'lower',
    text: 'optimizerStateBytes',
    source:
      'Rajbhandari et al. 2019, arXiv:1910.02054: master copy and moments, sharded from ZeRO 1; preconditioners of Shampoo and SOAP per block or matrix',
    compute: (f) => f.optimizerStateBytes,
  },
  'memory.activations': {
    label: 'activations',
    unit: 'bytes',
    better: 'lower',
    text: 'activationsBytes',
    source: 'Korthikanti et al. 2022, arXiv:2205.05198 §4, and the same count for fused kernels',
    compute: (f) => f.activationsBytes,
  },
  'memory.buffers': {
    label: 'buffers',
    unit: 'bytes',
    better: 'lower',
    text: 'workingBytes + reservedBytes',
    source: 'working set of the moment, logits, gathered layers, context, communicators, fragmentation',
    compute: (f) => f.workingBytes + f.reservedBytes,
  },
  'memory.peak': {
    label: 'peak memory of a GPU',
    unit: 'bytes',
    better: 'lower',
    text: 'memory.weights + memory.gradients + memory.optimizer_state + memory.activations + memory.buffers',
    source: 'of the worst stage',
    compute: (f) =>
      f['memory.weights'] +
      f['memory.gradients'] +
      f['memory.optimizer_state'] +
      f['memory.activations'] +
      f['memory.buffers'],
  },
  'memory.allocated': {
    label: 'tensors at the peak',
    unit: 'bytes',
    better: 'lower',
    text: 'memory.weights + memory.gradients + memory.optimizer_state + memory.activations + workingBytes',
    source: 'what torch.cuda.max_memory_allocated counts: no context, communicators or fragmentation',
    compute: (f) =>
      f['memory.weights'] +
      f['memory.gradients'] +
      f['memory.optimizer_state'] +
      f['memory.activations'] +
      f.workingBytes,
  },
  'memory.capacity': {
    label: 'memory of a GPU',
    unit: 'bytes',
    better: 'higher',
    text: 'hbmBytes',
    source: 'data sheet of the GPU',
    compute: (f) => f.hbmBytes,
  },
  'memory.headroom': {
    label: 'memory left',
    unit: 'bytes',
    better: 'higher',
    text: 'memory.capacity - memory.peak',
    source: 'definition',
    compute: (f) => f['memory.capacity'] - f['memory.peak'],
  },
  'parameters.total': {
    label: 'parameters',
    unit: 'count',
    better: 'neutral',
    text: 'parameters',
    source: 'counted from the shape of the model, to the last digit',
    compute: (f) => f.parameters,
  },
  'throughput.tokens_per_second': {
    label: 'tokens per second',
    unit: 'tokensPerSecond',
    better: 'higher',
    text: 'tokens.per_step / step.time',
    source: 'definition',
    compute: (f) => f['tokens.per_step'] / f['step.time'],
  },
  'throughput.tokens_per_second_per_gpu': {
    label: 'tokens per second and GPU',
    unit: 'tokensPerSecond',
    better: 'higher',
    text: 'throughput.tokens_per_second / gpus',
    source: 'definition',
    compute: (f) => f['throughput.tokens_per_second'] / f.gpus,
  },
  'throughput.flop_per_second_per_gpu': {
    label: 'model FLOP per second and GPU',
    unit: 'flopPerSecond',
    better: 'higher',
    text: 'flop.model_per_step / (step.time * gpus)',
    source: 'definition',
    compute: (f) => f['flop.model_per_step'] / (f['step.time'] * f.gpus),
  },
  'run.time': {
    label: 'time of the run',
    unit: 'seconds',
    better: 'lower',
    text: 'run.steps * step.time / goodput',
    source: 'failures, checkpoints and restarts included',
    compute: (f) => (f['run.steps'] * f['step.time']) / f.goodput,
  },
  'run.days': {
    label: 'days',
    unit: 'count',
    better: 'lower',
    text: 'run.time / secondsPerDay',
    source: 'definition',
    compute: (f) => f['run.time'] / f.secondsPerDay,
  },
  'run.gpu_hours': {
    label: 'GPU-hours',
    unit: 'count',
    better: 'lower',
    text: 'gpus * run.time / secondsPerHour',
    source: 'definition',
    compute: (f) => (f.gpus * f['run.time']) / f.secondsPerHour,
  },
  'run.energy': {
    label: 'energy',
    unit: 'joules',
    better: 'lower',
    text: 'gpus / gpusPerNode * nodeWatts * pue * run.time',
    source: 'nodes at full load for the whole run, times power usage effectiveness',
    compute: (f) => (f.gpus / f.gpusPerNode) * f.nodeWatts * f.pue * f['run.time'],
  },
  'run.cost': {
    label: 'cost',
    unit: 'usd',
    better: 'lower',
    text: 'usdPerGpuSecond * gpus * run.time + energyBilled * usdPerJoule * run.energy',
    source: 'rent or write-off, and energy where it is paid apart',
    compute: (f) => f.usdPerGpuSecond * f.gpus * f['run.time'] + f.energyBilled * f.usdPerJoule * f['run.energy'],
  },
} as const satisfies Record<MetricName, Metric>
