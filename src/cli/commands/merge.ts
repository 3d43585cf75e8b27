/** `merge`: the parts of a sweep as one table. */
import { resolve } from 'node:path'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import type { Host } from '../host.ts'
import { Spool } from '../spool.ts'
import { sheetFormatOf, writeTable } from '../tables.ts'

export interface MergeOptions {
  readonly output?: readonly string[]
  readonly quiet?: boolean
}

export async function merge(names: readonly string[], options: MergeOptions, host: Host): Promise<ExitCode> {
  const parts = names.map((name) => ({ name, part: Spool.open(resolve(host.cwd, name)) }))
  const inOrder = parts.toSorted(({ part: { head: a } }, { part: { head: b } }) => a.from - b.from || a.to - b.to)
  checkWhole(inOrder)
  const [output = ''] = options.output ?? []
  const format = sheetFormatOf(output)
  if (format === undefined || format === 'part')
    throw new UsageError('merge writes one table', 'such as -o sweep.parquet, .csv or .ndjson')
  await writeTable(
    resolve(host.cwd, output),
    format,
    inOrder.map(({ part }) => part),
  )
  for (const { part } of parts) part.close()
  if (!options.quiet) host.stderr.write(`wrote ${output}\n`)
  return exit.answered
}

interface Named {
  readonly name: string
  readonly part: Spool
}

/** All of one sweep, each row once. */
function checkWhole(parts: readonly Named[]): void {
  let next = 0
  for (const { name, part } of parts) {
    const { key, from, to } = part.head
    if (key !== parts[0]?.part.head.key)
      throw new UsageError(
        `${name} is of another sweep than ${parts[0]?.name}`,
        'the scenario or the options have changed: run its shard again',
      )
    if (from < next) throw new UsageError(`${name} has rows that another part has too`, 'name each shard once')
    if (from > next)
      throw new UsageError(`rows ${next} to ${from - 1} are missing before ${name}`, 'run the shard that has them')
    next = to
  }
  const count = parts[0]?.part.head.count ?? 0
  if (next < count) throw new UsageError(`rows ${next} to ${count - 1} are missing`, 'run the shards that have them')
}
