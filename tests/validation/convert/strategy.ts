/** How the work was spread, and in what pieces. What is not stated follows a rule, and is put on record. */
import { type ParallelRow, type Remarks, type Row, type Section, saidOr, type Written, yearOf } from './row.ts'
import { extraPredictions, isLarge, parametersOf } from './size.ts'
import { usualZero } from './stack.ts'

export interface StrategyPart {
  readonly parallel: Section
  readonly microBatch: number
  readonly globalBatch: number
}

export function strategyOf(row: Row, remarks: Remarks): StrategyPart {
  const said: ParallelRow = row.parallel ?? {}
  const { tp, pp } = degreesOf(row, said, remarks)
  const cp = said.cp ?? 1
  const dp = (row.n_gpus || 1) / (tp * pp * cp)
  if (!Number.isInteger(dp)) remarks.unsupported.push(`${tp} × ${cp} × ${pp} ranks do not divide the number of GPUs`)
  const ranks = Math.max(1, Math.floor(dp))
  const zero = saidOr(zeroOf(said.zero_stage), 'parallel.zero', dp * cp > 1 ? usualZero(row) : 0, remarks)
  const batch = batchOf(row, { tp, pp, dp: ranks, sharded: sharded(zero) }, remarks)
  const named = pp > 1 ? namedSchedule(row) : undefined
  const chunks = named?.vpp ?? said.vpp
  const vpp = pp > 1 ? saidOr(chunks, 'parallel.vpp', usualChunks(row, pp, ranks, batch), remarks) : 1
  const schedule = named?.schedule ?? scheduleOf(row, vpp)
  const vocabulary = vocabularyOf(row, remarks)
  return {
    ...batch,
    parallel: {
      tp,
      sp: tp > 1 && (said.sp ?? sequenceParallel(row, remarks)),
      cp,
      ...(cp > 1 && { cp_mode: cpModeOf(row) }),
      pp,
      vpp,
      ...(schedule && { schedule }),
      ...(vocabulary && { vocabulary }),
      ...expertsOf(row, said, remarks),
      zero,
      ...overlapOf(row),
      ...(pp > 1 &&
        extraPredictions(row) > 0 &&
        !row.model?.hybrid && { layers_per_stage: lighterLast(row, pp * vpp) }),
      ...(said.vocab_method === 'redis' && { layers_per_stage: levelled(row, pp) }),
    },
  }
}

/** Bytes per parameter of weights, gradients and Adam in mixed precision, and the share of memory that may go there. */
const stateBytes = 18
const stateShare = 0.6
/** And the share that weights and activations may fill together. */
const memoryShare = 0.85
const memoryOf = ({ gpu }: Row): number => (/40 ?GB/iu.test(gpu ?? '') ? 40e9 : 80e9)

/** Nothing stated at all: as few tensor ranks as hold a small model, else a node of them and enough stages. */
function degreesOf(row: Row, { tp, pp }: ParallelRow, remarks: Remarks): { tp: number; pp: number } {
  if (tp && pp) return { tp, pp }
  const parameters = parametersOf(row)
  const large = isLarge(row)
  const node = Math.min(8, row.gpus_per_node ?? 8)
  const ranks = saidOr(tp, 'parallel.tp', large ? node : Math.min(node, leastRanks(row, parameters)), remarks)
  const kept = usualZero(row) === 0 ? stateBytes : replicaBytes
  const needed = (parameters * kept) / (memoryOf(row) * stateShare * ranks)
  return {
    tp: ranks,
    pp: saidOr(pp, 'parallel.pp', large ? 2 ** Math.max(0, Math.ceil(Math.log2(needed))) : 1, remarks),
  }
}

/** Bytes per parameter that every replica keeps under ZeRO 1: weights and gradients in 16 bits. */
const replicaBytes = 4

/** Powers of two from 1 on until what a replica keeps leaves room for activations. */
function leastRanks(row: Row, parameters: number): number {
  if (sharded(usualZero(row))) return 1
  return 2 ** Math.max(0, Math.ceil(Math.log2((parameters * replicaBytes) / (stateShare * memoryOf(row)))))
}

/**
 * Recipes of DeepSeek-V3 and Kimi K2 fill all chunks alike and leave to the last, which has the output layer, what is left:
 * `Et*4|(t*4|)*14tmL`, and `Et|(tt|)*30mL` where that is nothing (set_deepseek_v3_pipeline_model_parallel_layout in
 * https://github.com/NVIDIA-NeMo/Megatron-Bridge, recipes/deepseek).
 */
function lighterLast(row: Row, chunks: number): readonly number[] {
  const layers = (row.model?.layers ?? 1) + extraPredictions(row)
  const full = Math.ceil(layers / chunks)
  const last = Math.max(1, layers - full * (chunks - 1))
  const others = chunks - 1
  const left = (layers - last) % others
  return Array.from({ length: chunks }, (_, chunk) =>
    chunk === others ? last : Math.floor((layers - last) / others) + (left > 0 && others - chunk <= left ? 1 : 0),
  )
}

function sequenceParallel(row: Row, { inferred }: Remarks): boolean {
  inferred.push('parallel.sp')
  const old = /2021|v1\b|v2\.x|deepspeed|neox/iu.test(row.framework ?? '')
  // Elsewhere than in Megatron's family and torchtitan it is rare.
  const has = /megatron(?!-style)|mcore|nemo|bridge|mlperf|megascale|primus|torchtitan|meta internal|nanotron|maxtext/iu
  return has.test(row.framework ?? '') && !old
}

function zeroOf(said: ParallelRow['zero_stage']): Written | undefined {
  if (typeof said === 'number') return said
  if (said === null || said === undefined) return undefined
  const stage = /^\s*(\d)/u.exec(said)?.[1]
  return /hsdp/iu.test(said) ? 'hsdp' : /^\s*2\/3|^fsdp/iu.test(said) ? 3 : stage ? Number(stage) : undefined
}

const schedulesByName = [
  { pattern: /v-?half/iu, schedule: 'v-half', vpp: 2 },
  { pattern: /v-?min/iu, schedule: 'v-min', vpp: 2 },
  { pattern: /zbv|zb-v/iu, schedule: 'zb-v', vpp: 2 },
  { pattern: /dualpipe/iu, schedule: 'dualpipe', vpp: 1 },
] as const

const namedSchedule = (row: Row) => schedulesByName.find(({ pattern }) => pattern.test(scheduleText(row)))

const scheduleText = ({ parallel, overlap }: Row): string =>
  `${parallel?.schedule ?? ''} ${/pipeline schedule [\w-]+/u.exec(overlap ?? '')?.[0] ?? ''}`

/** "vocab-1" and "vocab-2": output layer and embedding in equal parts on all stages (arXiv:2411.05288). */
function vocabularyOf({ parallel }: Row, { unsupported }: Remarks): Written | undefined {
  const method = parallel?.vocab_method ?? ''
  if (/interlaced/iu.test(method)) unsupported.push('an output layer interlaced with the pipeline is not modelled yet')
  return /vocab/iu.test(method) ? 'stages' : undefined
}

function scheduleOf(row: Row, vpp: number): Written | undefined {
  const text = scheduleText(row)
  if (/zero-?bubble/iu.test(text) && vpp === 1) return 'zero-bubble'
  return /gpipe/iu.test(text) && vpp === 1 ? 'gpipe' : undefined
}

function cpModeOf({ overlap, notes }: Row): Written {
  const text = `${overlap ?? ''} ${notes ?? ''}`
  if (/ulysses|all-to-all \(|a2a\)/iu.test(text)) return 'ulysses'
  return /all-gather (kv|based)|CP is all-gather/iu.test(text) ? 'all-gather' : 'ring'
}

/**
 * Experts are split like the rest of the layer unless told otherwise, which Megatron-Core allows since parallel folding
 * (arXiv:2504.14960); recipes since then keep each expert on one rank.
 */
function expertsOf(row: Row, { ep, etp, tp, folding }: ParallelRow, remarks: Remarks): Section {
  if (!row.model?.moe) return {}
  const whole = (ep ?? 1) > 1 && folding !== false && yearOf(row) >= foldingYear
  return {
    ep: saidOr(ep, 'parallel.ep', 1, remarks),
    etp: saidOr(etp, 'parallel.etp', whole ? 1 : (tp ?? 1), remarks),
  }
}

/** Megatron-Core 0.9, `--expert-tensor-parallel-size`. */
const foldingYear = 2024.8

const sharded = (zero: Written): boolean => zero === 3 || zero === 'fsdp' || zero === 'hsdp'

interface Batch {
  readonly microBatch: number
  readonly globalBatch: number
}

interface Degrees {
  readonly tp: number
  readonly pp: number
  readonly dp: number
  readonly sharded: boolean
}

function batchOf(row: Row, degrees: Degrees, remarks: Remarks): Batch {
  const { pp, dp } = degrees
  const seqLen = row.model?.seq_len ?? 2048
  const unit = dp * (row.micro_batch || 1) * (pp > 1 ? 4 * pp : 1)
  const assumed = unit * Math.max(1, Math.round(usualTokens / seqLen / unit))
  const globalBatch = saidOr(row.global_batch || undefined, 'training.global_batch', assumed, remarks)
  // A pipeline wants many micro-batches; without one a GPU takes as many sequences at once as it holds.
  const usual = pp === 1 ? largestDivisor(globalBatch / dp, sequencesHeld(row, degrees)) : 1
  return { globalBatch, microBatch: saidOr(row.micro_batch || undefined, 'training.micro_batch', usual, remarks) }
}

/** Tokens of one micro-batch beyond which nothing is gained. */
const usualMicroTokens = 16384
/** Bytes per token and channel that a layer keeps for its backward pass: Korthikanti et al. 2022, table 2. */
const keptBytes = { all: 34, input: 2 }

function sequencesHeld(row: Row, { tp, dp, sharded: gathers }: Degrees): number {
  const { seq_len: seqLen, hidden, layers, moe } = row.model ?? {}
  const most = Math.max(1, Math.floor(usualMicroTokens / (seqLen ?? 2048)))
  const redone = /^(full|yes)/iu.test(row.recompute ?? '')
  // Experts keep several rows for each token, so a mixture has no memory to spare.
  if (moe) return redone ? most : 1
  const share = parametersOf(row) / tp
  const states = gathers ? (share * stateBytes) / dp : share * (replicaBytes + (stateBytes - replicaBytes) / dp)
  const perToken = (redone ? keptBytes.input : keptBytes.all / tp) * (hidden ?? 0) * (layers ?? 0) || 1
  const held = Math.floor((memoryShare * memoryOf(row) - states) / perToken / (seqLen ?? 2048))
  return Math.max(1, Math.min(most, held))
}

function largestDivisor(whole: number, most: number): number {
  const candidates = Array.from({ length: most }, (_, index) => most - index)
  return candidates.find((candidate) => Number.isInteger(whole / candidate)) ?? 1
}

/** Idle share of a pipeline that people live with. */
const usualBubble = 0.1

/**
 * Chunks of each stage where they are not stated: as few as bring the bubble (Narayanan et al. 2021, section 2.2) to a
 * tenth. That gives five of the six values in the script which the authors of that paper publish.
 */
function usualChunks(row: Row, pp: number, dp: number, { globalBatch, microBatch }: Batch): number {
  const layers = row.model?.layers ?? 1
  const microBatches = globalBatch / dp / microBatch
  // First and last stage may hold one layer less, in place of embedding and head.
  const perStage = [layers, layers + 2].map((count) => count / pp).find(Number.isInteger)
  const interleaves = /megatron|nemo|mcore|4D parallel|primus|interleaved/iu.test(
    `${row.framework} ${row.parallel?.schedule}`,
  )
  const plain = /^1f1b$/iu.test(row.parallel?.schedule ?? '') || /1F1B non-interleaved/u.test(row.overlap ?? '')
  if (perStage === undefined || !interleaves || plain || microBatches % pp !== 0) return 1
  const chunks = Array.from({ length: perStage }, (_, index) => index + 1).filter((each) => perStage % each === 0)
  return chunks.find((each) => (pp - 1) / (microBatches * each) <= usualBubble) ?? (chunks.at(-1) as number)
}

/** Tokens of one step where nobody says: GPT-3, OPT, Llama 2 and Llama 3 8B all lie between 2M and 8M. */
const usualTokens = 4e6

/** Switches that the row speaks of; the stack keeps the others. */
function overlapOf({ overlap, framework, notes }: Row): Section {
  // Megatron-LM's own, before the one of Megatron-LLaMA that overlaps was merged into it.
  const own = /(?<!overlapped)distributed ?optimizer/iu.test(framework ?? '') ? 'no DP overlap' : ''
  const text = [overlap ?? own, ...(/graph passes empty/iu.exec(notes ?? '') ?? [])].join('; ')
  const switches = Object.assign(
    {},
    ...overlapRules.filter(([words]) => words.test(text)).map(([, set]) => set),
  ) as Section
  return Object.keys(switches).length > 0 ? { overlap: switches } : {}
}

const nothing = { tp: false, gradients: false, weights: false, pp: false }
const data = { gradients: true, weights: true }

/** In order; what stands later wins. */
const overlapRules: readonly (readonly [RegExp, Section])[] = [
  [/^baseline|^\+(parallel|sliding)/iu, nothing],
  [/no DP overlap|no overlap of gradient/iu, { gradients: false, weights: false }],
  [/latency-hiding/iu, { ...data, tp: true, pp: true }],
  [
    /DP overlap|DP grad\/param overlap|overlapped dist-optimizer|DP \(grad|backward prefetch|DP all-gather prefetch/u,
    data,
  ],
  // Asynchronous tensor parallelism of PyTorch is a pass of its compiler (torchtitan, pull request 429).
  [/vanilla TP|eager \(no compile\)/iu, { tp: false }],
  // FSDP of such a graph has its collectives moved by the passes of the compiler alone.
  [/graph passes empty/iu, nothing],
  [/TP userbuffers|async TP|TP \(--tp-comm-overlap\)|TP_COMM_OVERLAP=True|TP\/SP GEMM-chunk overlap/u, { tp: true }],
  [/vanilla TP|TP_COMM_OVERLAP=(False|None)/u, { tp: false }],
  [/p2p overlap \(|PP overlaps? on|PP async|TP userbuffers/u, { pp: true }],
  // An ablation in which each row adds to the one before.
  [/^\+TP overlap/u, { ...nothing, tp: true }],
  [/^\+PP overlap/u, { ...nothing, tp: true, pp: true }],
  [/^\+(DP overlap|efficient|misc)/u, { ...data, tp: true, pp: true }],
  [/no DP overlap/u, { gradients: false, weights: false }],
  [/no overlap by construction/iu, nothing],
]

/** Layers moved away from the stage with the output matrix until no stage has more work than another. */
function levelled({ model }: Row, pp: number): readonly number[] {
  const { layers = 1, hidden = 1, vocab = 0, seq_len: seqLen = 0, ffn_hidden: ffn } = model ?? {}
  const [h, f] = [hidden ?? 1, ffn ?? 4 * (hidden ?? 1)]
  const layer = 8 * h * h + 4 * h * f + 4 * h * (seqLen ?? 0)
  const head = (2 * h * (vocab ?? 0)) / layer
  const stages = Array.from({ length: pp }, () => 0)
  const load = (stage: number) => (stages[stage] as number) + (stage === pp - 1 ? head : 0)
  for (let placed = 0; placed < (layers ?? 1); placed++) {
    // Of stages alike the last: the first ones hold the most micro-batches.
    const least = stages.reduce((best, _, stage) => (load(stage) < load(best) + 1e-9 ? stage : best), 0)
    stages[least] = (stages[least] as number) + 1
  }
  return stages
}
