/** What was asked, and the four figures that most people came for. */
import { ceilDiv } from '../../../base/integers.ts'
import type { Cluster } from '../../../engine/job.ts'
import { microBatchesOf, type Strategy } from '../../../engine/strategy.ts'
import { formatQuantity } from '../../../units/format.ts'
import { type Tiles, type Title, titled } from '../../report.ts'
import { about, counted, group, percent } from '../../words.ts'
import { peakOf, type RunInput, rangeOf } from './input.ts'

export function title({ loaded, simulation, tool }: RunInput): Title {
  const { job, strategy } = simulation
  return titled(loaded.name, tool, [
    modelFacts({ loaded, simulation }),
    [...clusterFacts(job.cluster, loaded.scenario), job.precision.matmul.toUpperCase()],
    strategyFacts(strategy),
    batchFacts(simulation),
  ])
}

function clusterFacts(cluster: Cluster, { cluster: names }: RunInput['loaded']['scenario']): readonly string[] {
  const nodes = ceilDiv(cluster.gpus, cluster.gpusPerNode)
  const spread = nodes === 1 ? '' : ` (${counted(nodes, 'node')} × ${cluster.gpusPerNode})`
  return [`${group(cluster.gpus)} × ${names.gpu.name ?? 'GPU'}${spread}`, names.name ?? '']
}

function strategyFacts(strategy: Strategy): readonly string[] {
  const { tp, sp, cp, cpMode, pp, vpp, schedule, dp } = strategy
  return [
    `TP ${tp}${sp ? ' + SP' : ''}`,
    cp > 1 ? `CP ${cp} (${cpMode})` : '',
    pp > 1 ? `PP ${pp}${vpp > 1 ? ` × ${vpp}` : ''} (${schedule})` : 'PP 1',
    `DP ${group(dp)}${shardingOf(strategy)}`,
    `recompute ${strategy.recompute}`,
  ]
}

function shardingOf({ zero, shardRanks, dp, cp }: Strategy): string {
  if (zero === 0) return ''
  const name = zero === 3 ? ' FSDP' : ` ZeRO ${zero}`
  return shardRanks < dp * cp ? `${name} in groups of ${group(shardRanks)}` : name
}

function batchFacts({ job, strategy, metrics }: RunInput['simulation']): readonly string[] {
  const micro = microBatchesOf(job.batch.globalBatch, strategy)
  return [
    `sequence ${group(job.batch.seqLen)}`,
    `global batch ${group(job.batch.globalBatch)} (${formatQuantity(metrics['tokens.per_step'], 'tokens')})`,
    `micro-batch ${strategy.microBatch} × ${group(micro)}`,
  ]
}

function modelFacts({ loaded, simulation }: Pick<RunInput, 'loaded' | 'simulation'>): readonly string[] {
  const { model } = simulation.job
  const { scenario } = loaded
  return [
    scenario.model.name ?? '',
    `${about(simulation.metrics['parameters.total'])} parameters`,
    counted(model.layers, 'layer'),
    scenario.software.name ?? '',
  ]
}

export function tiles(input: Pick<RunInput, 'loaded' | 'simulation'>): Tiles {
  const { simulation } = input
  const { metrics, job } = simulation
  const peak = peakOf(simulation)
  const money = metrics['run.cost']
  return {
    kind: 'tiles',
    tiles: [
      {
        label: 'Step time',
        value: `${formatQuantity(metrics['step.time'], 'seconds')} ± ${Math.round(100 * rangeOf(input).share)} %`,
        details: [
          `${formatQuantity(metrics['throughput.flop_per_second_per_gpu'], 'flopPerSecond')} per GPU`,
          `${formatQuantity(metrics['step.time'] * metrics.mfu, 'seconds')} at peak rate`,
        ],
      },
      {
        label: 'MFU',
        value: percent(metrics.mfu),
        details: [`of ${formatQuantity(peak, 'flopPerSecond')}`, `HFU ${percent(metrics.hfu)}`],
      },
      {
        label: 'Tokens / s',
        value: about(metrics['throughput.tokens_per_second']),
        details: [
          `${about(metrics['throughput.tokens_per_second_per_gpu'])} per GPU`,
          `${about(metrics['throughput.tokens_per_second'] * 86_400)} a day`,
        ],
      },
      {
        label: `${formatQuantity(job.batch.tokens, 'tokens')}`,
        value: formatQuantity(metrics['run.time'], 'seconds'),
        details: [`${about(metrics['run.gpu_hours'])} GPU-hours`, money > 0 ? formatQuantity(money, 'usd') : ''],
      },
    ],
  }
}
