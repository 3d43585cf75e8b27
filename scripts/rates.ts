/**
 * The sustained rates of each GPU, fitted to runs: shared by `fit.ts` (to all of them) and `leave-out.ts` (to all but
 * some). Where no run decides, published benchmarks do.
 */
import { datatypes, type Job } from '../src/engine/job.ts'
import { simulate } from '../src/engine/simulate.ts'
import { type DoubtName, doubtsOf } from '../src/engine/uncertainty.ts'
import type { Loaded } from '../src/scenario/read.ts'
import { judge } from '../src/validation/measured.ts'
import { mean, median, quantile } from '../src/validation/statistics.ts'
import type { Row } from '../tests/validation/convert/row.ts'
import { scenarioOf } from '../tests/validation/convert/scenario.ts'
import { groupBy, loaderOf, readRows, sourceOf, stackNameOf, thinned, withoutStack } from './runs.ts'

/** The time of a step as its rates change: ln of it, by a parabola for each rate in ln of the factor. */
export interface Surface {
  /** ln (predicted / measured) with the rates of the catalog. */
  readonly offset: number
  readonly curves: Readonly<Record<string, readonly [slope: number, bend: number]>>
  readonly names: readonly DoubtName[]
}

export interface Run {
  readonly source: string
  readonly family: string
  readonly gpu: string
  readonly moe: boolean
  /** Of the runs of its source, how many ran on the same chip. */
  readonly share: number
  readonly own: Surface
  readonly unknown: Surface
  readonly loaded: Loaded
}

/** Frameworks that share their code and the people who tune it. */
function familyOf(row: Row): string {
  const stack = stackNameOf(row).replace('software/', '')
  if (/^(nemo|megatron-bridge)/u.test(stack)) return 'nemo and megatron-bridge'
  return (
    /^(megatron|deepspeed|composer|pytorch-fsdp|torchtitan|maxtext|primus|meta|simumax|typical)/u.exec(stack)?.[1] ??
    stack
  )
}

const ratesOf = ({ precision, software }: Job): readonly string[] => [
  ...new Set([
    precision.matmul,
    precision.activation,
    ...(software.attention === 'unfused' ? [] : [software.attention]),
  ]),
]

export function withRate({ cluster, ...job }: Job, name: string, factor: number): Job {
  const { device } = cluster
  const table = isDatatype(name) ? 'matmulEfficiency' : 'attentionEfficiency'
  const rates = device[table] as Readonly<Record<string, number>>
  const changed = { ...device, [table]: { ...rates, [name]: (rates[name] as number) * factor } }
  return { ...job, cluster: { ...cluster, device: changed } }
}

/** Far enough to span what a fit may choose. */
const reach = Math.log(1.35)

function surfaceOf({ job, strategy, measured, scenario }: Loaded): Surface | undefined {
  const simulation = simulate(job, strategy)
  const verdict = measured && judge(simulation, measured)
  if (!verdict) return undefined
  const base = Math.log(verdict.predictedSeconds)
  const curves = Object.fromEntries(
    ratesOf(job).map((name) => {
      const at = (x: number) =>
        Math.log(simulate(withRate(job, name, Math.exp(x)), strategy).metrics['step.time']) - base
      const [low, high] = [at(-reach), at(reach)]
      return [name, [(high - low) / (2 * reach), (high + low) / (2 * reach * reach)] as const]
    }),
  )
  const names = doubtsOf(simulation, { stack: scenario.software.name })
  return { offset: Math.log1p(verdict.error), curves, names }
}

/** ln of the factor on each rate of one GPU. */
export type Factors = Readonly<Record<string, number>>

export function errorOf({ offset, curves }: Surface, factors: Factors): number {
  const moved = Object.entries(curves).reduce((sum, [name, [slope, bend]]) => {
    const x = factors[name] ?? 0
    return sum + slope * x + bend * x * x
  }, 0)
  return Math.expm1(offset + moved)
}

/** The same silicon with more memory is the same chip. */
const chipOf = (name: string): string => name.replace(/ \d+GB$/u, '')

/** The catalog's rates of each GPU by datatype and kernel. */
export const catalogRates = new Map<string, Map<string, number>>()
const devices = new Map<string, Job['cluster']['device']>()

function remember(gpu: string, { cluster }: Job, names: readonly string[]): void {
  const rates = catalogRates.get(gpu) ?? new Map<string, number>()
  catalogRates.set(gpu, rates)
  devices.set(gpu, cluster.device)
  const { matmulEfficiency, attentionEfficiency } = cluster.device
  for (const name of names)
    rates.set(name, ({ ...matmulEfficiency, ...attentionEfficiency } as Record<string, number>)[name] as number)
}

/**
 * Best matmul of a short benchmark, as a share of the peak: ml-engineering (S. Bekman), table of maximum achievable
 * matmuls, https://github.com/stas00/ml-engineering/tree/master/compute/accelerator.
 */
const burst: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'A100 SXM4': { bf16: 0.87 },
  'H100 SXM5': { bf16: 0.8, fp8: 0.71 },
  'B200 SXM': { bf16: 0.78, fp8: 0.76 },
  'B300 SXM': { bf16: 0.79, fp8: 0.75 },
  GB200: { bf16: 0.73, fp8: 0.72 },
  GB300: { bf16: 0.79, fp8: 0.75 },
  MI325X: { bf16: 0.6 },
  MI355X: { bf16: 0.65 },
}
/** Of chips that are not in it. */
const usualBurst: Readonly<Record<string, number>> = { bf16: 0.8, fp8: 0.72, fp4: 0.5 }
/** What a run of days keeps of that. */
const lasting: Readonly<Record<string, number>> = { bf16: 0.87, fp8: 0.75, fp4: 0.75 }
/**
 * In 16 bits a chip that must do with fewer watts per TFLOP/s clocks down: from 650 to 730 of the 989 TFLOP/s of an H100
 * of 700 W are left on random numbers (H. He, Strangely, matrix multiplications on GPUs run faster when given
 * "predictable" data, https://www.thonking.ai/p/strangely-matrix-multiplications).
 */
const powered = { share: 0.7, wattsPerTflop: 0.708, exponent: 0.75 }

/**
 * Speed figures of fused attention, read with the half lengths of calibrations/default: FlashAttention 1 to 3
 * (arXiv:2205.14135, 2307.08691, 2407.08608, with cuDNN beside them), cuDNN on B200 (SimuMax, table of kernels).
 */
const kernels: readonly (readonly [gpu: RegExp, rates: Readonly<Record<string, number>>])[] = [
  [/^A100/u, { fa1: 0.33, fa2: 0.64, cudnn: 0.64 }],
  [/^H100.*500W/u, { fa1: 0.2, fa2: 0.33, fa3: 0.5, cudnn: 0.5 }],
  [/^H100/u, { fa1: 0.2, fa2: 0.38, fa3: 0.64, cudnn: 0.6 }],
  [/^G?B200/u, { fa2: 0.18, cudnn: 0.46 }],
  [/^G?B300/u, { fa2: 0.18, cudnn: 0.55 }],
]

const isDatatype = (name: string): boolean => (datatypes as readonly string[]).includes(name)

function publishedRate(gpu: string, name: string): number | undefined {
  if (!isDatatype(name)) return kernels.find(([chip]) => chip.test(gpu))?.[1][name]
  const { peakFlopPerSecond, watts } = devices.get(gpu) as Job['cluster']['device']
  const like = name === 'fp16' ? 'bf16' : name
  const short = burst[gpu]?.[like] ?? usualBurst[like]
  if (short === undefined) return undefined
  const sustained = short * (lasting[like] as number)
  // Nobody publishes the power of a TPU.
  if (like !== 'bf16' || gpu.startsWith('TPU')) return sustained
  const wattsPerTflop = watts / (peakFlopPerSecond.bf16 / 1e12)
  return Math.min(sustained, powered.share * (wattsPerTflop / powered.wattsPerTflop) ** powered.exponent)
}

/** All that is known of a GPU nobody ran, as factors on the catalog. */
export function prior(gpu: string): Factors {
  const own = catalogRates.get(gpu) ?? new Map<string, number>()
  return Object.fromEntries([...own].map(([name, rate]) => [name, Math.log((publishedRate(gpu, name) ?? rate) / rate)]))
}

/** Benchmarks of kernels say more of a run than those of matmuls, which power throttles. */
const hold = (name: string): number => (isDatatype(name) ? 0.1 : 0.3)

/** Runs of one source on one chip. */
interface Group {
  readonly surfaces: readonly Surface[]
  readonly weight: number
}

/** What a mixture of experts is off by has other causes for the most part. */
const moeWeight = 0.3

/** A source counts by the share of it that ran on this chip. */
const weighed = (group: readonly Run[]): Group => ({
  surfaces: group.map(({ own }) => own),
  weight: mean(group.map(({ share, moe }) => share * (moe ? moeWeight : 1))),
})

/** Mean over sources of the median error, with a share of its 90th percentile; and how far from the benchmarks. */
function objective(groups: readonly Group[], factors: Factors, start: Factors): number {
  const spread = groups.reduce((sum, { surfaces, weight }) => {
    const sizes = surfaces.map((surface) => Math.abs(errorOf(surface, factors)))
    // A source that no rate can mend should not steer: beyond a quarter its error counts for little more.
    return sum + weight * (Math.min(median(sizes), 0.25) + 0.2 * Math.min(quantile(sizes, 0.9), 0.5))
  }, 0)
  const held = Object.entries(factors).reduce((sum, [name, x]) => sum + hold(name) * (x - (start[name] ?? 0)) ** 2, 0)
  return spread / groups.reduce((sum, { weight }) => sum + weight, 0) + held
}

const grid = Array.from({ length: 41 }, (_, i) => (i - 20) * 0.02)

export function refit(runs: readonly Run[], start: Factors): Factors {
  if (runs.length === 0) return start
  const groups = [...groupBy(runs, ({ source }) => source).values()].map(weighed)
  const used = Object.keys(start).filter((name) => runs.some(({ own }) => name in own.curves))
  let best = start
  for (let round = 0; round < 3; round++)
    for (const name of used) {
      const tried = grid.map((step) => ({
        ...best,
        [name]: round === 0 ? (start[name] as number) + step : (best[name] as number) + step / 4,
      }))
      const scores = [best, ...tried].map((each) => objective(groups, each, start))
      best = [best, ...tried][scores.indexOf(Math.min(...scores))] as Factors
    }
  return best
}

/** Documented runs, at most so many of a source, each also as if its stack were unknown. */
export function readRuns(path: string, most: number, sets: readonly string[] = []): readonly Run[] {
  const rows = thinned(readRows(path), most)
  const known = loaderOf(rows.map(scenarioOf), sets)
  const unknown = loaderOf(rows.map(withoutStack), sets)
  const runs = rows.flatMap((row, i) => {
    const [one, other] = [known[i], unknown[i]]
    if (!one || !other) return []
    const [own, without] = [surfaceOf(one), surfaceOf(other)]
    if (!own || !without) return []
    const gpu = chipOf(one.scenario.cluster.gpu.name ?? '?')
    remember(gpu, one.job, ratesOf(one.job))
    const moe = row.model?.moe != null
    return [{ source: sourceOf(row), family: familyOf(row), gpu, moe, share: 1, own, unknown: without, loaded: one }]
  })
  const ofSource = groupBy(runs, ({ source }) => source)
  const here = groupBy(runs, ({ source, gpu }) => `${source} ${gpu}`)
  const count = (groups: typeof here, key: string) => groups.get(key)?.length ?? 1
  return runs.map((run) => ({
    ...run,
    share: count(here, `${run.source} ${run.gpu}`) / count(ofSource, run.source),
  }))
}
