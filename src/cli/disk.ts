/** Files, as plain functions: what is read, and what is written whole or not at all. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pid } from 'node:process'
import { UsageError } from './exit.ts'
import type { Host } from './host.ts'

export interface Disk {
  read(path: string): string
  exists(path: string): boolean
  realpath(path: string): string
  isFile(path: string): boolean
  bytes(path: string): number
  /** Names in a folder, sorted; none when there is no such folder. */
  list(folder: string): readonly string[]
  /** With all folders above it, where they are not there yet. */
  makeFolder(path: string): void
  /** The old text or the new one is there, never half of it. */
  write(path: string, text: string): void
}

export const disk: Disk = {
  read: (path) => readFileSync(path, 'utf8'),
  exists: existsSync,
  realpath: realpathSync,
  isFile: (path) => statSync(path).isFile(),
  bytes: (path) => statSync(path).size,
  list: (folder) => (existsSync(folder) ? readdirSync(folder).sort() : []),
  makeFolder: (path) => void mkdirSync(path, { recursive: true }),
  write,
}

function write(path: string, text: string): void {
  const there = existsSync(path)
  // A pipe or a device (/dev/stdout) is written to; a rename would put a file in its place.
  if (there && !statSync(path).isFile()) writeFileSync(path, text)
  else replace(there ? realpathSync(path) : path, text)
}

function replace(target: string, text: string): void {
  const draft = join(dirname(target), `.${basename(target)}.${pid}.tmp`)
  try {
    writeFileSync(draft, text)
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
}

/** Why the disk refused, in words. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return reasons[code] ?? (error as Error).message
}

/** Writing to a place that cannot be written is a mistake in the command, not in the program. */
export function save(path: string, text: string, { cwd, disk: target }: Pick<Host, 'cwd' | 'disk'>): void {
  try {
    target.write(resolve(cwd, path), text)
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`, 'check that the folder exists and may be written')
  }
}
