/** `list`: what the catalog holds; for one entry, its numbers and on whose word they rest. */
import { join } from 'node:path'
import { nearest } from '../../base/nearest.ts'
import { composeList, type Entry } from '../../report/compose/list.ts'
import { render } from '../../report/render/render.ts'
import type { Report } from '../../report/report.ts'
import type { Files } from '../../scenario/files.ts'
import { catalogEntries, catalogFolder, catalogKinds, catalogNames } from '../catalog.ts'
import { composeEntry } from '../entry.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { scenarioFiles } from '../files.ts'
import { type Leaf, readFragment } from '../fragment.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { tool } from '../version.ts'

export function list(name: string | undefined, options: OutputOptions, host: Host): ExitCode {
  const report = reportOn(name, scenarioFiles({}, host), host)
  deliver((format, theme) => render([report], format, theme), options, host)
  return exit.answered
}

function reportOn(name: string | undefined, files: Files, host: Host): Report {
  const ids = catalogKinds(host).flatMap((kind) => catalogEntries(kind, host))
  const only = ids.find((id) => id === name) ?? onlyOne(ids.filter((id) => id.endsWith(`/${name}`)))
  if (only !== undefined) return composeEntry(only, leavesOf(only, files, host))
  const kept = ids.filter((id) => name === undefined || id.startsWith(`${name}/`) || id.includes(name))
  if (name !== undefined && kept.length === 0) throw unknown(name, host)
  const kinds = [...new Set(kept.map(kindOf))].map((kind) => ({
    kind,
    entries: kept.filter((id) => kindOf(id) === kind).map((id) => entryOf(id, leavesOf(id, files, host))),
  }))
  return composeList(kinds, tool)
}

function unknown(name: string, host: Host): UsageError {
  const meant = nearest(name, catalogNames(host))
  return new UsageError(
    `the catalog has no "${name}"`,
    meant ? `did you mean ${meant}?` : 'clusterwise list prints it all',
  )
}

const onlyOne = (ids: readonly string[]): string | undefined => (ids.length === 1 ? ids[0] : undefined)

const kindOf = (id: string): string => id.split('/')[0] ?? id

/** Its own values and those it extends, without the constants that every scenario starts from. */
function leavesOf(id: string, files: Files, host: Host): readonly Leaf[] {
  const leaves = readFragment(join(catalogFolder(host), `${id}.yaml`), files)
  return kindOf(id) === 'calibrations' ? leaves : leaves.filter(({ file }) => !file.includes('calibrations/'))
}

/** What tells an entry from its neighbours: paths, and the words around their values. */
const telling: Readonly<Record<string, readonly (readonly [path: string, words: string])[]>> = {
  accelerators: [
    ['cluster.gpu.peak.bf16', '* bf16'],
    ['cluster.gpu.hbm.capacity', '*'],
    ['cluster.gpu.hbm.bandwidth', '*'],
  ],
  clusters: [
    ['cluster.gpus_per_node', '* per node'],
    ['cluster.gpu.name', '*'],
    ['cluster.scale_up.bandwidth', '* up'],
    ['cluster.scale_out.bandwidth', '* out'],
  ],
  models: [
    ['model.layers', '* layers'],
    ['model.hidden', 'hidden *'],
    ['model.heads', '* heads'],
    ['model.vocabulary', 'vocabulary *'],
  ],
  software: [
    ['software.year', '*'],
    ['software.attention', 'attention *'],
  ],
}

const names: Readonly<Record<string, string>> = {
  accelerators: 'cluster.gpu.name',
  clusters: 'cluster.name',
  models: 'model.name',
  software: 'software.name',
}

function entryOf(id: string, leaves: readonly Leaf[]): Entry {
  const texts = new Map(leaves.map(({ path, text }) => [path, text]))
  const kind = kindOf(id)
  const facts = (telling[kind] ?? []).flatMap(([path, words]) => {
    const text = texts.get(path)
    return text === undefined ? [] : [words.replace('*', () => text)]
  })
  const entry = { id, name: texts.get(names[kind] ?? '') ?? '', facts }
  if (kind !== 'accelerators' && kind !== 'clusters') return entry
  return { ...entry, calibrated: texts.get('cluster.gpu.calibration') === 'fitted' }
}
