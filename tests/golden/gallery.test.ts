/** The gallery: each bundled example in each format, as a visitor sees it at 100 columns without colour. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { remedies } from '../../src/check/remedy.ts'
import { nodeFiles } from '../../src/cli/files.ts'
import { Players } from '../../src/engine/schedule/players.ts'
import { simulate } from '../../src/engine/simulate.ts'
import { composeRun } from '../../src/report/compose/run.ts'
import { type Format, render } from '../../src/report/render/render.ts'
import { plainTheme, type Report } from '../../src/report/report.ts'
import { readScenario } from '../../src/scenario/read.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = readdirSync(join(root, 'scenarios/examples')).filter((name) => name.endsWith('.yaml'))
const extensions = { text: 'txt', json: 'json', csv: 'csv', markdown: 'md' } as const satisfies Partial<
  Record<Format, string>
>
const tool = { name: 'clusterwise', version: '0.0.0' }

function reportOn(file: string): Report {
  const loaded = readScenario(`scenarios/examples/${file}`, nodeFiles(root), { sets: [] })
  const simulation = simulate(loaded.job, loaded.strategy)
  return composeRun({ loaded, simulation, remedies: remedies(simulation, new Players()), tool })
}

/** The last digits may differ between machines: what is kept for programs is compared to four. */
function rounded(text: string): string {
  return text.replace(/(?<![\w.-])-?\d+\.\d+(e[+-]?\d+)?(?![\w.])/g, (number) =>
    String(Number(Number(number).toPrecision(4))),
  )
}

describe.each(examples)('%s', (file) => {
  const report = reportOn(file)
  const name = basename(file, '.yaml')

  test.each(Object.entries(extensions))('%s', async (format, extension) => {
    const drawn = render([report], format as Format, plainTheme(100, true))
    const kept = format === 'json' || format === 'csv' ? rounded(drawn) : drawn
    await expect(kept).toMatchFileSnapshot(`out/${name}.${extension}`)
  })
})
