/** What the source measured, in its own convention of counting. */
import type { FlopConvention } from '../../../src/scenario/schema.ts'
import type { Remarks, Row, Section, Written } from './row.ts'

export function measuredOf(row: Row, remarks: Remarks): Section {
  const { id, trust } = row
  const suspect = row.suspect || (row.row_kind === 'total' && 'a whole run, its interruptions and evaluations included')
  const speed = speedOf(row, remarks)
  const { inferred, unsupported } = remarks
  const notes = [...remarks.notes, ...(row.notes ? [row.notes] : [])].join('; ')
  return {
    id,
    source_key: keyOf(row),
    source: sourceOf(row),
    ...speed,
    flop_convention: conventionOf(row),
    ...(row.peak && { peak: `${row.peak} TFLOP/s` }),
    ...memoryOf(row),
    ...(trust && /^[ABC]$/u.test(trust) && { trust }),
    ...(suspect && { suspect }),
    ...(unsupported.length > 0 && { unsupported: unsupported.join('; ') }),
    ...(inferred.length > 0 && { inferred: [...new Set(inferred)] }),
    ...(notes && { notes }),
  }
}

function keyOf({ source_key: key, source }: Row): string {
  if (key) return key
  const own = typeof source === 'object' ? source?.['key'] : undefined
  return typeof own === 'string' ? own : 'unnamed'
}

function sourceOf({ source }: Row): string {
  if (typeof source !== 'object' || source === null) return source ?? 'not stated'
  const { paper, table, year, arxiv, url } = source
  const words = [paper, table, year, arxiv && `arXiv:${arxiv}`, url].filter(
    (word) => word !== null && word !== undefined,
  )
  return words.join(', ')
}

interface Figure {
  readonly key: string
  /** As the data set calls it. */
  readonly raw: string
  readonly write: (value: number) => Written
}

const figures: readonly Figure[] = [
  { key: 'step_time', raw: 'step_time_s', write: (value) => `${value} s` },
  { key: 'tokens_per_second_per_gpu', raw: 'tokens_per_s_per_gpu', write: (value) => `${value} tokens/s` },
  { key: 'flop_per_second_per_gpu', raw: 'tflops_per_gpu', write: (value) => `${value} TFLOP/s` },
  { key: 'mfu', raw: 'mfu_pct', write: (value) => value / 100 },
  { key: 'hfu', raw: 'hfu_pct', write: (value) => value / 100 },
]

/** Printed figures; where none is printed, the arithmetic of whoever collected the row. */
function speedOf(row: Row, { unsupported }: Remarks): Section {
  const stated: Readonly<Record<string, number | null>> = {
    ...row.measured,
    ...(row.stated_hw_tflops && { tflops_per_gpu: row.stated_hw_tflops }),
  }
  const there = figures.filter(({ raw }) => stated[raw])
  const printed = there.filter(({ raw }) => isPrinted(raw, row))
  const clock = there.filter(({ raw }) => raw === 'step_time_s')
  const chosen = roundedAway(row) && clock.length > 0 ? clock : printed.length > 0 ? printed : there
  if (chosen.length === 0) unsupported.push('the source gives no speed of a whole step')
  return {
    ...Object.fromEntries(chosen.map(({ key, raw, write }) => [key, write(stated[raw] as number)])),
    printed: printed.filter((figure) => chosen.includes(figure)).map(({ key }) => key),
  }
}

function isPrinted(raw: string, { printed, derived, stated_hw_tflops: hardware }: Row): boolean {
  const said = hardware && raw === 'tflops_per_gpu' ? 'stated_hw_tflops' : raw
  if (printed) return printed.includes(said)
  return !(derived ?? []).some((text) => namesIn(text).some((name) => raw.startsWith(name)))
}

/** "step_time_s, tokens_per_s (= F/(n*TFLOP/s))" and "measured.mfu_pct" name what was worked out, before the bracket. */
function namesIn(text: string): readonly string[] {
  const words = (text.split('(')[0] ?? '').split(/[,\s]+/u)
  return words.map((word) => word.replace(/^measured\./u, '')).filter((word) => word.length > 5)
}

/** The printed throughput is rounded, and the step time was worked out from a figure that is not. */
const roundedAway = ({ derived }: Row): boolean =>
  (derived ?? []).some((text) => /step_time.*more precise/iu.test(text))

const conventions: readonly (readonly [RegExp, FlopConvention])[] = [
  [/6\s*\*?\s*N\b.*causal-half/iu, 'palm-6n-causal'],
  [/6\s*\*?\s*(N\b|NumParams)|PaLM MFU|6\*s\*params/iu, 'palm-6n'],
  [/hardware (FLOPs|TFLOP)|incl\.? (full )?recompute|hardware utili[sz]ation/iu, 'hardware'],
  [/causal[- ]half|causal attention counted half|counted half|counted causal/iu, 'causal'],
  [/not halved|full attention|72[-*]|Narayanan 2021 derivation|12\*L\*h\*s/iu, 'full'],
]

export function conventionOf(row: Row): FlopConvention {
  const { flops_convention: text, kind, stated_hw_tflops: hardware } = row
  if (hardware) return 'hardware'
  if (kind === 'lora' && /2\/3/u.test(text ?? '')) return 'lora-two-thirds'
  return conventions.find(([words]) => words.test(text ?? ''))?.[1] ?? 'unknown'
}

function memoryOf({ measured, notes, framework }: Row): Section {
  const device = measured?.['mem_gb_nvidia_smi']
  // nvidia-smi says MiB. Read as thousands of them: some report 80 GB of a card that has 81,251.
  if (device) return { memory_peak: `${device * 1000} MiB`, memory_kind: 'device' }
  const peak = measured?.['mem_gib_peak'] ?? measured?.['mem_gb_peak']
  if (!peak) return {}
  const text = `${notes ?? ''} ${framework ?? ''}`
  // Primus logs what rocm-smi says: primus/backends/megatron, "rocm mem usage".
  const kind = /-smi\b|device memory|primus/iu.test(text)
    ? 'device'
    : /reserved|torchtitan/iu.test(text)
      ? 'reserved'
      : 'allocated'
  return { memory_peak: `${peak} GiB`, memory_kind: kind }
}
