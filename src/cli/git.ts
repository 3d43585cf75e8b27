/**
 * Files as they were at a git revision. The only place that starts another program: git, with fixed arguments. Revision and
 * paths come from the command line; nothing of a scenario reaches git.
 */
import { execFileSync } from 'node:child_process'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { type FileFault, type Files, maxFileBytes, type SourceFile } from '../scenario/files.ts'
import { UsageError } from './exit.ts'
import { scenarioFiles } from './files.ts'
import { among } from './globs.ts'
import type { Host } from './host.ts'

type World = Pick<Host, 'cwd' | 'env' | 'disk' | 'scenarios'>
type Standpoint = Pick<Host, 'cwd' | 'env'>

/** All scenario files of a revision together may have this much. */
const mostBytes = 256e6

/** No fetch of missing objects, no prompt, no lock, no pager; `cat-file` runs no filter of the repository. */
const calm = { GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }

function git({ cwd, env: { PATH, HOME } }: Standpoint, words: readonly string[], input = ''): Buffer {
  const env = { PATH, HOME, ...calm }
  return execFileSync('git', ['-c', 'core.fsmonitor=false', '-c', 'protocol.allow=never', ...words], {
    cwd,
    env,
    input,
    maxBuffer: mostBytes * 2,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  })
}

/** Top of the work tree that holds the folder; undefined outside of one, or without git. */
export function topOf(host: Standpoint): string | undefined {
  try {
    return git(host, ['rev-parse', '--show-toplevel']).toString('utf8').trim()
  } catch {
    return undefined
  }
}

const nowhere = (revision: string): UsageError =>
  new UsageError(`git:${revision} needs a git repository, and here is none`, 'name a file instead')

interface Blob {
  readonly oid: string
  readonly bytes: number
  readonly plain: boolean
}

/** The catalog is that of this program; all else comes from the revision. Paths are those of the work tree. */
export function filesAt(revision: string, host: World): Files {
  const top = topOf(host)
  if (top === undefined) throw nowhere(revision)
  const here = { cwd: top, env: host.env }
  const blobs = treeOf(commitOf(revision, here), here)
  const texts = textsOf(blobs, here)
  const shipped = scenarioFiles({}, host)
  return {
    catalog: shipped.catalog,
    open: (reference) => {
      if (reference.kind === 'catalog') return shipped.open(reference)
      const path = resolve(reference.from === undefined ? host.cwd : dirname(reference.from), reference.path)
      return open(path, `git:${revision}:`, { top, blobs, texts })
    },
  }
}

/** Plans of a revision that a file name, a folder or a pattern stands for, as seen from where the user stands. */
export function namesAt(revision: string, pattern: string, host: World): readonly string[] {
  const top = topOf(host)
  if (top === undefined) throw nowhere(revision)
  const here = { cwd: top, env: host.env }
  const names = [...treeOf(commitOf(revision, here), here).keys()]
  const found = among(
    names.map((name) => relative(host.cwd, resolve(top, name)).replaceAll('\\', '/')),
    pattern,
  )
  if (found.length > 0) return found
  throw new UsageError(`git:${revision} has no plan ${pattern}`, 'paths count from where you stand, as without git')
}

function commitOf(revision: string, here: Standpoint): string {
  try {
    return git(here, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])
      .toString('utf8')
      .trim()
  } catch {
    throw new UsageError(
      `git knows no revision "${revision}" here`,
      'in CI fetch it first: actions/checkout with fetch-depth: 0',
    )
  }
}

/** "mode type oid size\tpath\0" for every file. */
function treeOf(commit: string, here: Standpoint): ReadonlyMap<string, Blob> {
  const lines = git(here, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit]).toString('utf8').split('\0')
  return new Map(
    lines.flatMap((line) => {
      const match = /^(\d+) blob ([0-9a-f]+) +(\d+)\t(.*\.ya?ml)$/su.exec(line)
      if (!match) return []
      const [, mode, oid = '', bytes, path = ''] = match
      return [[path, { oid, bytes: Number(bytes), plain: mode !== '120000' }] as const]
    }),
  )
}

/** All in one go: a process for each file costs milliseconds. */
function textsOf(blobs: ReadonlyMap<string, Blob>, here: Standpoint): ReadonlyMap<string, string> {
  const wanted = [
    ...new Set([...blobs.values()].filter(({ bytes, plain }) => plain && bytes <= maxFileBytes).map(({ oid }) => oid)),
  ]
  const output = git(here, ['cat-file', '--batch'], wanted.map((oid) => `${oid}\n`).join(''))
  const texts = new Map<string, string>()
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at)
    const [oid = '', , size] = output.toString('utf8', at, end).split(' ')
    const bytes = Number(size)
    if (!Number.isInteger(bytes)) break
    texts.set(oid, output.toString('utf8', end + 1, end + 1 + bytes))
    at = end + 1 + bytes + 1
  }
  return texts
}

interface Revision {
  readonly top: string
  readonly blobs: ReadonlyMap<string, Blob>
  readonly texts: ReadonlyMap<string, string>
}

function open(path: string, prefix: string, { top, blobs, texts }: Revision): SourceFile | FileFault {
  const inside = relative(top, path).replaceAll('\\', '/')
  const label = `${prefix}${inside}`
  if (inside.startsWith('..') || isAbsolute(inside)) return { fault: 'outside', file: path, root: top }
  const blob = blobs.get(inside)
  if (!blob) return { fault: 'missing', file: label }
  if (!blob.plain) return { fault: 'unreadable', file: label, reason: 'it is a link' }
  if (blob.bytes > maxFileBytes) return { fault: 'too-large', file: label, bytes: blob.bytes }
  return { id: path, label, text: texts.get(blob.oid) ?? '' }
}
