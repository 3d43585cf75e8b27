/** The rules of the house that no compiler checks: who imports whom, what the engine may not touch, what the repo holds. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { tool } from '../src/cli/version.ts'
import { repo } from './support/host.ts'

interface Room {
  readonly imports: readonly string[]
  /** Rooms of which it may know the types only. */
  readonly types: readonly string[]
  readonly packages: readonly string[]
}

const room = (imports: readonly string[], types: readonly string[] = [], packages: readonly string[] = []): Room => ({
  imports,
  types,
  packages,
})

const rooms: Readonly<Record<string, Room>> = {
  base: room([]),
  units: room(['base']),
  engine: room(['base'], ['units']),
  scenario: room(['base', 'units', 'engine'], [], ['zod', 'yaml']),
  growth: room(['base', 'engine', 'search'], ['units']),
  math: room(['base', 'units'], [], ['mathjs/number']),
  check: room(['base', 'units', 'engine', 'math']),
  validation: room(['base', 'units', 'engine'], ['scenario']),
  search: room(['base', 'engine']),
  sweep: room(['base', 'engine', 'scenario', 'search'], ['units']),
  report: room(['base', 'units', 'engine'], ['scenario', 'growth', 'check', 'validation', 'search', 'sweep']),
  cli: room(
    ['base', 'units', 'engine', 'scenario', 'growth', 'math', 'check', 'validation', 'search', 'sweep', 'report'],
    [],
    ['commander', 'chalk', 'hyparquet-writer', 'node:*'],
  ),
}

const pure = ['base', 'units', 'engine', 'growth', 'math', 'check', 'search', 'sweep']

interface Import {
  readonly from: string
  readonly typesOnly: boolean
}

function importsOf(code: string): readonly Import[] {
  const statements = [...code.matchAll(/^(?:import|export)\s+(?:([^'"`;]*?)\s+from\s+)?['"]([^'"]+)['"]/gm)]
  const calls = [...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)]
  return [
    ...statements.map(([, clause = '', from = '']) => ({ from, typesOnly: isTypes(clause) })),
    ...calls.map(([, from = '']) => ({ from, typesOnly: false })),
  ]
}

function isTypes(clause: string): boolean {
  if (clause.startsWith('type ')) return true
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1]?.split(',') ?? []
  const named = names.map((name) => name.trim()).filter(Boolean)
  return named.length > 0 && named.every((name) => name.startsWith('type '))
}

/** What a file of the house may not say, in words; empty when it keeps the rules. */
function trespasses(file: string, code: string): readonly string[] {
  const name = file.split('/')[1] as string
  const own = rooms[name]
  if (!own) return [`${file}: there is no room "${name}" in the table`]
  const wrong = importsOf(code).filter((found) => !allowed(file, own, found))
  const globals = pure.includes(name) ? (withoutComments(code).match(impure) ?? []) : []
  return [...wrong.map(({ from }) => `${file} imports ${from}`), ...globals.map((word) => `${file} uses ${word}`)]
}

function allowed(file: string, own: Room, { from, typesOnly }: Import): boolean {
  if (!from.startsWith('.')) return own.packages.some((name) => from === name || matchesScheme(name, from))
  const target = join(dirname(file), from).split('/')[1] as string
  return target === file.split('/')[1] || own.imports.includes(target) || (typesOnly && own.types.includes(target))
}

const matchesScheme = (name: string, from: string): boolean => name.endsWith('*') && from.startsWith(name.slice(0, -1))

const impure =
  /\b(?:Date|Math\.random|console|process|performance|crypto|fetch|globalThis|Buffer|setTimeout)\b(?!\s*[:'])/g

const withoutComments = (code: string): string =>
  code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")

const read = (path: string): string => readFileSync(join(repo, path), 'utf8')

/** All that is or would be committed. */
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: repo, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path && existsSync(join(repo, path)))

const sources = files.filter((path) => /^src\/\w+\/.*\.ts$/.test(path))

test('a room imports only what its row allows', () => {
  expect(sources.length).toBeGreaterThan(30)
  expect(sources.flatMap((file) => trespasses(file, read(file)))).toEqual([])
})

test('every room of the table exists', () => {
  for (const name of Object.keys(rooms)) expect(existsSync(join(repo, 'src', name)), name).toBe(true)
})

test.each([
  ['src/engine/planted.ts', "import { readFileSync } from 'node:fs'", 'imports node:fs'],
  ['src/engine/planted.ts', "import {\n  formatQuantity,\n} from '../units/format.ts'", 'imports ../units/format.ts'],
  ['src/engine/lower/planted.ts', "const { z } = await import('zod')", 'imports zod'],
  ['src/engine/planted.ts', "export * from '../scenario/read.ts'", 'imports ../scenario/read.ts'],
  ['src/engine/planted.ts', 'const seed = Math.random()', 'uses Math.random'],
  ['src/engine/planted.ts', 'console.log(1)', 'uses console'],
  ['src/check/planted.ts', 'const now = new Date()', 'uses Date'],
  ['src/report/planted.ts', "import chalk from 'chalk'", 'imports chalk'],
  ['src/report/planted.ts', "import { readScenario } from '../scenario/read.ts'", 'imports ../scenario/read.ts'],
  ['src/base/planted.ts', "import type { Unit } from '../units/unit.ts'", 'imports ../units/unit.ts'],
])('a trespass is seen: %s %s', (file, code, wrong) => {
  expect(trespasses(file, code)).toEqual([`${file} ${wrong}`])
})

test.each([
  ['src/engine/planted.ts', "import type { Unit } from '../units/unit.ts'"],
  ['src/report/planted.ts', "import { type Loaded, type Origin } from '../scenario/read.ts'"],
  ['src/cli/commands/planted.ts', "import { join } from 'node:path'"],
  ['src/scenario/planted.ts', "import * as z from 'zod'"],
  ['src/engine/planted.ts', "// Date, console and process are words in a comment\nconst text = 'fetch'"],
])('what is allowed passes: %s %s', (file, code) => {
  expect(trespasses(file, code)).toEqual([])
})

test('the table in src/README.md is this table', () => {
  const rows = [...read('src/README.md').matchAll(/^\| (\w+) \| ([^|]+) \| ([^|]+) \|$/gm)].slice(1)
  const words = (text: string) => (text.trim() === '–' ? [] : text.trim().split(/,\s*/))
  const written = rows.map(([, name = '', imports = '', packages = '']) => {
    const all = words(imports)
    const types = all.filter((entry) => entry.endsWith(' *(types)*')).map((entry) => entry.replace(' *(types)*', ''))
    return [
      name,
      room(
        all.filter((entry) => !entry.includes('*')),
        types,
        words(packages),
      ),
    ]
  })
  expect(Object.fromEntries(written)).toEqual(rooms)
})

test('packages are pinned to the digit, and mathjs has its two holes closed', () => {
  const { dependencies, devDependencies, version } = JSON.parse(read('package.json'))
  for (const [name, pin] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
    expect(pin, name).toMatch(/^\d+\.\d+\.\d+$/)
  }
  // CVE-2026-41139 and CVE-2026-40897: code execution through the expression parser below 15.2.0.
  const [major = 0, minor = 0] = { ...dependencies, ...devDependencies }.mathjs.split('.').map(Number)
  expect(major * 1000 + minor).toBeGreaterThanOrEqual(15_002)
  expect(tool.version).toBe(version)
})

test('nothing in the repo speaks of the machine it was written on', () => {
  // Put together here, so that this file does not speak of them either.
  const words = [
    ['', 'work', 'main'],
    ['', 'work', 'shared'],
    ['..', 'shared'],
    ['', 'root', ''],
    ['', 'home', ''],
  ]
  const wrong = files.filter((path) => /\.(ts|mjs|js|json|ya?ml|md|txt)$|^[^.]+$|^\.[\w/]+$/.test(path))
  const found = wrong.flatMap((path) => {
    const text = read(path)
    return words
      .map((parts) => parts.join('/'))
      .filter((word) => text.includes(word))
      .map((word) => `${path}: ${word}`)
  })
  expect(found).toEqual([])
  expect(read('package-lock.json')).not.toContain('"resolved"')
})

test.each(['README.md', 'src/README.md', 'CHANGELOG.md'])('links in %s resolve', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const local = links.filter((link) => !/^(https?:|#)/.test(link)).map((link) => link.replace(/#.*$/, ''))
  expect(local.filter((link) => !existsSync(join(repo, dirname(page), link)))).toEqual([])
})

test('CI runs what the README says', () => {
  expect(read('README.md')).toContain('npm ci && npm test')
  expect(read('.ci/run')).toMatch(/^npm ci$[\s\S]*^npm test$/m)
  expect(statSync(join(repo, '.ci/run')).mode & 0o111).not.toBe(0)
})
