/** Which strategies are legal, rule by rule, each with its reason. Paths are those of the scenario. */
import { divisorsOf } from '../base/integers.ts'
import { type Params, type Path, type Problem, problem } from '../base/problem.ts'
import type { ProblemCode } from '../base/problems.ts'
import type { Job, ModelShape } from './job.ts'
import { scheduleTable } from './schedule/table.ts'
import { microBatchesOf, type ScheduleKind, type Strategy } from './strategy.ts'

interface Rule {
  readonly code: ProblemCode
  /** Which half of a strategy it speaks of: a search asks each half where it is decided. */
  readonly half: 'sharding' | 'split'
  readonly path: Path
  readonly related?: readonly Path[]
  readonly broken: (job: Job, strategy: Strategy) => boolean
  readonly params: (job: Job, strategy: Strategy) => Params
}

const parallel = (key: string): Path => ['parallel', key]

/** In the order in which a user would want to hear of them; a later one may assume that earlier ones hold. */
const rules: readonly Rule[] = [
  {
    code: 'strategy/tp-splits-heads',
    half: 'sharding',
    path: parallel('tp'),
    related: [['model', 'heads']],
    broken: ({ model }, { tp }) => model.heads % tp !== 0,
    params: ({ model }, { tp }) => ({ tp, heads: model.heads, choices: tpChoices(model) }),
  },
  {
    code: 'strategy/tp-splits-kv-heads',
    half: 'sharding',
    path: parallel('tp'),
    related: [['model', 'kv_heads']],
    // With more ranks than key/value heads each head is copied to as many ranks.
    broken: ({ model }, { tp }) =>
      !model.mla && model.heads % tp === 0 && model.kvHeads % tp !== 0 && tp % model.kvHeads !== 0,
    params: ({ model }, { tp }) => ({ tp, kvHeads: model.kvHeads }),
  },
  {
    code: 'strategy/tp-splits-ffn',
    half: 'sharding',
    path: parallel('tp'),
    related: [['model', 'ffn']],
    broken: ({ model }, { tp }) => model.ffn % tp !== 0,
    params: ({ model }, { tp }) => ({ tp, ffn: model.ffn }),
  },
  {
    code: 'strategy/tp-splits-mamba',
    half: 'sharding',
    path: parallel('tp'),
    related: [['model', 'mamba']],
    broken: ({ model: { mamba } }, { tp }) =>
      mamba !== undefined && (mamba.heads % tp !== 0 || (mamba.groups % tp !== 0 && tp % mamba.groups !== 0)),
    params: ({ model: { mamba } }, { tp }) => ({ tp, heads: mamba?.heads ?? 0, groups: mamba?.groups ?? 0 }),
  },
  {
    code: 'strategy/tp-splits-cells',
    half: 'sharding',
    path: parallel('tp'),
    related: [['model', 'lstm']],
    broken: ({ model: { lstm } }, { tp }) => lstm !== undefined && lstm.cells % tp !== 0,
    params: ({ model: { lstm } }, { tp }) => ({ tp, cells: lstm?.cells ?? 0 }),
  },
  {
    code: 'strategy/tp-splits-channels',
    half: 'sharding',
    path: parallel('tp'),
    related: [['model', 'convolution']],
    broken: ({ model }, { tp }) => {
      const { groups, width } = channelsOf(model)
      return width % tp !== 0 || (groups > 1 && groups % tp !== 0)
    },
    params: ({ model }, { tp }) => ({ tp, channels: channelsOf(model).width, groups: channelsOf(model).groups }),
  },
  {
    code: 'strategy/cp-through-recurrence',
    half: 'sharding',
    path: parallel('cp'),
    related: [['model', 'lstm']],
    broken: ({ model }, { cp }) => model.lstm !== undefined && cp > 1,
    params: (_, { cp }) => ({ cp }),
  },
  {
    code: 'strategy/sp-without-tp',
    half: 'sharding',
    path: parallel('sp'),
    broken: (_, { sp, tp }) => sp && tp === 1,
    params: () => ({}),
  },
  {
    code: 'strategy/cp-splits-sequence',
    half: 'sharding',
    path: parallel('cp'),
    related: [['training', 'sequence_length']],
    broken: ({ batch }, { cp }) => batch.seqLen % cp !== 0,
    params: ({ batch }, { cp }) => ({ cp, seqLen: batch.seqLen }),
  },
  {
    code: 'strategy/sp-splits-sequence',
    half: 'sharding',
    path: parallel('sp'),
    related: [['training', 'sequence_length']],
    broken: ({ batch }, { sp, tp, cp }) => sp && tp > 1 && batch.seqLen % cp === 0 && (batch.seqLen / cp) % tp !== 0,
    params: ({ batch }, { tp, cp }) => ({ tp, cp, seqLen: batch.seqLen }),
  },
  {
    code: 'strategy/ulysses-splits-heads',
    half: 'sharding',
    path: parallel('cp'),
    related: [['model', 'heads']],
    broken: ({ model }, { cp, cpMode, tp }) =>
      cpMode === 'ulysses' && cp > 1 && (!dealt(model.heads, tp, cp) || !dealt(model.mamba?.heads ?? 0, tp, cp)),
    params: ({ model }, { cp, tp }) => ({
      cp,
      tp,
      heads: dealt(model.heads, tp, cp) ? (model.mamba?.heads ?? 0) : model.heads,
    }),
  },
  {
    code: 'strategy/ep-without-experts',
    half: 'sharding',
    path: parallel('ep'),
    broken: ({ model }, { ep, etp }) => model.moe === undefined && ep * etp > 1,
    params: (_, { ep }) => ({ ep }),
  },
  {
    code: 'strategy/ep-splits-experts',
    half: 'sharding',
    path: parallel('ep'),
    related: [['model', 'moe', 'experts']],
    broken: ({ model }, { ep }) => model.moe !== undefined && model.moe.experts % ep !== 0,
    params: ({ model }, { ep }) => ({ ep, experts: model.moe?.experts ?? 0 }),
  },
  {
    code: 'strategy/ep-folds',
    half: 'split',
    path: parallel('ep'),
    related: [parallel('etp')],
    broken: ({ model: { moe } }, { ep, etp, tp, cp, dp }) =>
      moe !== undefined && moe.experts % ep === 0 && moe.ffn % etp === 0 && (tp * cp * dp) % (ep * etp) !== 0,
    params: (_, { ep, etp, tp, cp, dp }) => ({ ep, etp, ranks: tp * cp * dp }),
  },
  {
    code: 'strategy/etp-splits-ffn',
    half: 'sharding',
    path: parallel('etp'),
    related: [['model', 'moe', 'ffn']],
    broken: ({ model }, { etp }) => model.moe !== undefined && model.moe.ffn % etp !== 0,
    params: ({ model }, { etp }) => ({ etp, ffn: model.moe?.ffn ?? 0 }),
  },
  {
    code: 'strategy/degrees-and-gpus',
    half: 'split',
    path: parallel('dp'),
    related: [['cluster', 'gpus'], parallel('tp'), parallel('pp'), parallel('cp')],
    broken: ({ cluster }, { tp, cp, pp, dp }) => tp * cp * pp * dp !== cluster.gpus,
    params: ({ cluster }, { tp, cp, pp, dp }) => ({ tp, cp, pp, dp, product: tp * cp * pp * dp, gpus: cluster.gpus }),
  },
  {
    code: 'strategy/micro-batch-divides',
    half: 'split',
    path: ['training', 'micro_batch'],
    related: [['training', 'global_batch']],
    broken: ({ batch }, { dp, microBatch }) => batch.globalBatch % (dp * microBatch) !== 0,
    params: ({ batch }, { dp, microBatch }) => ({ globalBatch: batch.globalBatch, dp, microBatch }),
  },
  {
    code: 'strategy/pp-exceeds-layers',
    half: 'split',
    path: parallel('pp'),
    related: [['model', 'layers']],
    // The first chunk may hold the embedding alone, the last the head.
    broken: ({ model }, { pp, vpp }) => pp * vpp > 1 && pp * vpp > model.layers + 2,
    params: ({ model }, { pp, vpp }) => ({ pp, vpp, layers: model.layers }),
  },
  {
    code: 'strategy/interleaved-needs-pp',
    half: 'split',
    path: parallel('vpp'),
    broken: (_, { pp, vpp }) => vpp > 1 && pp === 1,
    params: (_, { vpp }) => ({ vpp }),
  },
  {
    code: 'strategy/schedule-needs-vpp',
    half: 'split',
    path: parallel('schedule'),
    broken: (_, { schedule, vpp, pp }) => pp > 1 && !goesWith(schedule, vpp),
    params: (_, { schedule, vpp }) => ({ schedule, vpp }),
  },
  {
    code: 'strategy/dualpipe-pairs',
    half: 'split',
    path: parallel('schedule'),
    related: [parallel('pp'), ['training', 'global_batch']],
    broken: ({ batch }, strategy) =>
      strategy.schedule === 'dualpipe' &&
      (strategy.pp % 2 !== 0 || microBatchesOf(batch.globalBatch, strategy) % 2 !== 0),
    params: ({ batch }, strategy) => ({ pp: strategy.pp, microBatches: microBatchesOf(batch.globalBatch, strategy) }),
  },
  {
    code: 'strategy/interleaved-micro-batches',
    half: 'split',
    path: parallel('vpp'),
    related: [parallel('pp'), ['training', 'global_batch']],
    broken: ({ batch }, { schedule, pp, dp, microBatch }) => {
      const microBatches = batch.globalBatch / (dp * microBatch)
      return schedule === 'interleaved' && pp > 1 && Number.isInteger(microBatches) && microBatches % pp !== 0
    },
    params: ({ batch }, { pp, dp, microBatch }) => ({ microBatches: batch.globalBatch / (dp * microBatch), pp }),
  },
  {
    code: 'strategy/layers-per-stage',
    half: 'split',
    path: parallel('layers_per_stage'),
    broken: (_, { layersPerChunk, pp, vpp }) => layersPerChunk.length > 0 && layersPerChunk.length !== pp * vpp,
    params: (_, { layersPerChunk, pp, vpp }) => ({ given: layersPerChunk.length, expected: pp * vpp }),
  },
  {
    code: 'strategy/layers-sum',
    half: 'split',
    path: parallel('layers_per_stage'),
    related: [['model', 'layers']],
    broken: ({ model }, { layersPerChunk }) => layersPerChunk.length > 0 && total(layersPerChunk) !== model.layers,
    params: ({ model }, { layersPerChunk }) => ({ sum: total(layersPerChunk), layers: model.layers }),
  },
  {
    code: 'strategy/shard-group',
    half: 'split',
    path: parallel('shard_group'),
    broken: (_, { shardRanks, dp, cp }) => (dp * cp) % shardRanks !== 0,
    params: (_, { shardRanks, dp, cp }) => ({ shardRanks, ranks: dp * cp }),
  },
]

function channelsOf({ convolution, hidden }: ModelShape): { readonly groups: number; readonly width: number } {
  return convolution ? { groups: convolution.groups, width: convolution.channels || hidden } : { groups: 1, width: 0 }
}

function dealt(heads: number, tp: number, cp: number): boolean {
  return (heads / tp) % cp === 0
}

/** Every rule that a strategy breaks; none: it can run. */
export function brokenRules(job: Job, strategy: Strategy): readonly Problem[] {
  return rules
    .filter((rule) => rule.broken(job, strategy))
    .map((rule) => problem(rule.code, rule.path, rule.params(job, strategy), { related: rule.related ?? [] }))
}

const halves = {
  sharding: rules.filter(({ half }) => half === 'sharding'),
  split: rules.filter(({ half }) => half === 'split'),
}

/** The first rule that one half of a strategy breaks. */
export function ruleBroken(job: Job, strategy: Strategy, half: Rule['half']): ProblemCode | undefined {
  for (const rule of halves[half]) if (rule.broken(job, strategy)) return rule.code
  return undefined
}

export function isLegal(job: Job, strategy: Strategy): boolean {
  return rules.every((rule) => !rule.broken(job, strategy))
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0)
}

/** More ranks than this never share a layer. */
const mostRanks = 64

const tpChoices = ({ heads }: ModelShape): string =>
  divisorsOf(heads)
    .filter((tp) => tp <= mostRanks)
    .join(', ')

function goesWith(schedule: ScheduleKind, vpp: number): boolean {
  if (schedule === 'interleaved') return vpp > 1
  return vpp === (scheduleTable[schedule].placement === 'fold' ? 2 : 1)
}
