/** The knobs of a strategy: what a user can turn alone, and how they would write it. */
import type { Job } from '../engine/job.ts'
import { isLegal } from '../engine/rules.ts'
import { recomputes, type Strategy } from '../engine/strategy.ts'

interface Knob {
  readonly label: string
  readonly part: Partial<Strategy>
}

export interface Turn {
  readonly label: string
  readonly strategy: Strategy
}

/** Every legal strategy that one turn of one knob leads to. */
export function turnsOf(job: Job, strategy: Strategy): readonly Turn[] {
  return knobs(strategy)
    .map(({ label, part }) => ({ label, strategy: refit(job, strategy, part) }))
    .filter(({ strategy: turned }) => isWhole(turned) && isLegal(job, turned))
}

/** Where the user writes each part of a strategy that a knob may turn. */
const PATHS: Partial<Record<keyof Strategy, string>> = {
  tp: 'parallel.tp',
  sp: 'parallel.sp',
  cp: 'parallel.cp',
  pp: 'parallel.pp',
  vpp: 'parallel.vpp',
  schedule: 'parallel.schedule',
  zero: 'parallel.zero',
  overlapTp: 'parallel.overlap.tp',
  overlapGradients: 'parallel.overlap.gradients',
  microBatch: 'training.micro_batch',
  recompute: 'training.recompute',
}

export interface Setting {
  readonly path: string
  readonly value: number | boolean | string
}

/** What the file would say; sizes that follow by themselves (`dp: auto`) are left out. */
export function settingsOf(before: Strategy, after: Strategy): readonly Setting[] {
  const turned = Object.entries(PATHS).filter(([key]) => before[key as keyof Strategy] !== after[key as keyof Strategy])
  return turned.map(([key, path]) => ({ path, value: after[key as keyof Strategy] as Setting['value'] }))
}

/** One knob each; what hangs on it (a schedule on its chunks, sequence parallelism on tp) turns along. */
function knobs(strategy: Strategy): Knob[] {
  const { tp, sp, pp, cp, vpp, schedule, microBatch, zero, recompute } = strategy
  const halfAndDouble = (n: number) => (n > 1 ? [n / 2, n * 2] : [n * 2])
  const chunked = (chunks: number): Partial<Strategy> => ({
    vpp: chunks,
    schedule: chunks > 1 ? 'interleaved' : '1f1b',
  })
  return [
    ...halfAndDouble(tp).map((n) => ({ label: `TP ${n}`, part: { tp: n, sp: n > 1 && (sp || tp === 1) } })),
    ...halfAndDouble(pp).map((n) => ({ label: `PP ${n}`, part: { pp: n, ...(n === 1 ? chunked(1) : {}) } })),
    ...halfAndDouble(cp).map((n) => ({ label: `CP ${n}`, part: { cp: n } })),
    ...(pp > 1 ? halfAndDouble(vpp) : []).map((n) => ({
      label: `${n} chunk${n > 1 ? 's' : ''} per stage`,
      part: chunked(n),
    })),
    ...(pp > 1 && vpp === 1 && schedule !== 'zero-bubble'
      ? [{ label: 'zero-bubble schedule', part: { schedule: 'zero-bubble' as const } }]
      : []),
    ...halfAndDouble(microBatch).map((n) => ({ label: `micro-batch ${n}`, part: { microBatch: n } })),
    ...recomputes
      .filter((kind) => kind !== recompute)
      .map((kind) => ({ label: `recompute ${kind}`, part: { recompute: kind } })),
    ...([0, 1, 2, 3] as const)
      .filter((stage) => stage !== zero)
      .map((stage) => ({ label: `ZeRO ${stage}`, part: { zero: stage } })),
    ...(tp > 1 && !sp ? [{ label: 'sequence parallelism', part: { sp: true } }] : []),
    ...(tp > 1 && !strategy.overlapTp
      ? [{ label: 'overlap TP communication with matmuls', part: { overlapTp: true } }]
      : []),
    ...(strategy.overlapGradients
      ? []
      : [{ label: 'overlap gradient reduction with backward', part: { overlapGradients: true } }]),
  ]
}

function isWhole({ tp, cp, pp, vpp, dp, microBatch }: Strategy): boolean {
  return [tp, cp, pp, vpp, dp, microBatch].every(Number.isInteger)
}

/** The data-parallel degree takes what the others leave; shards follow it unless they were a group of their own. */
function refit({ cluster }: Job, before: Strategy, part: Partial<Strategy>): Strategy {
  const turned = { ...before, ...part }
  const dp = cluster.gpus / (turned.tp * turned.cp * turned.pp)
  const shardRanks = before.shardRanks === before.dp * before.cp ? dp * turned.cp : before.shardRanks
  return { ...turned, dp, shardRanks }
}
