/** Every way to spread a job over its GPUs, as choices per degree. What is fixed has one choice. */
import { divisorsOf } from '../base/integers.ts'
import type { Job } from '../engine/job.ts'
import type { CpMode, Recompute, RecomputeModule, ScheduleKind, Strategy } from '../engine/strategy.ts'

/** What search turns. The rest of a strategy (overlap, layers per stage) is the software's or the user's. */
export const knobs = [
  'tp',
  'sp',
  'cp',
  'cpMode',
  'ep',
  'etp',
  'microBatch',
  'recompute',
  'pp',
  'vpp',
  'schedule',
  'dp',
  'zero',
  'shardRanks',
] as const
export type Knob = (typeof knobs)[number]

/** Values that a knob is held to. */
export type Fixed = { readonly [Name in Knob]?: readonly Strategy[Name][] }

/** What recomputation may do again: each with the modules that it names. */
export interface Recomputation {
  readonly recompute: Recompute
  readonly recomputeModules: readonly RecomputeModule[]
}

/** Choices that hang on no other. */
export interface Space {
  readonly job: Job
  readonly fixed: Fixed
  readonly tp: readonly number[]
  readonly cpModes: readonly CpMode[]
  readonly ep: readonly number[]
  readonly etp: readonly number[]
  readonly microBatch: readonly number[]
  readonly recomputations: readonly Recomputation[]
}

export function spaceOf(job: Job, given: Strategy, fixed: Fixed): Space {
  const { moe } = job.model
  const modes: readonly CpMode[] = given.cpMode === 'all-gather' ? ['all-gather', 'ulysses'] : ['ring', 'ulysses']
  return {
    job,
    fixed,
    tp: choose(fixed.tp, divisorsOf(job.cluster.gpus)),
    cpModes: fixed.cpMode ?? modes,
    ep: choose(fixed.ep, moe ? divisorsOf(moe.experts) : [1]),
    etp: choose(fixed.etp, moe ? divisorsOf(job.cluster.gpus).filter((n) => n <= job.cluster.scaleUp.domain) : [1]),
    microBatch: choose(fixed.microBatch, divisorsOf(job.batch.globalBatch)),
    recomputations: recomputationsOf(job, given).filter(
      ({ recompute }) => fixed.recompute?.includes(recompute) ?? true,
    ),
  }
}

/** What is asked for, even where it leads nowhere: then the rules say why. */
function choose(asked: readonly number[] | undefined, all: readonly number[]): readonly number[] {
  return asked ?? all
}

/** Selective recomputation has one set of modules for each thing worth computing again. */
function recomputationsOf({ model, software }: Job, given: Strategy): readonly Recomputation[] {
  const own = given.recompute === 'selective' ? [given.recomputeModules] : []
  const cheap: readonly RecomputeModule[] = [
    'layernorm',
    ...(model.mla ? (['mla_up_proj'] as const) : []),
    ...(model.moe ? (['moe_act'] as const) : []),
  ]
  // A model of other layers has no feed-forward block to compute again.
  const block: readonly (readonly RecomputeModule[])[] = model.moe ? [['moe']] : model.ffn > 0 ? [['mlp']] : []
  const usual = software.attention === 'unfused' ? ([['core_attn']] as const) : [cheap, ...block]
  const sets = [...own, ...usual].filter((set, at, all) => all.findIndex((one) => same(one, set)) === at)
  return [
    { recompute: 'none', recomputeModules: [] },
    ...sets.map((recomputeModules) => ({ recompute: 'selective' as const, recomputeModules })),
    { recompute: 'full', recomputeModules: [] },
  ]
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.toSorted().join() === b.toSorted().join()

/** How a pipeline may run: the schedules of its stages, chunk by chunk. */
export interface Chunking {
  readonly vpp: number
  readonly schedules: readonly ScheduleKind[]
}

const WHOLE: readonly ScheduleKind[] = ['1f1b', 'gpipe', 'zero-bubble']

/** Schedules that ask for code of their own are tried where they are asked for. */
const SPECIAL: readonly { readonly vpp: number; readonly kinds: readonly ScheduleKind[] }[] = [
  { vpp: 2, kinds: ['v-min', 'v-half', 'zb-v'] },
  { vpp: 1, kinds: ['dualpipe'] },
]

/** One stage has nothing to schedule; several chunks ask for the interleaved schedule, one chunk for any other. */
export function chunkingsOf({ job, fixed }: Space, pp: number): readonly Chunking[] {
  const schedules = (kinds: readonly ScheduleKind[]) => kinds.filter((kind) => fixed.schedule?.includes(kind) ?? true)
  if (pp === 1) return fixed.vpp && !fixed.vpp.includes(1) ? [] : [{ vpp: 1, schedules: ['1f1b'] }]
  // The first chunk may hold the embedding alone, the last the head.
  const most = Math.max(1, Math.floor((job.model.layers + 2) / pp))
  const vpps = fixed.vpp ?? Array.from({ length: most }, (_, n) => n + 1)
  const usual = vpps.map((vpp) => ({ vpp, schedules: schedules(vpp > 1 ? ['interleaved'] : WHOLE) }))
  const asked = SPECIAL.filter(({ vpp }) => fixed.schedule && vpps.includes(vpp)).map(({ vpp, kinds }) => ({
    vpp,
    schedules: schedules(kinds),
  }))
  return [...usual, ...asked].filter((chunking) => chunking.schedules.length > 0)
}

export interface Sharing {
  readonly zero: Strategy['zero']
  readonly shardRanks: number
}

/** ZeRO over all replicas, or over groups of them with replicas of the shards between. */
export function sharingsOf({ fixed }: Space, replicas: number): readonly Sharing[] {
  const zeros = fixed.zero ?? ([0, 1, 2, 3] as const)
  const groups = (fixed.shardRanks ?? divisorsOf(replicas)).filter((ranks) => replicas % ranks === 0)
  // Where there is nobody to share with, and in groups of one, every stage of ZeRO is ZeRO 0.
  if (replicas === 1) return zeros.slice(0, 1).map((zero) => ({ zero, shardRanks: 1 }))
  return zeros.flatMap((zero): readonly Sharing[] =>
    zero === 0
      ? [{ zero, shardRanks: replicas }]
      : groups.filter((ranks) => ranks > 1).map((shardRanks) => ({ zero, shardRanks })),
  )
}

/** Does a strategy keep to what is fixed? */
export function allows(fixed: Fixed, strategy: Strategy): boolean {
  return knobs.every((knob) => (fixed[knob] as readonly unknown[] | undefined)?.includes(strategy[knob]) ?? true)
}
