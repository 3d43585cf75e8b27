/**
 * Measured primitives against their prices: `npx tsx scripts/primitives.ts gemm.jsonl collectives.jsonl [--worst 10]`.
 * `--sample N` prints N rows of each GPU and operation instead, spread over the sizes: those that are committed.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { errorOf, type Priced, type PrimitiveRow, priceRow, primitiveFigures } from '../tests/validation/primitives.ts'
import { groupBy } from './runs.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { worst: { type: 'string', default: '0' }, sample: { type: 'string' } },
})
if (positionals.length === 0)
  throw new Error('Say which rows: npx tsx scripts/primitives.ts gemm.jsonl collectives.jsonl')

const lines = positionals.flatMap((path) => readFileSync(path, 'utf8').trim().split('\n'))
const priced = lines.map((line) => JSON.parse(line) as PrimitiveRow).flatMap((row) => priceRow(row) ?? [])
const write = (line: string) => process.stdout.write(`${line}\n`)
const percent = (value: number) => `${(100 * value).toFixed(1)} %`.padStart(9)

function sample(most: number): void {
  for (const group of groupBy(priced, ({ gpu, operation }) => `${gpu}\n${operation}`).values()) {
    const sorted = group.toSorted((a, b) => a.measuredSeconds - b.measuredSeconds)
    const count = Math.min(most, sorted.length)
    for (let i = 0; i < count; i++) write(written(sorted[Math.floor((i * sorted.length) / count)] as Priced))
  }
}

/** Without what nobody reads again. */
function written({ row }: Priced): string {
  const unread = [
    'notes',
    'verified',
    'pct_of_peak',
    'theory_tflops',
    'algbw_GBps',
    'inplace_busbw_GBps',
    'library',
    'derived',
    'device_key',
    'dtype_key',
    'mem_GBps',
  ]
  return JSON.stringify(
    Object.fromEntries(Object.entries(row).filter(([key, value]) => !unread.includes(key) && value !== null)),
  )
}

function table(): void {
  write(`${lines.length} rows, ${priced.length} priced; error of the time, above 0 too slow: n, bias, median, p90`)
  for (const { gpu, operation, runs, bias, median, p90 } of primitiveFigures(priced))
    write(
      `  ${gpu.padEnd(12)} ${operation.padEnd(40)} ${String(runs).padStart(5)} ${percent(bias)} ${percent(median)} ${percent(p90)}`,
    )
  const worst = priced.toSorted((a, b) => Math.abs(Math.log1p(errorOf(b))) - Math.abs(Math.log1p(errorOf(a))))
  for (const each of worst.slice(0, Number(values.worst))) write(`  ${percent(errorOf(each))} ${written(each)}`)
}

if (values.sample) sample(Number(values.sample))
else table()
