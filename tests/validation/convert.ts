/**
 * Rows of the data set of published runs (JSON, one a line, on stdin) → scenarios with a `measured:` block (NDJSON, on
 * stdout), for `clusterwise validate`. A row that cannot be expressed comes out with the reason, never not at all.
 */
import { text } from 'node:stream/consumers'
import type { Row } from './convert/row.ts'
import { scenarioOf } from './convert/scenario.ts'

for (const line of (await text(process.stdin)).split('\n')) {
  if (line.trim() !== '') process.stdout.write(`${JSON.stringify(scenarioOf(JSON.parse(line) as Row))}\n`)
}
