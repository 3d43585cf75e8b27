/** Tokens out of a model: prompts read at once, then one token of every sequence at a time. */
import { formula, type Statement } from '../formula.ts'
import type { Job } from '../job.ts'
import { lowerEnds, lowerLayer } from '../lower/block.ts'
import { type LayerKind, layerKinds, localShape } from '../lower/shape.ts'
import type { Operation } from '../operation.ts'
import { price } from '../price/operation.ts'
import type { Timing } from '../timing.ts'
import type { Rollout } from './rollout.ts'
import { layerCacheBytes, type Serving } from './serving.ts'

/** A time that can say how it came about. */
export interface Reckoned {
  readonly formula: Statement
  readonly inputs: Readonly<Record<string, number>>
  readonly seconds: number
}

export function reckon<Inputs extends object>(
  by: Statement & { readonly compute: (inputs: Inputs) => number },
  inputs: Inputs,
): Reckoned {
  return { formula: by, inputs: inputs as unknown as Record<string, number>, seconds: by.compute(inputs) }
}

export const decodeSteps = formula<{ longest: number; sequences: number; response: number; batch: number }>({
  id: 'decodeSteps',
  unit: 'count',
  text: 'max(longest, sequences * response / batch)',
  source:
    'as many steps as the longest response has tokens, or as all tokens of a rank take when finished sequences make room at once: continuous batching, Yu et al. 2022 (Orca), usenix.org/conference/osdi22/presentation/yu',
  compute: ({ longest, sequences, response, batch }) => Math.max(longest, (sequences * response) / batch),
})

export const decodeSeconds = formula<{ steps: number; stepSeconds: number }>({
  id: 'decodeSeconds',
  unit: 'seconds',
  text: 'steps * stepSeconds',
  source:
    'Pope et al. 2022, arXiv:2211.05102 §3: each step reads all weights and all keys and values, whatever the number of sequences',
  compute: ({ steps, stepSeconds }) => steps * stepSeconds,
})

export const prefillSeconds = formula<{ passes: number; passSeconds: number }>({
  id: 'prefillSeconds',
  unit: 'seconds',
  text: 'passes * passSeconds',
  source:
    'one forward pass over each prompt; the responses of a group share it: Kwon et al. 2023 (PagedAttention), arXiv:2309.06180 §4.4',
  compute: ({ passes, passSeconds }) => passes * passSeconds,
})

export interface Decoded extends Reckoned {
  readonly steps: number
  /** Sequences that a rank works on at a time, on average. */
  readonly live: number
  /** Of one step. */
  readonly timings: readonly { readonly timing: Timing; readonly times: number }[]
  readonly stepSeconds: number
}

export function decode(serving: Serving, { promptLen, responseLen, longestLen }: Rollout): Decoded {
  const { sequences, batch } = serving
  const steps = decodeSteps.compute({ longest: longestLen, sequences, response: responseLen, batch })
  const live = Math.max(1, (sequences * responseLen) / steps)
  // A sequence is half as long as it will be, on average.
  const timings = decodeStep(serving, live, promptLen + responseLen / 2)
  const stepSeconds = timings.reduce((sum, { timing, times }) => sum + times * timing.exposedSeconds, 0)
  return { ...reckon(decodeSeconds, { steps, stepSeconds }), steps, live, timings, stepSeconds }
}

function decodeStep(serving: Serving, live: number, context: number): Decoded['timings'] {
  const { job, stage, layout } = serving
  const sharding = { ...serving.strategy, microBatch: live }
  const timed = (operations: readonly Operation[], times: number) =>
    operations
      .filter(({ phase }) => phase === 'forward')
      .map((operation) => ({ timing: price(visited(operation, serving, live), job, layout), times }))
  const { embedding, head } = lowerEnds(job, sharding)
  const layers = layerKinds(job.model).kinds.flatMap((kind, index) => {
    const others = lowerLayer(job, sharding, kind).filter((operation) => !looksBack(operation))
    return timed([...others, ...recall(serving, kind, live, context)], stage.layers[index] ?? 0)
  })
  return [...timed(embedding, 1), ...layers, ...timed(head, 1)].filter(({ times }) => times > 0)
}

/** Of a rank's experts only those are read that some token has chosen: each is missed by a token with 1 − k/E. */
function visited(operation: Operation, { job, strategy }: Serving, live: number): Operation {
  const { moe } = job.model
  if (operation.kind !== 'matmul' || operation.groups === 1 || !moe) return operation
  const tokens = live * Math.max(1, strategy.ep / strategy.tp)
  const groups = Math.max(1, operation.groups * (1 - (1 - moe.topK / moe.experts) ** tokens))
  return { ...operation, groups, m: (operation.m * operation.groups) / groups }
}

/** What a layer does over the sequence in training is here a look at what it remembers. */
const looksBack = ({ kind, name }: Operation): boolean =>
  kind === 'attention' || kind === 'scan' || name === 'attention.softmax'

function recall({ job, strategy }: Serving, kind: LayerKind, live: number, context: number): Operation[] {
  const bytes = live * layerCacheBytes(job, strategy, kind, context)
  if (kind.mixer === 'attention') return [attend(job, strategy, { kind, live, context, bytes })]
  // A state is read and written.
  return kind.mixer === 'none'
    ? []
    : [{ kind: 'elementwise', name: `${kind.mixer}.state`, phase: 'forward', bytes: 2 * bytes, kernels: 1 }]
}

interface Look {
  readonly kind: LayerKind
  readonly live: number
  readonly context: number
  readonly bytes: number
}

/** Two products per key and head; in MLA over the latent, which all heads share (DeepSeek-V2, arXiv:2405.04434 §2.1.2). */
function attend(job: Job, strategy: Serving['strategy'], { kind, live, context, bytes }: Look): Operation {
  const { model } = job
  const { heads, scoreHeadDim, valueHeadDim } = localShape(job, strategy)
  const seen = kind.window > 0 ? Math.min(kind.window, context) : context
  const width = model.mla ? 2 * model.mla.keyValueRank + model.mla.rotaryHeadDim : scoreHeadDim + valueHeadDim
  return {
    kind: 'attention',
    name: 'attention.cache',
    phase: 'forward',
    kernel: 'unfused',
    flop: 2 * live * heads * width * seen,
    span: seen,
    blocks: live * heads,
    headDim: scoreHeadDim,
    rate: 1,
    bytes,
  }
}

/** Tokens that one pass over prompts takes: docs.vllm.ai, `max_num_batched_tokens`. */
const PREFILL_TOKENS = 8192

export function prefill({ job, strategy, layout, stage }: Serving, { prompts, promptLen }: Rollout): Reckoned {
  const own = Math.max(1, prompts / strategy.dp)
  const microBatch = Math.max(1, Math.min(own, PREFILL_TOKENS / promptLen))
  const longer: Job = { ...job, batch: { ...job.batch, seqLen: promptLen } }
  const sharding = { ...strategy, microBatch }
  const passSeconds = layerKinds(job.model).kinds.reduce((sum, kind, index) => {
    const forward = lowerLayer(longer, sharding, kind).filter(({ phase }) => phase === 'forward')
    const seconds = forward.reduce((all, operation) => all + price(operation, longer, layout).exposedSeconds, 0)
    return sum + (stage.layers[index] ?? 0) * seconds
  }, 0)
  return reckon(prefillSeconds, { passes: own / microBatch, passSeconds })
}
