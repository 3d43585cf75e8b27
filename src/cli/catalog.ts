/** The bundled catalog as folders of files: `<kind>/<name>` is `scenarios/catalog/<kind>/<name>.yaml`. */
import { join } from 'node:path'
import type { Host } from './host.ts'

type Shipped = Pick<Host, 'disk' | 'scenarios'>

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
