/** A row of the data set → a scenario with what was measured. */
import { clusterOf } from './cluster.ts'
import { dispatchExtras, dispatchOf } from './dispatch.ts'
import { measuredOf } from './measured.ts'
import { modelOf } from './model.ts'
import { recomputeOf } from './recompute.ts'
import { type Remarks, type Row, type Section, type Written, zeroBubbleFork } from './row.ts'
import { extrasOf, softwareOf, stackOf } from './stack.ts'
import { strategyOf } from './strategy.ts'

export function scenarioOf(row: Row): Section {
  const remarks: Remarks = { inferred: [], notes: [], unsupported: [] }
  const { entry, cluster } = clusterOf(row, remarks)
  const stack = stackOf(row, remarks)
  const model = modelOf(row, remarks)
  const { parallel, microBatch, globalBatch } = strategyOf(row, remarks)
  const software = { ...softwareOf(row), ...dispatchOf(row, remarks) }
  return {
    name: row.id,
    extends: [entry, stack, ...extrasOf(row), ...dispatchExtras(row)],
    cluster,
    model,
    training: {
      sequence_length: row.model?.seq_len ?? 2048,
      global_batch: globalBatch,
      micro_batch: microBatch,
      ...precisionOf(row, remarks),
      ...recomputeOf(row, remarks),
      ...(row.kind === 'lora' && { lora_rank: loraRank(row, remarks) }),
      ...((row.kind === 'lora' || row.kind === 'sft') && { document_length: documentLength(remarks) }),
    },
    parallel,
    ...(Object.keys(software).length > 0 && { software }),
    measured: measuredOf(row, remarks),
  }
}

/** The rank hardly changes time; this is what recipes of 2024 take. */
/** Fine-tuning packs short instructions into a sequence; how short, no source says. */
function documentLength({ inferred }: Remarks): number {
  inferred.push('training.document_length')
  return 512
}

function loraRank({ notes }: Row, { inferred }: Remarks): number {
  const stated = /rank\s*=?\s*(\d+)/iu.exec(notes ?? '')?.[1]
  if (!stated) inferred.push('training.lora_rank')
  return Number(stated ?? 16)
}

const recipes: readonly (readonly [RegExp, string])[] = [
  [/nvfp4|fp4/u, 'nvfp4'],
  [/mxfp8|mx-fp8/u, 'mxfp8'],
  [/fp8.*(block|128x128)|blockwise/u, 'fp8-blockwise'],
  [/fp8/u, 'fp8'],
  [/tf32/u, 'tf32'],
  [/bf16|bfloat16/u, 'bf16'],
  [/fp16|half|float16/u, 'fp16'],
  [/fp32/u, 'fp32'],
]

function precisionOf(row: Row, remarks: Remarks): Section {
  const { precision, precision_class: normalised, notes, framework } = row
  const usual = zeroBubbleFork.test(framework ?? '') ? 'fp16' : ''
  const text = (precision ?? normalised ?? usual).toLowerCase()
  if (/int8/u.test(text)) remarks.unsupported.push('matmuls in int8 are not modelled')
  const recipe = /fp16-or-bf16/u.test(text) ? 'fp16' : recipes.find(([words]) => words.test(text))?.[1]
  if (recipe === undefined || !(precision ?? normalised)) remarks.inferred.push('training.precision')
  return { precision: recipe ?? 'bf16', ...bytesOf(text, notes ?? '') }
}

/** Where weights, gradients or moments are kept in fewer bits than the recipe says. */
function bytesOf(precision: string, notes: string): { readonly bytes?: Written } {
  // Gradients and moments of Optax are of the type of the weights.
  if (/bf16 grads and adam moments|\(bf16 weights\)/u.test(precision)) {
    return { bytes: { gradients: '2 B', gradients_on_wire: '2 B', master: '0 B', optimizer_state: '4 B' } }
  }
  if (/MP Mode PURE/u.test(notes)) {
    return { bytes: { gradients: '2 B', gradients_on_wire: '2 B', master: '0 B', optimizer_state: '4 B' } }
  }
  if (/fp32 gradient accumulation|fp32 grad accumulation/u.test(precision)) {
    return { bytes: { gradients: '4 B', gradients_on_wire: '4 B' } }
  }
  return {}
}
