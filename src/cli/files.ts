/** The disk as `scenario/` may see it: below one root and in the catalog, and nothing else. */
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { type FileFault, type Files, maxFileBytes, type Reference, type SourceFile } from '../scenario/files.ts'
import { catalogFolder, catalogNames, packedEntry } from './catalog.ts'
import { disk, reasonOf } from './disk.ts'
import { bundledScenarios, type Host } from './host.ts'

export interface View {
  /** Of `--root`; without it each scenario's git top level counts, or else where the user stands. */
  readonly root?: string
  /** What the file `-` holds. */
  readonly stdin?: string
}

type World = Pick<Host, 'cwd' | 'disk' | 'scenarios'>

/** A scenario that came through a pipe stands where the user stands. */
const stdinLabel = '<stdin>'

export function scenarioFiles(view: View, host: World): Files {
  // What a file extends is confined to the root of the scenario that began the chain.
  const roots = new Map<string, string>()
  // What ships with the program does not change while it runs, and many scenarios name the same entries.
  const entries = new Map<string, SourceFile | FileFault>()
  return {
    catalog: () => catalogNames(host).filter((name) => name.includes('/')),
    open: (reference) => {
      if (reference.kind === 'catalog') return openOnce(reference.name, entries, host)
      if (reference.from === undefined && reference.path === '-') return openStdin(view, host, roots)
      return openFile(reference, view, host, roots)
    },
  }
}

/** The real disk, seen from one folder: for programs and tests that call `readScenario` themselves. */
export function nodeFiles(cwd: string): Files {
  return scenarioFiles({}, { cwd, disk, scenarios: bundledScenarios })
}

function openOnce(name: string, entries: Map<string, SourceFile | FileFault>, host: World): SourceFile | FileFault {
  const opened = entries.get(name) ?? openEntry(name, host)
  entries.set(name, opened)
  return opened
}

function openEntry(name: string, host: World): SourceFile | FileFault {
  const folder = catalogFolder(host)
  const opened = read(join(folder, `${name}.yaml`), folder, `catalog/${name}.yaml`, host)
  const packed = 'id' in opened ? packedEntry(name, host) : undefined
  return packed ? { ...opened, packed } : opened
}

function openStdin(view: View, host: World, roots: Map<string, string>): SourceFile {
  const id = join(host.cwd, stdinLabel)
  roots.set(id, rootOf(id, view, host))
  return { id, label: stdinLabel, text: view.stdin ?? '' }
}

type FileReference = Extract<Reference, { readonly kind: 'file' }>

function openFile({ path, from }: FileReference, view: View, host: World, roots: Map<string, string>) {
  const wanted = resolve(from === undefined ? host.cwd : dirname(from), path)
  const inherited = from === undefined ? undefined : roots.get(from)
  const root = inherited ?? rootOnce(wanted, view, host, roots)
  const label = near(wanted, host)
  // Before the disk is asked, so that an answer does not tell what exists elsewhere.
  if (inherited !== undefined && !within(root, wanted)) return outside(label, root, host)
  const opened = read(wanted, root, label, host)
  if ('id' in opened) roots.set(opened.id, root)
  return opened
}

/** All scenarios of a folder have one root; it is kept under the name of the folder. */
function rootOnce(file: string, view: View, host: World, roots: Map<string, string>): string {
  const folder = `${dirname(file)}/`
  const root = roots.get(folder) ?? rootOf(file, view, host)
  roots.set(folder, root)
  return root
}

/** Links are followed first: a link that leads out is out. */
function read(path: string, root: string, label: string, host: World): SourceFile | FileFault {
  const { disk } = host
  try {
    const id = disk.realpath(path)
    if (!within(disk.realpath(root), id)) return outside(label, root, host)
    if (!disk.isFile(id)) return { fault: 'unreadable', file: label, reason: 'it is not a plain file' }
    const bytes = disk.bytes(id)
    if (bytes > maxFileBytes) return { fault: 'too-large', file: label, bytes }
    return { id, label, text: disk.read(id) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { fault: 'missing', file: label }
    return { fault: 'unreadable', file: label, reason: reasonOf(error) }
  }
}

function outside(label: string, root: string, host: World): FileFault {
  return { fault: 'outside', file: label, root: near(root, host) }
}

function within(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

/** Links of the folder are followed, those of the file are not: it is the file that may not lead out. */
function rootOf(file: string, { root }: View, { cwd, disk }: World): string {
  if (root !== undefined) return realpathIfAny(resolve(cwd, root), disk)
  const folder = realpathIfAny(dirname(file), disk)
  for (let level = folder; ; level = dirname(level)) {
    if (disk.exists(join(level, '.git'))) return level
    if (level === dirname(level)) break
  }
  const here = realpathIfAny(cwd, disk)
  return within(here, folder) ? here : folder
}

const realpathIfAny = (path: string, disk: World['disk']): string => (disk.exists(path) ? disk.realpath(path) : path)

/** As the reader would write it from where they are. */
function near(path: string, { cwd }: World): string {
  const way = relative(cwd, path) || '.'
  return way.length < path.length ? way : path
}
