/**
 * Which software: the family of the framework and its year pick an entry of the catalog, and what the row says of
 * kernels, graphs and overlap is written over it. Rules for families, never for single sources.
 */
import type { Remarks, Row, Section, Written } from './row.ts'
import { yearOf, zeroBubbleFork } from './row.ts'
import { isLarge } from './size.ts'

/** Entries of one family, each from the year on in which it was current. */
type Ages = readonly (readonly [from: number, entry: string])[]

const megatron: Ages = [
  [0, 'software/megatron-2021'],
  [2022, 'software/megatron-2022-sp'],
  [2023.3, 'software/megatron-core-2023'],
  [2024.2, 'software/megatron-core-2024'],
  [2025, 'software/megatron-core-2025'],
]

const nemo: Ages = [
  [0, 'software/nemo-24.05'],
  [2024.6, 'software/nemo-24.12'],
  [2025.1, 'software/nemo-25.04'],
  [2025.6, 'software/megatron-bridge-25.09'],
]

/** The first that fits, so the narrower name stands first. */
const families: readonly (readonly [RegExp, Ages])[] = [
  [
    /megatron-bridge/iu,
    [
      [0, 'software/megatron-bridge-25.09'],
      [2026, 'software/megatron-bridge-26.02'],
      [2026.25, 'software/megatron-bridge-26.04'],
    ],
  ],
  [/maxtext|jax|xla|\bpax|axlearn/iu, [[0, 'software/maxtext-2024']]],
  [
    /torchtitan/iu,
    [
      [0, 'software/torchtitan-2024'],
      [2025.3, 'software/torchtitan-2025'],
    ],
  ],
  // The tensor ranks of Megatron inside the sharding of FairScale.
  [/metaseq|fairscale/iu, [[0, 'software/pytorch-fsdp-2023']]],
  [/nemo|mlperf/iu, nemo],
  [/primus/iu, [[0, 'software/primus-2025']]],
  [/neox/iu, [[0, 'software/gpt-neox-2022']]],
  [
    /deepspeed/iu,
    [
      [0, 'software/deepspeed-2022'],
      [2022.9, 'software/deepspeed-2023'],
    ],
  ],
  [/composer|foundry|mosaic/iu, [[0, 'software/composer-fsdp-2023']]],
  [/megascale/iu, [[0, 'software/megatron-core-2023']]],
  [/aleph alpha|\bAA-scaling/iu, [[0, 'software/aleph-alpha-2023']]],
  [/meta internal \(4D/iu, [[0, 'software/meta-llama3']]],
  [zeroBubbleFork, [[0, 'software/megatron-zero-bubble-2024']]],
  [/megatron(?!-style)|mcore/iu, megatron],
  [
    /fsdp|hugging ?face|accelerate|lightning|nanotron|picotron|olmo|pytorch/iu,
    [
      [0, 'software/pytorch-fsdp-2023'],
      [2024.6, 'software/torchtitan-2024'],
    ],
  ],
]

/** A framework that nobody has seen: what was usual in its year, */
const unknown: Ages = [
  [0, 'software/typical-2021'],
  [2023, 'software/typical-2023'],
  [2024.6, 'software/typical-2025'],
]

/** and among those that split layers over tensor or pipeline ranks. */
const unknownParallel: Ages = [
  [0, 'software/typical-2021-parallel'],
  [2023, 'software/typical-2023-parallel'],
  [2024.6, 'software/typical-2025'],
]

export function stackOf(row: Row, { inferred }: Remarks): string {
  const year = yearOf(row)
  const known = families.find(([name]) => name.test(row.framework ?? ''))?.[1]
  if (!known) inferred.push('software')
  const typical = splitsLayers(row) ? unknownParallel : unknown
  return (known ?? typical).reduce((entry, [from, next]) => (year >= from ? next : entry), 'software/typical-2023')
}

/** Over tensor or pipeline ranks, as stated or because it fits nowhere else. */
function splitsLayers(row: Row): boolean {
  const { tp, pp, zero_stage: zero } = row.parallel ?? {}
  if (tp || pp) return (tp ?? 1) * (pp ?? 1) > 1
  return isLarge(row) && !/3|fsdp/iu.test(String(zero ?? ''))
}

/** Fragments for what a run says it switched on. */
export function extrasOf({ overlap, notes }: Row): readonly string[] {
  const graphs = /cuda graphs?: impl=(\w+) scope=(\[[^\]]*\]|\w+)/iu.exec(notes ?? '')
  const used = graphs && graphs[1] !== 'none' ? (graphs[2] ?? '') : ''
  return [
    ...(/full_iteration/u.test(used) ? ['software/cuda-graphs'] : []),
    ...(/'attn'/u.test(used) ? ['software/cuda-graphs-attention-router'] : []),
    ...(/moe_router/u.test(used) && !/'attn'/u.test(used) ? ['software/cuda-graphs-router'] : []),
    ...(/a2a overlap|expert.*overlap|dualpipe/iu.test(overlap ?? '') ? ['software/moe-overlap'] : []),
  ]
}

/** What the row itself says of kernels, over the stack. */
export function softwareOf(row: Row): Section {
  const text = `${row.overlap ?? ''} ${row.notes ?? ''}`
  return {
    ...offloadOf(row),
    ...(isYoungLlama(row) && { elementwise: 'eager', attention: 'fa1' }),
    ...kernelsOf(row),
    ...(/torch\.compile/iu.test(text) && { elementwise: 'fused' }),
    ...(/eager \(no compile\)|raw aten/iu.test(text) && { elementwise: 'eager' }),
  }
}

/**
 * Llama came to Megatron-LM in 2023 as PyTorch operators (megatron/model/rms_norm.py, rotary_pos_embedding.py, swiglu in
 * transformer.py). Kernels for the last two are of Megatron-Core 0.5 ("Rope and Swiglu fusion", CHANGELOG.md; the rotary
 * one of November 2023, https://github.com/NVIDIA/apex/pull/1746); FlashAttention 2 is of July 2023.
 */
const isYoungLlama = (row: Row): boolean =>
  yearOf(row) < secondFlash && /^megatron/iu.test(row.framework ?? '') && (row.model?.gated_mlp ?? false)

/** All that is kept, or all of some layers. */
function offloadOf({ recompute, notes, model }: Row): Section {
  const layers = /CPU-offload of (\d+) layers/iu.exec(notes ?? '')?.[1]
  if (layers) return { offloaded: Math.min(1, Number(layers) / (model?.layers ?? Number(layers))) }
  return /offloaded/iu.test(recompute ?? '') ? { offloaded: 1 } : {}
}

function kernelsOf(row: Row): Section {
  const { flash_attention: said } = row
  const text = typeof said === 'string' ? said.toLowerCase() : ''
  if (said === false || /^no\b/u.test(text)) {
    return { attention: 'unfused', ...(/torch|mingpt/u.test(text) && { elementwise: 'eager' }) }
  }
  // Transformer Engine brings the attention of cuDNN, unless it lends its linear layers alone.
  const engine = /\(te\)|transformer engine/iu.test(row.precision ?? '') ? 'cudnn' : undefined
  const attention = kernelNamed(text) ?? engine ?? (said === undefined || said === null ? undefined : fusedOf(row))
  const norms = /fused rms ?norm|rms kernel/iu.test(text) ? 'fused' : undefined
  return { ...(attention && { attention }), ...(norms && { norms }) }
}

function kernelNamed(text: string): Written | undefined {
  if (/cudnn|transformer engine|\bte\b/u.test(text)) return 'cudnn'
  const version = /flash-?attention-?v?\s*([123])/u.exec(text)?.[1] ?? /\bfa-?([123])\b/u.exec(text)?.[1]
  if (version) return `fa${version}`
  return /xformers|triton/u.test(text) ? 'fa1' : undefined
}

/** FlashAttention 2 came in July 2023, and papers of that year tell of runs before it. */
const secondFlash = 2023.6

/** FlashAttention without a number. A stack of the catalog that has it knows which; those of old have none. */
function fusedOf(row: Row): Written | undefined {
  const year = yearOf(row)
  const without = /deepspeed|neox/iu.test(row.framework ?? '')
  const named = /flash/iu.test(String(row.flash_attention))
  // The second has its number in its name: who left it out until then meant the first.
  if (year < (without ? secondFlash : named ? 2024 : 2023)) return 'fa1'
  return without && year < 2024 ? 'fa2' : undefined
}

/** The optimizer's sharding, where the row leaves it out: Megatron's distributed optimizer became usual in 2023. */
export function usualZero(row: Row): number | string {
  const framework = row.framework ?? ''
  if (/fsdp|composer|foundry|torchtitan|maxtext|metaseq/iu.test(framework)) return 'fsdp'
  if (/nemo|bridge|neox|primus|OverlappedDistributedOptimizer/iu.test(framework)) return 1
  return yearOf(row) >= 2023 ? 1 : 0
}
