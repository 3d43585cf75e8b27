/**
 * Every way a user can be wrong, through the front door: one broken file for each row of the table of problems, the
 * words that are printed, exit 2 and an empty stdout. A file may say `# --set path=value` in its first line.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { problems } from '../../src/base/problems.ts'
import { clusterwise, inFolder } from '../support/host.ts'

const folder = 'tests/golden/problems'
const cases = readdirSync(join(import.meta.dirname, 'problems'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace('.yaml', ''))

/** `units/bare-number` is shown by `units-bare-number.yaml`. */
const codeOf = (name: string): string => name.replace('-', '/')

const settings = (name: string): readonly string[] => {
  const text = readFileSync(join(import.meta.dirname, 'problems', `${name}.yaml`), 'utf8')
  const said = /^# --set (.*)$/mu.exec(text)?.[1]
  return said === undefined ? [] : ['--set', said]
}

test.each(cases)('%s', async (name) => {
  const argv = ['run', `${folder}/${name}.yaml`, ...settings(name)]
  const { code, out, err } = await clusterwise(argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  await expect(err).toMatchFileSnapshot(`problems/${name}.txt`)
  const { errors } = JSON.parse((await clusterwise([...argv, '--json'])).err)
  expect(errors.map((error: { code: string }) => error.code)).toEqual([codeOf(name)])
})

test('file-too-large', async () => {
  await inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'big.yaml'), `description: ${'x'.repeat(2_000_000)}\n`)
    const { code, out, err } = await clusterwise(['run', 'big.yaml'], { cwd })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    await expect(err).toMatchFileSnapshot('problems/file-too-large.txt')
  })
})

test('every problem has a broken file, and every broken file a problem', () => {
  const shown = [...cases, 'file-too-large'].map(codeOf)
  expect(shown.toSorted()).toEqual(Object.keys(problems).toSorted())
})
