/** `--write best.yaml`: the winner as a scenario that extends the one that was searched. */
import { dirname, relative, resolve } from 'node:path'
import type { Simulation } from '../engine/simulation.ts'
import { strategyRecord } from '../report/compose/search/record.ts'
import type { Loaded } from '../scenario/read.ts'
import { save } from './disk.ts'
import { UsageError } from './exit.ts'
import type { Host } from './host.ts'

interface Win {
  readonly file: string
  readonly loaded: Loaded
  readonly winner: Simulation
  readonly options: { readonly set?: readonly string[]; readonly quiet?: boolean }
}

export function writeWinner(path: string, win: Win, host: Host): void {
  if (win.file === '-')
    throw new UsageError('--write extends the file that was searched, and stdin is none', 'search a file instead')
  save(path, scenarioText(path, win, host), host)
  if (!win.options.quiet) host.stderr.write(`wrote ${path}\n`)
}

function scenarioText(path: string, { file, loaded, winner, options }: Win, { cwd }: Host): string {
  const base = relative(dirname(resolve(cwd, path)), resolve(cwd, file)).replaceAll('\\', '/')
  const { parallel, training } = strategyRecord(winner.strategy) as Record<'parallel' | 'training', Section>
  const layers = winner.strategy.layersPerChunk.length > 0 ? {} : { layers_per_stage: null }
  const tree = merged(treeOf(options.set ?? []), {
    parallel: { ...parallel, ...layers },
    training: winner.strategy.recompute === 'selective' ? training : { ...training, recompute_modules: null },
  })
  return `# The best strategy that clusterwise search found for ${file.replaceAll('\n', ' ')}.
name: ${JSON.stringify(`${loaded.name}: best strategy`)}
extends: ${JSON.stringify(base.startsWith('.') ? base : `./${base}`)}

${linesOf(tree, '').join('\n')}
`
}

type Section = { readonly [key: string]: unknown }

/** `a.b=c` of the command line; the value is YAML already. */
class Verbatim {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function treeOf(sets: readonly string[]): Section {
  return sets.reduce<Section>((tree, text) => {
    const end = text.indexOf('=')
    const path = text.slice(0, end)
    if (path.includes('['))
      throw new UsageError(`--write cannot keep --set ${path}`, 'write the list into the scenario instead')
    const leaf = new Verbatim(text.slice(end + 1).trim())
    const branch = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), leaf)
    return merged(tree, branch as Section)
  }, {})
}

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Verbatim)

function merged(a: Section, b: Section): Section {
  const both = Object.entries(b).map(([key, value]) => {
    const old = a[key]
    return [key, isSection(old) && isSection(value) ? merged(old, value) : value] as const
  })
  return { ...a, ...Object.fromEntries(both) }
}

function linesOf(section: Section, indent: string): readonly string[] {
  return Object.entries(section).flatMap(([key, value]) => {
    if (isSection(value)) return [`${indent}${key}:`, ...linesOf(value, `${indent}  `)]
    const text = value instanceof Verbatim ? value.text : Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
    return [`${indent}${key}: ${text}`]
  })
}
