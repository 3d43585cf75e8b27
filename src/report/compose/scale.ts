/** How far a cluster is worth growing: curves, the knee, the floor, and what binds. */
import { catalogue } from '../../engine/catalogue.ts'
import type { MetricName } from '../../engine/metrics.ts'
import type { Growth, ScalePoint } from '../../search/scale.ts'
import { formatQuantity } from '../../units/format.ts'
import { drawCurves } from '../chart/lines.ts'
import {
  type Cell,
  cell,
  column,
  type Json,
  type Report,
  type Row,
  row,
  type Section,
  type Theme,
  type Tool,
  titled,
} from '../report.ts'
import { group, percent, ratio } from '../words.ts'
import { strategyRecord } from './search/record.ts'
import { degreeWords } from './search/strategy.ts'

export interface ScaleCurve {
  readonly growth: Growth
  readonly points: readonly ScalePoint[]
  /** Where a chip brings half of what it should. */
  readonly knee: number | undefined
  /** The largest size that keeps the floor; undefined where none does. */
  readonly kept: ScalePoint | undefined
}

export interface ScaleInput {
  readonly name: string
  readonly file: string
  readonly tool: Tool
  readonly curves: readonly ScaleCurve[]
  readonly floor: string | undefined
}

const titles: Record<Growth, string> = {
  strong: 'Strong scaling: the same batch on more GPUs',
  weak: 'Weak scaling: a batch that grows with the cluster',
}

export function composeScale(input: ScaleInput, theme: Pick<Theme, 'width' | 'unicode'>): Report {
  const { name, tool, file, floor, curves } = input
  return {
    tool,
    sections: [
      titled(name, tool, [['the best strategy at every size', floor === undefined ? '' : `floor: ${floor}`]]),
      ...curves.flatMap((curve) => curveSections(curve, floor, theme)),
    ],
    data: { name, file, ...(floor === undefined ? {} : { floor }), curves: curves.map(curveRecord) },
    fields: [],
  }
}

function curveSections(
  curve: ScaleCurve,
  floor: string | undefined,
  theme: Pick<Theme, 'width' | 'unicode'>,
): readonly Section[] {
  return [
    {
      kind: 'table',
      title: titles[curve.growth],
      aside: '',
      columns: [
        column('GPUs', 'right'),
        column('batch', 'right', 'drop'),
        column('step', 'right'),
        column('MFU', 'right'),
        column('effective', 'right'),
        column('compute:comm.', 'right'),
        column('gain', 'right'),
        column('binds'),
        column('strategy', 'left', 'drop'),
      ],
      rows: curve.points.map(pointRow),
    },
    chartOf(curve, theme),
    { kind: 'prose', title: '', mark: 'bullet', items: verdicts(curve, floor) },
  ]
}

function pointRow({ gpus, globalBatch, best, gain, binds }: ScalePoint): Row {
  const head = [cell(group(gpus), 'strong'), cell(group(globalBatch), 'dim')]
  if (!best) return row(...head, cell('nothing fits', 'bad'))
  const { metrics, strategy } = best
  return row(
    ...head,
    cell(formatQuantity(metrics['step.time'], 'seconds')),
    cell(percent(metrics.mfu)),
    cell(percent(metrics['utilization.effective'])),
    cell(ratio(metrics['ratio.compute_to_communication'])),
    gainCell(gain),
    cell(binds ?? ''),
    cell(degreeWords(strategy), 'dim'),
  )
}

function gainCell(gain: number | undefined): Cell {
  if (gain === undefined) return cell('')
  return cell(gain.toFixed(2).replace('-', '−'), gain < 0.5 ? 'bad' : gain < 0.8 ? 'warn' : 'good')
}

function chartOf({ points }: ScaleCurve, theme: Pick<Theme, 'width' | 'unicode'>): Section {
  const curve = (name: MetricName) => ({
    name,
    points: points.flatMap(({ gpus, best }) => (best ? [{ x: gpus, y: best.metrics[name] }] : [])),
  })
  const lines = drawCurves([curve('mfu'), curve('utilization.effective')], {
    width: Math.min(theme.width - 4, 80),
    height: 8,
    unicode: theme.unicode,
    xLabel: (x) => `${group(Math.round(x))} GPUs`,
    yLabel: percent,
  })
  return {
    kind: 'code',
    title: lines.length > 0 ? 'MFU, and below it effective utilization' : '',
    text: lines.join('\n'),
  }
}

function verdicts({ knee, kept, points }: ScaleCurve, floor: string | undefined): readonly Cell[] {
  const last = points.findLast(({ best }) => best !== undefined)
  const half =
    knee === undefined
      ? `Up to ${group(last?.gpus ?? 0)} GPUs the next chip brings more than half of its worth.`
      : `From about ${group(knee)} GPUs on, the next chip brings less than half of its worth.`
  if (floor === undefined) return [cell(half)]
  const held = kept
    ? `The largest cluster here that keeps ${floor}: ${group(kept.gpus)} GPUs; ${kept.binds ?? 'nothing'} binds there.`
    : `No size here keeps ${floor}.`
  return [cell(half), cell(held, kept ? 'plain' : 'bad')]
}

const kept = [
  'step.time',
  'mfu',
  'utilization.effective',
  'ratio.compute_to_communication',
  'ratio.compute_to_exposed',
  'throughput.tokens_per_second',
  'goodput',
  'memory.peak',
  'run.days',
  'run.cost',
] as const satisfies readonly MetricName[]

function curveRecord({ growth, points, knee, kept: largest }: ScaleCurve): Json {
  return {
    growth,
    knee: knee ?? null,
    largest: largest?.gpus ?? null,
    units: Object.fromEntries(kept.map((name) => [name, catalogue[name].unit])),
    points: points.map(({ gpus, globalBatch, best, gain, binds }) => ({
      gpus,
      global_batch: globalBatch,
      gain: gain ?? null,
      binds: binds ?? null,
      strategy: best ? strategyRecord(best.strategy) : null,
      metrics: best ? Object.fromEntries(kept.map((name) => [name, best.metrics[name]])) : null,
    })),
  }
}
