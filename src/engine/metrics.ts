/** Names of all metrics, and the sheet that computes them. */
import { catalogue, type Metric, type Scope } from './catalogue.ts'
import { blankRecord, type Facts, factNames } from './facts.ts'

export const metricNames = [
  'step.time',
  'step.compute',
  'step.recompute',
  'step.communication',
  'step.exposed',
  'step.bubble',
  'step.optimizer',
  'step.host',
  'step.overhead',
  'comm.tp.time',
  'comm.cp.time',
  'comm.ep.time',
  'comm.pp.time',
  'comm.dp.time',
  'comm.tp.exposed',
  'comm.cp.exposed',
  'comm.ep.exposed',
  'comm.pp.exposed',
  'comm.dp.exposed',
  'comm.tp.bytes',
  'comm.cp.bytes',
  'comm.ep.bytes',
  'comm.pp.bytes',
  'comm.dp.bytes',
  'flop.model_per_step',
  'flop.hardware_per_step',
  'flop.run',
  'ratio.compute_to_communication',
  'ratio.compute_to_exposed',
  'ratio.tp.compute_to_communication',
  'ratio.cp.compute_to_communication',
  'ratio.ep.compute_to_communication',
  'ratio.pp.compute_to_communication',
  'ratio.dp.compute_to_communication',
  'ratio.tp.compute_to_exposed',
  'ratio.cp.compute_to_exposed',
  'ratio.ep.compute_to_exposed',
  'ratio.pp.compute_to_exposed',
  'ratio.dp.compute_to_exposed',
  'mfu',
  'hfu',
  'utilization.effective',
  'goodput',
  'bubble.fraction',
  'memory.peak',
  'memory.allocated',
  'memory.weights',
  'memory.gradients',
  'memory.optimizer_state',
  'memory.activations',
  'memory.buffers',
  'memory.capacity',
  'memory.headroom',
  'parameters.total',
  'tokens.per_step',
  'throughput.tokens_per_second',
  'throughput.tokens_per_second_per_gpu',
  'throughput.flop_per_second_per_gpu',
  'run.steps',
  'run.time',
  'run.days',
  'run.gpu_hours',
  'run.energy',
  'run.cost',
  'failures.rate',
  'failures.mean_time',
  'checkpoint.interval',
  'checkpoint.loss',
] as const

export type MetricName = (typeof metricNames)[number]
export type Metrics = Readonly<Record<MetricName, number>>

/** Fills the sheet from top to bottom; a ratio over nothing is Infinity. */
export function measure(facts: Facts): Metrics {
  const scope = Object.assign({ ...blankScope }, facts)
  for (const [name, { compute }] of sheet) scope[name] = compute(scope)
  const metrics = { ...blankMetrics }
  for (const name of metricNames) metrics[name] = scope[name]
  return metrics
}

const sheet = Object.entries(catalogue) as [MetricName, Metric][]
const blankScope: Record<keyof Scope, number> = blankRecord([...factNames, ...metricNames])
const blankMetrics = blankRecord(metricNames)
