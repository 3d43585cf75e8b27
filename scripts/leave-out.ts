/**
 * How wrong we are where the fit did not look: `npx tsx scripts/leave-out.ts runs.jsonl [--most 40] [--write]`. The sustained
 * rates of each GPU are fitted anew without a source, without a family of frameworks (whose stack is then taken as
 * unknown), and without the GPU itself. They start from published benchmarks, not from the catalog. What is not
 * fitted anew: the constants of the engine and the entries of stacks. Prints the errors, the widths, and how many runs the
 * 80 % range holds. Deterministic. `--write` puts the widths into `src/engine/uncertainty.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { covers, type DoubtName, doubtNames, doubts } from '../src/engine/uncertainty.ts'
import type { Measured } from '../src/scenario/schema.ts'
import type { Observation } from '../src/validation/calibrate.ts'
import { type Gain, gainOf, leastRuns } from '../src/validation/gain.ts'
import { mean, median, quantile } from '../src/validation/statistics.ts'
import {
  catalogRates,
  errorOf,
  type Factors,
  prior,
  type Run,
  readRuns,
  refit,
  type Surface,
  withRate,
} from './rates.ts'
import { groupBy } from './runs.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    most: { type: 'string', default: '40' },
    tries: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
const write = (line: string) => process.stdout.write(`${line}\n`)

interface Left {
  readonly source: string
  readonly moe: boolean
  readonly error: number
  readonly names: readonly DoubtName[]
  readonly run: Run
  readonly factors: Factors
}

/** Errors of the runs left out, their GPUs fitted to all others. */
function leaveOut(
  keyOf: (run: Run) => string,
  view: (run: Run) => Surface,
  extra: readonly DoubtName[] = [],
): readonly Left[] {
  return [...groupBy(runs, (run) => `${keyOf(run)}\n${run.gpu}`).values()].flatMap((left) => {
    const { gpu } = left[0] as Run
    const key = keyOf(left[0] as Run)
    const factors = refit(
      runs.filter((run) => run.gpu === gpu && keyOf(run) !== key),
      prior(gpu),
    )
    return left.map((run) => {
      const surface = view(run)
      return {
        source: run.source,
        moe: run.moe,
        error: errorOf(surface, factors),
        names: [...new Set([...surface.names, ...extra])],
        run,
        factors,
      }
    })
  })
}

const [path] = positionals
if (!path) throw new Error('Say which runs: npx tsx scripts/leave-out.ts runs.jsonl')
const runs = readRuns(path, Number(values.most))

const percent = (value: number) => `${(100 * value).toFixed(1)} %`.padStart(8)
const sizesOf = (left: readonly Left[]) => left.map(({ error }) => Math.abs(error))

function figures(title: string, left: readonly Left[]): void {
  write(`\n${title}`)
  for (const moe of [false, true]) {
    const groups = [
      ...groupBy(
        left.filter((each) => each.moe === moe),
        ({ source }) => source,
      ),
    ]
    const medians = groups.map(([, group]) => median(sizesOf(group)))
    const tails = groups.map(([, group]) => quantile(sizesOf(group), 0.9))
    write(
      `  ${moe ? 'MoE  ' : 'dense'} ${groups.length} sources: mean of medians ${percent(mean(medians))}, mean of p90 ${percent(mean(tails))}`,
    )
    for (const [source, group] of groups.toSorted(([, a], [, b]) => median(sizesOf(a)) - median(sizesOf(b))))
      write(
        `    ${source.padEnd(62)} ${String(group.length).padStart(3)} ${percent(median(group.map(({ error }) => error)))} ${percent(median(sizesOf(group)))} ${percent(quantile(sizesOf(group), 0.9))}`,
      )
  }
}

/** How far apart prediction and measurement are, on the scale on which a range is a factor. */
const distance = (error: number) => Math.max(1 + error, 1 / (1 + error)) - 1

type Widths = Readonly<Record<DoubtName, number>>

const widthOf = (names: readonly DoubtName[], widths: Widths) => Math.hypot(...names.map((name) => widths[name]))

/** Share of runs in their range; sources count alike. */
function coverage(left: readonly Left[], widths: Widths): number {
  const held = ({ names, error }: Left) => (covers({ share: widthOf(names, widths) }, error) ? 1 : 0)
  return mean([...groupBy(left, ({ source }) => source).values()].map((group) => mean(group.map(held))))
}

/** What widens a range widens it by something, also where the few runs with it were right by luck. */
const leastWidth = 0.08

/** A little over four of five: the constants of the engine were chosen with all of these runs in view. */
const enoughRuns = 0.82

/** Each width in turn the least that holds enough of its runs, the others as they are. */
function fitWidths(left: readonly Left[], names: readonly DoubtName[], from: Widths): Widths {
  let widths = from
  for (let round = 0; round < 6; round++)
    for (const name of names) {
      const own = left.filter((each) => each.names.includes(name) && (name !== 'fitted' || each.names.length === 1))
      if (own.length === 0) continue
      const options = Array.from({ length: 85 }, (_, i) => leastWidth + i * 0.005)
      const enough = options.find((width) => coverage(own, { ...widths, [name]: width }) >= enoughRuns)
      widths = { ...widths, [name]: enough ?? 0.5 }
    }
  return widths
}

const bySource = leaveOut(
  ({ source }) => source.replace(' (MoE)', ''),
  ({ own }) => own,
)
const byFamily = leaveOut(
  ({ family }) => family,
  ({ unknown: without }) => without,
)
const byChip = leaveOut(
  ({ gpu }) => gpu,
  ({ own }) => own,
  ['chip'],
)
write(`${runs.length} runs of ${new Set(runs.map(({ source }) => source)).size} sources on ${catalogRates.size} GPUs`)
figures('each source left out: n, bias, median, p90', bySource)
figures('each family of frameworks left out, its stack unknown', byFamily)
figures('each GPU left out', byChip)

const all = [...bySource, ...byFamily, ...byChip]
const table = Object.fromEntries(doubtNames.map((name) => [name, doubts[name].share])) as Widths
// What is odd about a job, on stacks that are known; then, on top of it, what not knowing the stack adds.
const estimates: readonly DoubtName[] = ['scan', 'unmeasured', 'scale']
const others = doubtNames.filter((name) => !['stack', 'own', ...estimates].includes(name))
const ofJobs = fitWidths(
  [...bySource, ...byChip].filter(({ names }) => !names.includes('stack')),
  others,
  table,
)
const widths = fitWidths(byFamily, ['stack'], ofJobs)
if (values.write) writeWidths()

function writeWidths(): void {
  const file = 'src/engine/uncertainty.ts'
  const text = doubtNames.reduce(
    (whole, name) =>
      whole.replace(
        new RegExp(`(\\n  ${name}: \\{\\n    share: )[0-9.]+`, 'u'),
        `$1${Number(widths[name].toFixed(3))}`,
      ),
    readFileSync(file, 'utf8'),
  )
  writeFileSync(file, text)
}
write('\nwidths (80 %), in use now, runs, median and 80 % quantile of the error of runs with it')
for (const name of doubtNames) {
  const own = all.filter(({ names }) => names.includes(name))
  write(
    `  ${name.padEnd(14)} ${widths[name].toFixed(3)} ${doubts[name].share.toFixed(3)} ${String(own.length).padStart(5)} ${percent(median(sizesOf(own)))} ${percent(
      quantile(
        own.map(({ error }) => distance(error)),
        0.8,
      ),
    )}`,
  )
}
for (const [title, left] of [
  ['sources', bySource],
  ['families', byFamily],
  ['GPUs', byChip],
] as const) {
  const [dense, moe] = [left.filter((each) => !each.moe), left.filter((each) => each.moe)]
  write(
    `\ncoverage, ${title} left out: all ${percent(coverage(left, table))} dense ${percent(coverage(dense, table))} MoE ${percent(coverage(moe, table))}; with the new widths ${percent(coverage(left, widths))} dense ${percent(coverage(dense, widths))} MoE ${percent(coverage(moe, widths))}`,
  )
  for (const name of doubtNames) {
    const own = left.filter(({ names }) => names.includes(name))
    if (own.length > 0)
      write(`  ${name.padEnd(14)} ${percent(coverage(own, table))} → ${percent(coverage(own, widths))}`)
  }
}

/** The run with the rates of a fit that has not seen it. */
function observed({ run, factors }: Left): Observation {
  const { job, strategy, measured, scenario } = run.loaded
  const unseen = Object.entries(factors).reduce((known, [name, x]) => withRate(known, name, Math.exp(x)), job)
  return { job: unseen, strategy, measured: measured as Measured, ground: { stack: scenario.software.name } }
}

/** Of the errors in units of their range: what the runs of a source share, and what is left between them. */
function partsOf(left: readonly Left[]): readonly [between: number, within: number] {
  const inRanges = ({ names, error }: Left) => (1.2816 * Math.log1p(error)) / Math.log1p(widthOf(names, table))
  const groups = [...groupBy(left, ({ source }) => source).values()].filter((group) => group.length > 4)
  const robust = (all: readonly number[]) => 1.4826 * median(all.map((each) => Math.abs(each - median(all))))
  const middles = groups.map((group) => median(group.map(inRanges)))
  const rest = groups.map((group) => robust(group.map(inRanges)))
  return [Math.sqrt(mean(middles.map((x) => x * x))), Math.sqrt(mean(rest.map((x) => x * x)))]
}

const [between, within] = partsOf(bySource)
write(
  `\nin units of the range: runs of a source have ${between.toFixed(2)} in common, and ${within.toFixed(2)} is left between them`,
)
write(
  '\ncalibrated with one run, sources left out of the fit: median and p90 before, after any, after the most telling one',
)
for (const moe of [false, true]) {
  const groups = [
    ...groupBy(
      bySource.filter((each) => each.moe === moe),
      ({ source }) => source,
    ),
  ]
  const gains = groups
    .filter(([, left]) => left.length >= leastRuns)
    .map(([source, left]) => [source, gainOf(left.map(observed), Number(values.tries))] as const)
  const row = (name: string, figures: readonly number[]) =>
    write(`  ${name.padEnd(62)} ${figures.map(percent).join(' ')}`)
  const of = ({ before, after, chosen }: Gain) =>
    [before, after, chosen].flatMap(({ median: half, p90 }) => [half, p90])
  for (const [source, gain] of gains) row(source, of(gain))
  const means = [0, 1, 2, 3, 4, 5].map((i) => mean(gains.map(([, gain]) => of(gain)[i] as number)))
  row(`${moe ? 'MoE' : 'dense'}, mean of ${gains.length} sources`, means)
  const wide = mean(gains.map(([, { errors }]) => quantile(errors.map(distance), 0.8)))
  write(`  80 % of their runs are then within ${percent(wide)}: the width of \`own\`, squared with what else applies`)
}
