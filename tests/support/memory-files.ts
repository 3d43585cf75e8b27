/** Files that exist in a test only. The catalog is the bundled one, with what the test adds to it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Files, maxFileBytes } from '../../src/scenario/files.ts'

const catalogFolder = join(import.meta.dirname, '..', '..', 'scenarios', 'catalog')

export type Texts = Readonly<Record<string, string>>

/** Paths count from the root `/work`; a name without folder stands in it. */
export function memoryFiles(texts: Texts, catalog: Texts = {}): Files {
  const root = '/work'
  return {
    catalog: () => [...Object.keys(catalog), ...bundledNames()],
    open: (reference) => {
      if (reference.kind === 'catalog') return entry(reference.name, catalog)
      const id = posix.resolve(reference.from === undefined ? root : posix.dirname(reference.from), reference.path)
      const label = posix.relative(root, id)
      if (label.startsWith('..')) return { fault: 'outside', file: id, root }
      const text = texts[label]
      if (text === undefined) return { fault: 'missing', file: label }
      return text.length > maxFileBytes ? { fault: 'too-large', file: label, bytes: text.length } : { id, label, text }
    },
  }
}

function entry(name: string, catalog: Texts): ReturnType<Files['open']> {
  const label = `catalog/${name}.yaml`
  const file = join(catalogFolder, `${name}.yaml`)
  const text = catalog[name] ?? (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  return text === undefined ? { fault: 'missing', file: label } : { id: label, label, text }
}

function bundledNames(): readonly string[] {
  return readdirSync(catalogFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.replace('.yaml', ''))
}
