/** Rows of the data set as scenarios in memory, for the scripts that fit and judge. */
import { readFileSync } from 'node:fs'
import { disk } from '../src/cli/disk.ts'
import { readDocuments } from '../src/cli/documents.ts'
import { scenarioFiles } from '../src/cli/files.ts'
import { bundledScenarios } from '../src/cli/host.ts'
import { type Loaded, readScenario } from '../src/scenario/read.ts'
import { type Row, type Section, yearOf } from '../tests/validation/convert/row.ts'
import { scenarioOf } from '../tests/validation/convert/scenario.ts'
import { stackOf } from '../tests/validation/convert/stack.ts'

/** Documented, with a speed, and nobody doubts it. */
export function readRows(path: string): readonly Row[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Row).filter((row) => row.trust !== 'C' && !row.suspect && row.measured)
}

export function groupBy<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const each of all) {
    const group = groups.get(keyOf(each))
    if (group) group.push(each)
    else groups.set(keyOf(each), [each])
  }
  return groups
}

export const sourceOf = (row: Row): string => `${row.source_key ?? 'unnamed'}${row.model?.moe ? ' (MoE)' : ''}`

/** At most so many of each source, spread over it: large sweeps are full of near-twins. */
export function thinned(rows: readonly Row[], most: number): readonly Row[] {
  return [...groupBy(rows, sourceOf).values()].flatMap((all) =>
    Array.from(
      { length: Math.min(all.length, most) },
      (_, i) => all[Math.floor((i * all.length) / Math.min(all.length, most))] as Row,
    ),
  )
}

export const stackNameOf = (row: Row): string => stackOf(row, { inferred: [], notes: [], unsupported: [] })

/** As if nobody had told us of its framework: what was typical of its year, and what the row documents. */
export function withoutStack(row: Row): Section {
  const scenario = scenarioOf(row)
  const unnamed = { ...row, framework: 'unnamed', release: null, year: yearOf(row) - 0.5 }
  const own = stackNameOf(row)
  const typical = stackNameOf(unnamed)
  const names = scenario['extends'] as readonly string[]
  return { ...scenario, extends: names.map((name) => (name === own ? typical : name)) }
}

const world = { cwd: process.cwd(), disk, scenarios: bundledScenarios }

/** Undefined where it cannot be predicted. One `Files` for all, so that entries of the catalog are parsed once. */
export function loaderOf(scenarios: readonly Section[], sets: readonly string[] = []): readonly (Loaded | undefined)[] {
  const stdin = scenarios.map((scenario) => JSON.stringify(scenario)).join('\n')
  const { documents, files } = readDocuments(['-'], scenarioFiles({ stdin }, world), world)
  return documents.map(({ path }) => {
    try {
      const loaded = readScenario(path, files, { sets })
      return loaded.measured?.unsupported ? undefined : loaded
    } catch {
      return undefined
    }
  })
}
