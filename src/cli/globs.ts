/** `plans/*.yaml` where no shell has expanded it, and folders: names of scenario files, sorted. */
import { join } from 'node:path'
import { UsageError } from './exit.ts'
import type { Host } from './host.ts'

type World = Pick<Host, 'cwd' | 'disk'>

const magic = /[*?{[]/u
const isYaml = (name: string): boolean => /\.ya?ml$/u.test(name)

/** A repository of plans has hundreds of files; a pattern that walks further was meant otherwise. */
const mostVisited = 50_000
const deepest = 16

/** Each name once, in the order given; those of one pattern are sorted. `-` and names of files stay as they are. */
export function expand(patterns: readonly string[], host: World): readonly string[] {
  return [...new Set(patterns.flatMap((pattern) => filesOf(pattern, host)))]
}

function filesOf(pattern: string, host: World): readonly string[] {
  if (pattern === '-') return [pattern]
  const path = join(host.cwd, pattern)
  const there = host.disk.exists(pattern.startsWith('/') ? pattern : path)
  if (there && host.disk.isFile(absolute(pattern, host))) return [pattern]
  if (!there && !magic.test(pattern)) return [pattern]
  const found = walk(there ? `${pattern.replace(/\/+$/u, '')}/**/*.{yaml,yml}` : pattern, host)
  if (found.length === 0)
    throw new UsageError(
      `no file matches ${pattern}`,
      'quote patterns that the shell should not touch; ** stands for any folders',
    )
  return found
}

const absolute = (path: string, { cwd }: World): string => (path.startsWith('/') ? path : join(cwd, path))

function walk(pattern: string, host: World): readonly string[] {
  const parts = pattern.split('/')
  // The part before the first pattern is a folder to start from.
  const first = parts.findIndex((part) => magic.test(part))
  const start = parts.slice(0, first).join('/')
  const visited = { count: 0 }
  const found = descend(start, parts.slice(first), { host, visited, depth: 0 })
  return [...new Set(found)].filter(isYaml).sort()
}

/** The same among names that are known: those of a git revision. */
export function among(names: readonly string[], pattern: string): readonly string[] {
  const bare = pattern.replace(/^\.\//u, '').replace(/\/+$/u, '')
  if (names.includes(bare)) return [bare]
  const parts = (magic.test(bare) ? bare : bare === '.' ? '**/*' : `${bare}/**/*`).split('/')
  return names.filter((name) => isYaml(name) && fits(name.split('/'), parts)).toSorted()
}

function fits(path: readonly string[], [part, ...rest]: readonly string[]): boolean {
  const [step, ...steps] = path
  if (part === undefined) return step === undefined
  if (part === '**') return fits(path, rest) || (step !== undefined && fits(steps, [part, ...rest]))
  return step !== undefined && expressionOf(part).test(step) && fits(steps, rest)
}

interface Walk {
  readonly host: World
  readonly visited: { count: number }
  readonly depth: number
}

function descend(folder: string, [part, ...rest]: readonly string[], walking: Walk): readonly string[] {
  if (part === undefined || walking.depth > deepest) return []
  const { host, visited } = walking
  const entries = host.disk
    .list(absolute(folder === '' ? '.' : folder, host))
    .filter((name) => !name.startsWith('.') && name !== 'node_modules')
  visited.count += entries.length
  if (visited.count > mostVisited)
    throw new UsageError('this pattern leads through too many files', 'begin it with the folder of the plans')
  const within = (name: string) => (folder === '' ? name : folder === '/' ? `/${name}` : `${folder}/${name}`)
  const deeper = { ...walking, depth: walking.depth + 1 }
  const isFile = (name: string) => host.disk.isFile(absolute(within(name), host))
  if (part === '**') {
    const below = entries
      .filter((name) => !isFile(name))
      .flatMap((name) => descend(within(name), [part, ...rest], deeper))
    return [...descend(folder, rest, walking), ...below]
  }
  const matches = entries.filter((name) => expressionOf(part).test(name))
  if (rest.length === 0) return matches.filter(isFile).map(within)
  return matches.filter((name) => !isFile(name)).flatMap((name) => descend(within(name), rest, deeper))
}

/** One part of a path: `*`, `?`, `[a-c]`, `{a,b}`. */
function expressionOf(part: string): RegExp {
  const source = part
    .replace(/[.+^$()|\\]/gu, '\\$&')
    .replace(/\*+/gu, '[^/]*')
    .replace(/\?/gu, '[^/]')
  const grouped = source.replace(/\{([^{}]*)\}/gu, (_, inner: string) => `(?:${inner.split(',').join('|')})`)
  try {
    return new RegExp(`^${grouped.replace(/\[!/gu, '[^')}$`, 'u')
  } catch {
    throw new UsageError(`${part} is no pattern`, 'close every bracket: plans/{q3,q4}.yaml, plans/[a-m]*.yaml')
  }
}
