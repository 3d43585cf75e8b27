/**
 * `npm run fuzz`: a million inputs and more. `npm run fuzz -- --inputs 100000 --seed 7`. Ends with 1 where one of them
 * crashed or took longer than a second, and prints it.
 */
import { parseArgs } from 'node:util'
import { problems } from '../src/base/problems.ts'
import { campaign } from '../tests/support/fuzz/campaign.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]

const start = performance.now()
const secondsSince = (): number => (performance.now() - start) / 1000
let said = 0
const progress = (done: number): void => {
  if (secondsSince() < said + 10) return
  said = secondsSince()
  process.stderr.write(
    `  ${done.toLocaleString('en')} of ${inputs.toLocaleString('en')}, ${Math.round(done / said)} a second\n`,
  )
}

const { byKind, failures, slowest, slowestMilliseconds, codes, answered } = await campaign({ seed, inputs, progress })
const seconds = secondsSince()
const unmet = Object.keys(problems).filter((code) => !codes.has(code))
const shown = failures
  .slice(0, 10)
  .map(({ kind, index, words, input }) => `${kind} #${index}: ${words}\n${input.slice(0, 2000)}\n`)

process.stdout.write(
  [
    ...shown,
    `seed              ${seed}`,
    `inputs            ${inputs.toLocaleString('en')} in ${Math.round(seconds)} s, ${Math.round(inputs / seconds)} a second`,
    ...Object.entries(byKind).map(([kind, count]) => `  ${kind.padEnd(16)}${count.toLocaleString('en')}`),
    `answered          ${answered.toLocaleString('en')}; the rest refused with a problem`,
    `crashes and hangs ${failures.length}`,
    `slowest           ${slowestMilliseconds.toFixed(0)} ms (${slowest})`,
    `problem codes     ${codes.size} of ${Object.keys(problems).length}; not met: ${unmet.join(', ') || 'none'}`,
    '',
  ].join('\n'),
)
process.exitCode = failures.length > 0 ? 1 : 0
