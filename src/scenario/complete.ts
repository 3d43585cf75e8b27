/** What a whole scenario must say once everything is composed. Each key with an example for the message. */
import { type Path, type Problem, problem } from '../base/problem.ts'
import { keysAt } from './describe.ts'
import { nameOf } from './issues.ts'
import { follow, type Tree } from './tree.ts'

const required = {
  cluster: { gpus: '1024' },
  'cluster.gpu': { multiprocessors: '132', tdp: '700 W', reserved: '1 GB' },
  'cluster.gpu.hbm': { capacity: '80 GB', bandwidth: '3.35 TB/s' },
  'cluster.gpu.sustained': { memory: '0.9' },
  model: { layers: '32', hidden: '4096', heads: '32', vocabulary: '128256' },
  training: { sequence_length: '8192', global_batch: '512' },
  software: { year: '2024', step_overhead: '10 ms', contention: '0.1' },
  reliability: { failures: '2e-5 /h', checkpoint: '30 s', restart: '10 min' },
  economics: { pue: '1.2', energy_price: '0.08 USD/kWh' },
} as const satisfies Record<string, Readonly<Record<string, string>>>

/** Asked of the tree and not of the parsed scenario, so that it is reported beside what cannot be parsed. */
export function missingKeys(tree: Tree, meant: ReadonlySet<string> = new Set()): readonly Problem[] {
  needed ??= Object.entries({ ...required, calibration: constants() }).map(needOf)
  return needed.flatMap(({ section, name, examples }) => {
    const said = entriesAt(tree, section)
    const asked = examples.filter(([key]) => name !== 'model' || key !== 'heads' || attends(said))
    const missing = asked.filter(([key]) => !says(said, key) && !meant.has(`${name}.${key}`))
    return missing.length > 0 ? [missingProblem(section, missing)] : []
  })
}

/** A model of other layers alone has no heads. */
function attends(model: Entries | undefined): boolean {
  const said = model?.get('pattern')?.tree
  return said?.kind !== 'leaf' || typeof said.value !== 'string' || said.value.includes('*')
}

interface Need {
  readonly name: string
  readonly section: Path
  readonly examples: readonly Example[]
}

/** Made once: a repository of plans asks for each of hundreds. */
let needed: readonly Need[] | undefined

const needOf = ([name, keys]: readonly [string, Readonly<Record<string, string>>]): Need => ({
  name,
  section: name.split('.'),
  examples: Object.entries(keys),
})

/** The catalog has them all; whoever takes one back must say another. */
function constants(): Readonly<Record<string, string>> {
  const keys = keysAt(['calibration']).filter((key) => key !== 'source')
  return Object.fromEntries(keys.map((key) => [key, '…']))
}

type Example = readonly [key: string, example: string]

/** One problem for all that a section lacks. */
export function missingProblem(section: Path, missing: readonly Example[]): Problem {
  const keys = missing.map(([key]) => `\`${key}\``)
  const examples = missing.map(([key, example]) => `\`${key}: ${example}\``)
  const path = [...section, missing[0]?.[0] ?? '']
  return problem('scenario/missing-key', path, {
    section: nameOf(section),
    keys: list(keys),
    examples: examples.join(', '),
  })
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

type Entries = Extract<Tree, { readonly kind: 'map' }>['entries']

function entriesAt(tree: Tree, section: Path): Entries | undefined {
  const found = follow(tree, section)
  return found.depth === section.length && found.tree.kind === 'map' ? found.tree.entries : undefined
}

function says(entries: Entries | undefined, key: string): boolean {
  const said = entries?.get(key)?.tree
  return said !== undefined && !(said.kind === 'leaf' && said.value === null)
}
