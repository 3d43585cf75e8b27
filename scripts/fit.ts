/**
 * Fits the sustained rates of the catalog to published runs: `npx tsx scripts/fit.ts runs.jsonl [--leave-out KEY]…
 * [--most 60] [--set path=value]…` (a constant of the engine to try). One number per GPU and datatype, and per GPU and attention kernel, from published benchmarks towards whole
 * sources: what is made small is the mean over sources of the median error, with a share of its 90th percentile.
 * Deterministic. Prints each rate, the sources used, and the error on those left out. It edits nothing.
 */
import { parseArgs } from 'node:util'
import { mean, median, quantile } from '../src/validation/statistics.ts'
import { catalogRates, errorOf, type Factors, prior, type Run, readRuns, refit } from './rates.ts'
import { groupBy } from './runs.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'leave-out': { type: 'string', multiple: true, default: [] },
    most: { type: 'string', default: '60' },
    set: { type: 'string', multiple: true, default: [] },
  },
})
const write = (line: string) => process.stdout.write(`${line}\n`)
const percent = (x: number) => `${(100 * x).toFixed(1)} %`.padStart(8)

const [path] = positionals
if (!path) throw new Error('Say which runs: npx tsx scripts/fit.ts runs.jsonl')
const runs = readRuns(path, Number(values.most), values.set)
const leftOut = ({ source }: Run) => values['leave-out'].some((key) => source.includes(key))
const used = runs.filter((run) => !leftOut(run))
const fits = new Map(
  [...catalogRates.keys()].map((gpu) => [
    gpu,
    refit(
      used.filter((run) => run.gpu === gpu),
      prior(gpu),
    ),
  ]),
)

write(`${used.length} runs of ${new Set(used.map(({ source }) => source)).size} sources`)
write('\nrates: in the catalog, by benchmarks, fitted')
for (const [gpu, rates] of catalogRates)
  for (const [name, rate] of rates) {
    const of = (factors: Factors) => (rate * Math.exp(factors[name] ?? 0)).toFixed(3)
    write(`  ${`${gpu} / ${name}`.padEnd(36)} ${rate.toFixed(3)} ${of(prior(gpu))} ${of(fits.get(gpu) as Factors)}`)
  }

function figures(title: string, of: readonly Run[]): void {
  write(`\n${title}: n, bias, median, p90`)
  const rows = [...groupBy(of, ({ source }) => source)].map(([source, group]) => {
    const errors = group.map((run) => errorOf(run.own, fits.get(run.gpu) as Factors))
    const sizes = errors.map(Math.abs)
    return {
      source,
      moe: group[0]?.moe ?? false,
      n: group.length,
      bias: median(errors),
      middle: median(sizes),
      p90: quantile(sizes, 0.9),
    }
  })
  for (const [name, kind] of [
    ['dense', rows.filter(({ moe }) => !moe)],
    ['MoE', rows.filter(({ moe }) => moe)],
  ] as const)
    write(
      `  ${name}: mean of medians ${percent(mean(kind.map(({ middle }) => middle)))}, of p90 ${percent(mean(kind.map((row) => row.p90)))}`,
    )
  for (const { source, n, bias, middle, p90 } of rows.toSorted((a, b) => a.middle - b.middle))
    write(`  ${source.padEnd(64)} ${String(n).padStart(4)} ${percent(bias)} ${percent(middle)} ${percent(p90)}`)
}

figures('fitted', used)
if (runs.some(leftOut)) figures('left out', runs.filter(leftOut))
