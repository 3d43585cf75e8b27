/** The README tells the truth: its commands run, and the output it shows is theirs. `npx vitest run tests/readme.test.ts --update=all` renews it. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clusterwise, inFolder, repo } from './support/host.ts'
import { baseline } from './validation/committed.ts'

const readme = readFileSync(join(repo, 'README.md'), 'utf8')

/** A fenced block: ```sh holds commands, ```console a command after `$ ` and its output. */
const fences = /^```(sh|console|yaml)\n([\s\S]*?)^```$/gm

async function shown(line: string, cwd: string): Promise<string> {
  const { code, out, err } = await clusterwise(line.split(' ').slice(1), { cwd, env: {} })
  expect({ line, code, err: code === 0 ? '' : err }).toEqual({ line, code: 0, err: '' })
  return out
}

const commandsOf = (block: string): readonly string[] =>
  block.split('\n').filter((line) => line.startsWith('clusterwise '))

test('every command of the README runs', async () => {
  await inFolder(async (cwd) => {
    cpSync(join(repo, 'scenarios/examples'), join(cwd, 'scenarios/examples'), { recursive: true })
    const blocks = [...readme.matchAll(fences)].filter(([, kind]) => kind === 'sh').map(([, , block = '']) => block)
    const commands = blocks.flatMap(commandsOf)
    expect(commands.length).toBeGreaterThan(1)
    for (const command of commands) await shown(command, cwd)
  })
}, 180_000)

test('the scenario of the README runs', async () => {
  const yaml = [...readme.matchAll(fences)].find(([, kind]) => kind === 'yaml')?.[2] ?? ''
  await inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'plan.yaml'), yaml)
    expect(await shown('clusterwise run plan.yaml', cwd)).not.toBe('')
  })
})

/** A block that ends with `…` shows as many lines of the output as it has; any other shows all. */
function excerpt(block: string, output: string): string {
  const [command = '', ...shownLines] = block.trimEnd().split('\n')
  const lines = output.trimEnd().split('\n')
  const cut = shownLines.at(-1)?.trim() === '…'
  return [command, ...(cut ? [...lines.slice(0, shownLines.length - 1), '  …'] : lines)].join('\n')
}

test('the output in the README is the output', async () => {
  let renewed = readme
  for (const [fence, kind, block = ''] of readme.matchAll(fences)) {
    if (kind !== 'console') continue
    const command = (block.split('\n')[0] ?? '').replace(/^\$ /, '')
    const output = await shown(command, repo)
    renewed = renewed.replace(fence, () => `\`\`\`console\n${excerpt(block, output)}\n\`\`\``)
  }
  renewed = renewed.replace(/(?<=<!-- accuracy -->\n)[^#]*/, `${accuracyLine()}\n\n`)
  await expect(renewed).toMatchFileSnapshot('../README.md')
}, 60_000)

function accuracyLine(): string {
  const { all, dense, moe } = baseline()
  const percent = (share: number | null): string => `${(100 * (share ?? Number.NaN)).toFixed(1)} %`
  return (
    `Over ${all.runs} published runs of ${dense.sources + moe.sources} sources the step time of dense models is off ` +
    `by ${percent(dense.median)} (p90 ${percent(dense.p90)}), of mixtures of experts by ${percent(moe.median)} ` +
    `(p90 ${percent(moe.p90)}), means over the sources of the median error; memory by ${percent(all.memory_median)}. ` +
    'The sustained rates of each GPU and the constants of the host were fitted to such runs; shapes, schedules, ' +
    'traffic and memory follow from the documents alone. [Source by source, and with whole sources left ' +
    'out](tests/validation/README.md).'
  )
}
