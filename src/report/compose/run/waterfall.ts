/** From the peak of the chips down to what is useful in the end, each drop with its cause. */
import { formatQuantity } from '../../../units/format.ts'
import { bar, cell, column, type Row, row, sumRow, type Table } from '../../report.ts'
import { percent } from '../../words.ts'
import { peakOf, type RunInput } from './input.ts'

interface Drop {
  readonly label: string
  readonly share: number
  readonly note: string
}

export function waterfall({ simulation }: Pick<RunInput, 'simulation'>): Table {
  const { metrics, job } = simulation
  const peak = `${formatQuantity(peakOf(simulation), 'flopPerSecond')} ${job.precision.matmul}`
  const reached = formatQuantity(metrics['throughput.flop_per_second_per_gpu'], 'flopPerSecond')
  const useful = formatQuantity(peakOf(simulation) * metrics['utilization.effective'], 'flopPerSecond')
  return {
    kind: 'table',
    title: 'From peak to useful',
    aside: 'share of the peak',
    columns: [column(''), column('', 'right'), column('', 'left', 'bar'), column('', 'left', 'below')],
    rows: [
      level('peak', 1, peak),
      ...falling(stepDrops(simulation), 1),
      level('MFU', metrics.mfu, `${reached} while it runs`),
      ...falling(runDrops(simulation), metrics.mfu),
      level('effective utilization', metrics['utilization.effective'], `${useful} in the end`),
    ],
  }
}

/**
 * The step is useful work at peak rate, and everything else; each part's share of the step is a drop in utilization, so
 * the drops add up from 1 to MFU.
 */
export function stepDrops({ metrics, facts, strategy }: RunInput['simulation']): readonly Drop[] {
  const step = metrics['step.time']
  const kernels = facts.matmulSeconds + facts.attentionSeconds - metrics.mfu * step
  const uneven = strategy.pp > 1 ? 'uneven stages included' : ''
  const part = (label: string, seconds: number, note = ''): Drop => ({ label, share: seconds / step, note })
  return [
    part('kernels below peak', kernels, uneven),
    part('memory-bound operators', facts.memoryBoundSeconds),
    part('recomputation', metrics['step.recompute']),
    part('exposed communication', metrics['step.exposed']),
    part('pipeline bubble', metrics['step.bubble']),
    part('optimizer', metrics['step.optimizer']),
    part('host and stragglers', metrics['step.host'] + metrics['step.overhead']),
  ]
}

/** What failures take, in proportion to the terms of `goodput`. */
export function runDrops({ metrics, facts }: RunInput['simulation']): readonly Drop[] {
  const rate = metrics['failures.rate']
  const interval = metrics['checkpoint.interval']
  const terms = [
    {
      label: 'writing checkpoints',
      cost: interval > 0 ? facts.checkpointSeconds / interval : 0,
      note: `every ${formatQuantity(interval, 'seconds')}`,
    },
    {
      label: 'work lost to failures',
      cost: ((interval + facts.checkpointSeconds) / 2) * rate,
      note: `one every ${formatQuantity(metrics['failures.mean_time'], 'seconds')}`,
    },
    {
      label: 'restarts',
      cost: facts.restartSeconds * rate,
      note: `${formatQuantity(facts.restartSeconds, 'seconds')} each`,
    },
  ]
  return terms.map(({ label, cost, note }) => ({ label, share: cost * metrics.mfu * metrics.goodput, note }))
}

/** Less than this shows as 0.0 %. */
const visible = 0.0005

function falling(drops: readonly Drop[], from: number): readonly Row[] {
  let at = from
  return drops.flatMap(({ label, share, note }) => {
    if (Math.abs(share) < visible) return []
    const top = at
    at -= share
    return [row(cell(`  ${label}`), cell(percent(-share)), bar(at, top, 'warn'), cell(note, 'dim'))]
  })
}

function level(label: string, share: number, note: string): Row {
  const cells = [cell(label, 'strong'), cell(percent(share), 'strong'), bar(0, share, 'good'), cell(note, 'dim')]
  return share === 1 ? row(...cells) : sumRow(...cells)
}
