/** The bundled catalog as folders of files: `<kind>/<name>` is `scenarios/catalog/<kind>/<name>.yaml`. */
import { join } from 'node:path'
import type { Packed } from '../scenario/packed.ts'
import type { Host } from './host.ts'

type Shipped = Pick<Host, 'disk' | 'scenarios'>

/** What the build made of the entry (`scripts/build.mjs`); nothing where it did not run. */
export function packedEntry(name: string, { disk, scenarios }: Shipped): Packed | undefined {
  const file = join(scenarios, '..', 'dist', 'catalog', `${name}.json`)
  return disk.exists(file) ? (JSON.parse(disk.read(file)) as Packed) : undefined
}

export const catalogFolder = (host: Shipped): string => join(host.scenarios, 'catalog')

export function catalogKinds(host: Shipped): readonly string[] {
  return host.disk.list(catalogFolder(host)).filter((name) => !name.includes('.'))
}

export function catalogEntries(kind: string, host: Shipped): readonly string[] {
  return host.disk
    .list(join(catalogFolder(host), kind))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${kind}/${name.slice(0, -'.yaml'.length)}`)
}

/** Kinds and entries: all that `list` understands. */
export function catalogNames(host: Shipped): readonly string[] {
  return catalogKinds(host).flatMap((kind) => [kind, ...catalogEntries(kind, host)])
}
