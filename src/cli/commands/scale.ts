/** `scale`: the best strategy at every size of the cluster. */
import { availableParallelism } from 'node:os'
import { isLegal } from '../../engine/rules.ts'
import { simulate } from '../../engine/simulate.ts'
import { composeScale, type ScaleCurve } from '../../report/compose/scale.ts'
import { render } from '../../report/render/render.ts'
import { inputNumbers } from '../../scenario/inputs.ts'
import type { Loaded } from '../../scenario/read.ts'
import type { Limit } from '../../search/question.ts'
import { bindingOf, type Growth, jobAt, kneeOf, largestThat, type ScalePoint, withGains } from '../../search/scale.ts'
import { isVaryFault, readVary } from '../../sweep/vary.ts'
import { share, stretchesOf } from '../crew.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { fixedOf } from '../fixed.ts'
import type { Host } from '../host.ts'
import type { FoundSize, ScaleErrand } from '../labour.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { progressOn } from '../progress.ts'
import { type ReadOptions, readAnyStrategy } from '../reading.ts'
import { tool } from '../version.ts'

export interface ScaleOptions extends ReadOptions, OutputOptions {
  readonly gpus?: string
  readonly growth?: Growth | 'both'
  readonly floor?: string
  readonly require?: readonly string[]
  readonly fix?: readonly string[]
  readonly jobs?: number
}

export async function scale(file: string, options: ScaleOptions, host: Host): Promise<ExitCode> {
  const loaded = await readAnyStrategy(file, options, host)
  const floors = await floorsOf(options, loaded)
  const growths: readonly Growth[] =
    options.growth === undefined || options.growth === 'both' ? ['strong', 'weak'] : [options.growth]
  const gpus = gpusOf(options.gpus, loaded)
  const sizes = growths.flatMap((growth) => gpus.map((count) => ({ gpus: count, growth })))
  const { found, interrupted } = await work(errandOf(loaded, sizes, options), options, host)
  const curves = growths.map((growth) =>
    curveOf(
      growth,
      found.filter((size) => size.growth === growth),
      loaded,
      floors,
    ),
  )
  const input = { name: loaded.name, file: loaded.file, tool, curves, floor: options.floor }
  deliver((format, theme) => render([composeScale(input, theme)], format, theme), options, host)
  if (interrupted) return exit.interrupted
  return curves.some(({ points }) => points.some(({ best }) => best)) ? exit.answered : exit.nothingFeasible
}

async function floorsOf({ floor }: ScaleOptions, loaded: Loaded): Promise<readonly Limit[]> {
  if (floor === undefined) return []
  return (await import('../limits.ts')).limitsOf([floor], inputNumbers(loaded))
}

/** From one node, or a sixteenth of the cluster, to sixteen of it, by doubling. */
function gpusOf(text: string | undefined, { job }: Loaded): readonly number[] {
  const { gpus, gpusPerNode } = job.cluster
  if (text === undefined) {
    const doubled = Array.from({ length: 9 }, (_, n) => gpus * 2 ** (n - 4))
    return doubled.filter((count) => Number.isInteger(count) && (count % gpusPerNode === 0 || count < gpusPerNode))
  }
  const read = readVary(`gpus=${text}`)
  const counts = isVaryFault(read) || read.kind !== 'values' ? [Number.NaN] : read.values.map(Number)
  if (counts.every((count) => Number.isSafeInteger(count) && count > 0)) return counts
  throw new UsageError(`--gpus ${text} is no list of sizes`, 'such as --gpus 256..65536*2 or --gpus 512,1024,3072')
}

function errandOf(loaded: Loaded, sizes: ScaleErrand['sizes'], options: ScaleOptions): ScaleErrand {
  const { job, strategy } = loaded
  return {
    kind: 'scale',
    job,
    given: { ...strategy, layersPerChunk: [] },
    fixed: fixedOf(options.fix ?? [], strategy),
    limits: options.require ?? [],
    constants: inputNumbers(loaded),
    sizes,
  }
}

/** Sizes one by one, the largest first: they take longest. */
async function work(errand: ScaleErrand, options: ScaleOptions, host: Host) {
  const found: FoundSize[] = []
  const progress = progressOn(host, options.quiet === true)
  let interrupted = false
  const release = host.onInterrupt?.(() => {
    interrupted = true
  })
  const stretches = stretchesOf(errand.sizes.length, 1)
  await share(errand, {
    jobs: options.jobs ?? availableParallelism(),
    stretches,
    wanted: () => !interrupted,
    done: (_, part) => {
      found.push(...(part as readonly FoundSize[]))
      progress.at(found.length / stretches.length, `${found.length} of ${stretches.length} sizes`)
    },
  })
  progress.end()
  release?.()
  return { found: found.sort((a, b) => a.gpus - b.gpus), interrupted }
}

function curveOf(growth: Growth, sizes: readonly FoundSize[], loaded: Loaded, floors: readonly Limit[]): ScaleCurve {
  const points = withGains(sizes.map((size) => pointOf(size, loaded)))
  return {
    growth,
    points,
    knee: kneeOf(points),
    kept: floors.length > 0 ? largestThat(points, (metrics) => floors.every(({ holds }) => holds(metrics))) : undefined,
  }
}

function pointOf({ gpus, growth, strategy }: FoundSize, { job }: Loaded): ScalePoint {
  const asked = jobAt(job, gpus, growth)
  const { globalBatch } = asked.batch
  if (!strategy || !isLegal(asked, strategy)) return { gpus, globalBatch }
  const best = simulate(asked, strategy)
  return { gpus, globalBatch, best, binds: bindingOf(best) }
}
