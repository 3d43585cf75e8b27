/** What the fields of a scenario must be to one another before a Job can be made of them. Strategies: `engine/rules.ts`. */
import { divisorsOf } from '../base/integers.ts'
import { type Path, type Problem, problem } from '../base/problem.ts'
import { formatQuantity } from '../units/format.ts'
import { missingProblem } from './complete.ts'
import { patternRules, type Rule } from './pattern-rules.ts'
import { recipes } from './precision.ts'
import { domainOf, kernelOf } from './resolve.ts'
import type { Scenario } from './schema.ts'

export function brokenScenarioRules(scenario: Scenario): readonly Problem[] {
  return [...missing(scenario), ...contradictions(scenario)]
}

/** Keys that become necessary through other keys. */
function missing(scenario: Scenario): readonly Problem[] {
  const { cluster, model, software, economics, checks = [] } = scenario
  const { scale_up: up, scale_out: out, gpu } = cluster
  const gpus = cluster.gpus ?? 1
  const { matmul, attention } = gpu.sustained
  const kernel = kernelOf(scenario)
  const needs: readonly Need[] = [
    [gpus > 1 && up.bandwidth === undefined, ['cluster', 'scale_up'], 'bandwidth', '450 GB/s'],
    [gpus > domainOf(cluster) && out.bandwidth === undefined, ['cluster', 'scale_out'], 'bandwidth', '400 Gb/s'],
    [(matmul.bf16 ?? matmul.fp16) === undefined, ['cluster', 'gpu', 'sustained', 'matmul'], 'bf16', '0.7'],
    [
      kernel !== 'unfused' && attention[kernel] === undefined,
      ['cluster', 'gpu', 'sustained', 'attention'],
      kernel,
      '0.4',
    ],
    [model.positions === 'learned' && model.max_positions === undefined, ['model'], 'max_positions', '2048'],
    [!software.cuda_graphs && software.host === undefined, ['software'], 'host', '300 µs'],
    ...Object.entries(MOE).map(
      ([key, example]) =>
        [
          model.moe?.[key as keyof typeof MOE] === undefined && model.moe !== undefined,
          ['model', 'moe'],
          key,
          example,
        ] as const,
    ),
    ...Object.entries(MLA).map(
      ([key, example]) =>
        [
          model.mla?.[key as keyof typeof MLA] === undefined && model.mla !== undefined,
          ['model', 'mla'],
          key,
          example,
        ] as const,
    ),
    ...blockNeeds(model),
    ...checks.map(({ expr }, index) => [expr === undefined, ['checks', index], 'expr', 'mfu >= 38%'] as const),
    [economics.capex !== undefined && economics.lifetime === undefined, ['economics'], 'lifetime', '4 years'],
  ]
  return needs.flatMap(([needed, section, key, example]) => (needed ? [missingProblem(section, [[key, example]])] : []))
}

/** What the letters of a pattern ask for. */
function blockNeeds({ pattern = '', moe, mamba, convolution }: Scenario['model']): readonly Need[] {
  return [
    [pattern.includes('E') && moe === undefined, ['model'], 'moe', '{ experts: 64, top_k: 8, ffn: 2048 }'],
    [pattern.includes('M') && mamba?.state === undefined, ['model', 'mamba'], 'state', '128'],
    [pattern.includes('C') && convolution?.kernel === undefined, ['model', 'convolution'], 'kernel', '3'],
  ]
}

type Need = readonly [isNeeded: boolean, section: Path, key: string, example: string]

const MOE = { experts: '64', top_k: '8', ffn: '2048' } as const
const MLA = { kv_rank: '512', nope_head_dim: '128', rope_head_dim: '64', v_head_dim: '128' } as const

const rules: readonly Rule[] = [
  {
    code: 'cluster/both-directions',
    path: ['cluster', 'scale_up', 'bandwidth'],
    related: [['cluster', 'gpu', 'link_peak']],
    broken: ({ cluster: { scale_up: up, gpu } }) => {
      if (up.bandwidth === undefined || gpu.link_peak === undefined || up.bandwidth <= gpu.link_peak) return undefined
      return { bandwidth: rate(up.bandwidth), peak: rate(gpu.link_peak), half: rate(up.bandwidth / 2) }
    },
  },
  {
    code: 'cluster/whole-nodes',
    path: ['cluster', 'gpus'],
    related: [['cluster', 'gpus_per_node']],
    broken: ({ cluster: { gpus = 1, gpus_per_node: perNode } }) =>
      gpus > perNode && gpus % perNode !== 0 ? { gpus, perNode, choices: multiplesAround(gpus, perNode) } : undefined,
  },
  {
    code: 'model/head-dim',
    path: ['model', 'hidden'],
    related: [['model', 'heads']],
    broken: ({ model: { hidden = 1, heads = 1, head_dim: headDim } }) =>
      headDim === undefined && hidden % heads !== 0 ? { hidden, heads } : undefined,
  },
  {
    code: 'model/kv-heads',
    path: ['model', 'kv_heads'],
    related: [['model', 'heads']],
    broken: ({ model: { heads = 1, kv_heads: kvHeads = heads } }) =>
      heads % kvHeads !== 0 ? { heads, kvHeads, choices: divisorsOf(heads).join(', ') } : undefined,
  },
  ...patternRules,
  {
    code: 'model/max-positions',
    path: ['training', 'sequence_length'],
    related: [['model', 'max_positions']],
    broken: ({ model, training: { sequence_length: seqLen = 1 } }) => {
      const { positions, max_positions: maxPositions = seqLen } = model
      return positions === 'learned' && seqLen > maxPositions ? { maxPositions, seqLen } : undefined
    },
  },
  {
    code: 'training/tokens-and-steps',
    path: ['training', 'steps'],
    related: [['training', 'tokens']],
    broken: ({ training: { tokens, steps } }) => (tokens !== undefined && steps !== undefined ? {} : undefined),
  },
  {
    code: 'training/lora-without-attention',
    path: ['training', 'lora_rank'],
    related: [['model', 'pattern']],
    broken: ({ training: { lora_rank: rank }, model: { pattern = '*' } }) =>
      rank !== undefined && !pattern.includes('*') ? { rank } : undefined,
  },
  {
    code: 'training/no-datatype',
    path: ['training', 'precision'],
    broken: ({ training: { precision }, cluster: { gpu } }) => {
      const datatype = lackingDatatype(precision, gpu)
      if (datatype === undefined) return undefined
      const able = precisions.filter((each) => lackingDatatype(each, gpu) === undefined).join(', ')
      return { precision, datatype, gpu: gpu.name ?? 'this GPU', choices: able || 'none, as cluster.gpu.peak is empty' }
    },
  },
  {
    code: 'economics/price-and-capex',
    path: ['economics', 'price'],
    related: [['economics', 'capex']],
    broken: ({ economics: { price, capex } }) => (price !== undefined && capex !== undefined ? {} : undefined),
  },
]

function contradictions(scenario: Scenario): readonly Problem[] {
  return rules.flatMap(({ code, path, related = [], broken }) => {
    const params = broken(scenario)
    return params ? [problem(code, path, params, { related })] : []
  })
}

const rate = (bytesPerSecond: number): string => formatQuantity(bytesPerSecond, 'bytesPerSecond')

const precisions = Object.keys(recipes) as (keyof typeof recipes)[]

function lackingDatatype(precision: keyof typeof recipes, { peak }: Scenario['cluster']['gpu']): string | undefined {
  const { matmul, activation } = recipes[precision]
  return [matmul, activation].find((datatype) => peak[datatype] === undefined)
}

const multiplesAround = (whole: number, part: number): string =>
  `${Math.floor(whole / part) * part} or ${Math.ceil(whole / part) * part}`
