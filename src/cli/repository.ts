/** Where files stand in their repository: CI systems name them from its top. */
import { dirname, join, relative, resolve } from 'node:path'
import type { Host } from './host.ts'

type World = Pick<Host, 'cwd' | 'disk'>

/** The folder with `.git` above the user; where they stand without one. */
export function topFolder({ cwd, disk }: World): string {
  for (let level = cwd; ; level = dirname(level)) {
    if (disk.exists(join(level, '.git'))) return level
    if (level === dirname(level)) return cwd
  }
}

/** `plans/q3.yaml`, whatever folder the user stands in. What is no file (`--set #1`, stdin) keeps its name. */
export function uriFrom(host: World): (label: string) => string {
  const top = topFolder(host)
  return (label) =>
    /^(?:--set|<|catalog\/|git:)/u.test(label) || label === ''
      ? label
      : relative(top, resolve(host.cwd, label)).replaceAll('\\', '/')
}
