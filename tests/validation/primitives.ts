/** Measured matmuls, attention kernels and collectives against the prices of the engine, by GPU and operation. */
import { disk } from '../../src/cli/disk.ts'
import { readDocuments } from '../../src/cli/documents.ts'
import { scenarioFiles } from '../../src/cli/files.ts'
import { bundledScenarios } from '../../src/cli/host.ts'
import type { AttentionKernel, Datatype, Job } from '../../src/engine/job.ts'
import { groupOf } from '../../src/engine/layout.ts'
import type { Collective } from '../../src/engine/operation.ts'
import { priceAttention } from '../../src/engine/price/attention.ts'
import { priceCollective } from '../../src/engine/price/collective.ts'
import { priceMatmul } from '../../src/engine/price/matmul.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { median, quantile } from '../../src/validation/statistics.ts'
import { clusterOf } from './convert/cluster.ts'

/** One line of a table of measurements, as its data set says it. */
export interface PrimitiveRow {
  readonly id: string
  readonly source: string
  readonly gpu: string
  readonly suspect?: string | null
  readonly kind?: string
  readonly precision?: string
  readonly batch?: number
  readonly m?: number | null
  readonly n?: number | null
  readonly k?: number | null
  readonly tflops?: number | null
  readonly time_us?: number | null
  readonly impl?: string
  readonly direction?: string
  readonly causal?: boolean
  readonly seq?: number
  readonly heads?: number
  readonly head_dim?: number
  readonly iters_per_s?: number
  readonly op?: string
  readonly size_bytes?: number | null
  readonly n_ranks?: number | null
  readonly busbw_GBps?: number | null
  readonly inter_node_link?: string | null
}

export interface Priced {
  readonly row: PrimitiveRow
  readonly gpu: string
  readonly operation: string
  readonly measuredSeconds: number
  readonly predictedSeconds: number
}

/** Undefined for what is not one of the three, is doubted, or runs on what the catalog does not have. */
export function priceRow(row: PrimitiveRow): Priced | undefined {
  if (row.suspect || /not stated/u.test(row.gpu)) return undefined
  const priced = row.op === undefined ? priceKernel(row) : priceExchange(row)
  return priced && { row, ...priced }
}

type Answer = Omit<Priced, 'row'> | undefined

const jobs = new Map<string, Job>()

/** Enough GPUs for every group, on nodes of four, eight and sixteen and in domains of 72. */
const gpus = 576

function jobOn(gpu: string, link: string | null): Job | undefined {
  const key = `${gpu}\n${link}`
  const known = jobs.get(key)
  if (known) return known
  const remarks = { inferred: [], notes: [], unsupported: [] }
  const { entry, cluster } = clusterOf({ id: key, gpu, n_gpus: gpus, inter_node_link: link }, remarks)
  if (remarks.unsupported.length > 0) return undefined
  const scenario = {
    extends: [entry, 'models/llama3-8b', 'software/megatron-core-2024'],
    cluster: { ...cluster, gpus },
    training: { sequence_length: 2048, global_batch: gpus, precision: 'fp16' },
    software: { attention: 'unfused' },
  }
  const world = { cwd: process.cwd(), disk, scenarios: bundledScenarios }
  const { documents, files } = readDocuments(['-'], scenarioFiles({ stdin: JSON.stringify(scenario) }, world), world)
  const { job } = readScenario((documents[0] as { path: string }).path, files, { sets: [] })
  jobs.set(key, job)
  return job
}

function priceKernel(row: PrimitiveRow): Answer {
  const job = jobOn(row.gpu, null)
  if (!job) return undefined
  return row.kind === 'attention' ? attention(row, job) : matmul(row, job)
}

/** Below this much work a product is over in the time of a few launches. */
const largeFlop = 1e11

function matmul(row: PrimitiveRow, { cluster, calibration }: Job): Answer {
  const { kind = '', m, n, k, tflops, time_us: time, batch = 1 } = row
  if (!/^(gemm|grouped_gemm_contiguous|bmm)$/u.test(kind) || !m || !n || !k || !(tflops || time)) return undefined
  const datatype: Datatype = /fp8/u.test(row.precision ?? '') ? 'fp8' : row.precision === 'fp16' ? 'fp16' : 'bf16'
  const flop = 2 * batch * m * n * k
  const inputBytes = datatype === 'fp8' ? 1 : 2
  // A strided batch is one kernel, whose tiles fill the GPU as those of a taller product would; experts are not.
  const grouped = kind.startsWith('grouped')
  const rows = grouped ? { m, groups: batch } : { m: m * batch, groups: 1 }
  const shape = { ...rows, n, k, datatype, inputBytes, outputBytes: 2, rate: 1 }
  const named = { name: 'matmul', phase: 'forward', kind: 'matmul' } as const
  const { seconds } = priceMatmul({ ...named, ...shape }, cluster.device, calibration)
  return {
    gpu: row.gpu,
    operation: `${grouped ? 'grouped ' : batch > 1 ? 'batched ' : ''}matmul ${datatype}, ${flop < largeFlop ? 'small' : 'large'}`,
    measuredSeconds: time ? time * 1e-6 : flop / ((tflops as number) * 1e12),
    predictedSeconds: seconds,
  }
}

/** Blocks of query rows, as FlashAttention cuts them. */
const rowsPerBlock = 128

function attention(row: PrimitiveRow, { cluster, calibration }: Job): Answer {
  const { seq, heads, head_dim: headDim, iters_per_s: rate, impl = '', direction = 'fwd', causal = true } = row
  if (!seq || !heads || !headDim || !rate) return undefined
  const kernel: AttentionKernel = /attn 3|attention-3/u.test(impl) ? 'fa3' : 'fa2'
  const forward = (causal ? 2 : 4) * seq * seq * heads * headDim
  const pass = (phase: 'forward' | 'inputGradient', flop: number) =>
    priceAttention(
      {
        name: 'core',
        kind: 'attention',
        phase,
        kernel,
        flop,
        span: seq,
        blocks: (seq * heads) / rowsPerBlock,
        headDim,
        rate: 1,
        bytes: 0,
      },
      'bf16',
      cluster.device,
      calibration,
    ).seconds
  const both = /bwd/u.test(direction)
  return {
    gpu: row.gpu,
    operation: `attention ${kernel}`,
    measuredSeconds: 1 / rate,
    predictedSeconds: pass('forward', forward) + (both ? pass('inputGradient', 2.5 * forward) : 0),
  }
}

const operations: Readonly<Record<string, Collective>> = {
  all_reduce: 'all-reduce',
  all_gather: 'all-gather',
  reduce_scatter: 'reduce-scatter',
  all_to_all: 'all-to-all',
}

/** Below it latency decides. */
const largeBytes = 2 ** 20

/** What nccl-tests multiplies its rate with, so that it can be held against that of a link. */
const onTheBus = (collective: Collective, ranks: number): number =>
  ((collective === 'all-reduce' ? 2 : 1) * (ranks - 1)) / ranks

function priceExchange(row: PrimitiveRow): Answer {
  const collective = operations[row.op ?? '']
  const { size_bytes: bytes, n_ranks: ranks, time_us: time, busbw_GBps: bus, inter_node_link: link } = row
  // Offload into InfiniBand switches is not modelled, and not used in training runs that we know of.
  if (!collective || !bytes || !ranks || ranks < 2 || !(time || bus) || /SHARP/u.test(link ?? '')) return undefined
  const job = jobOn(row.gpu, link?.replace(/\(.*\)/u, '') ?? null)
  if (!job) return undefined
  const { cluster, calibration } = job
  const named = { name: 'exchange', phase: 'step', kind: 'collective', dimension: 'dp' } as const
  const group = groupOf(cluster, ranks, 1)
  const { seconds } = priceCollective({ ...named, collective, bytes, hidden: 0, rate: 1 }, group, cluster, calibration)
  return {
    gpu: row.gpu,
    operation: `${collective}${group.domains > 1 ? ' across nodes' : ''}, ${bytes < largeBytes ? 'below' : 'from'} 1 MiB`,
    measuredSeconds: time ? time * 1e-6 : (bytes * onTheBus(collective, ranks)) / ((bus as number) * 1e9),
    predictedSeconds: seconds,
  }
}

export interface PrimitiveFigures {
  readonly gpu: string
  readonly operation: string
  readonly runs: number
  readonly bias: number
  readonly median: number
  readonly p90: number
}

/** Signed: above 0 we say it takes longer than it did. */
export const errorOf = ({ measuredSeconds, predictedSeconds }: Priced): number => predictedSeconds / measuredSeconds - 1

/** `A100`, `A100-SXM4-80GB`, `H100 (sm_90; 8-GPU host)` are one each. */
const nameOf = (gpu: string): string => gpu.replace(/^NVIDIA /u, '').replace(/[ -](\(|SXM|8).*$/u, '')

export function primitiveFigures(priced: readonly Priced[]): readonly PrimitiveFigures[] {
  const groups = new Map<string, Priced[]>()
  for (const each of priced) {
    const key = `${nameOf(each.gpu)}\n${each.operation}`
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, group]) => {
      const [gpu = '', operation = ''] = key.split('\n')
      const errors = group.map(errorOf)
      const sizes = errors.map(Math.abs)
      return {
        gpu,
        operation,
        runs: group.length,
        bias: median(errors),
        median: median(sizes),
        p90: quantile(sizes, 0.9),
      }
    })
}
