/** Where a report goes, and in which format: stdout, or the files of `-o`. */
import type { Format } from '../report/render/render.ts'
import type { Theme } from '../report/report.ts'
import { save } from './disk.ts'
import { UsageError } from './exit.ts'
import { formatOf, formats } from './formats.ts'
import type { Host } from './host.ts'
import type { Look } from './look.ts'
import { fileTheme, themeFor } from './terminal.ts'

export interface OutputOptions extends Look {
  readonly format?: Format
  readonly json?: boolean
  readonly output?: readonly string[]
  readonly quiet?: boolean
}

interface Target {
  readonly format: Format
  /** `-` is stdout. */
  readonly path: string
}

type Draw = (format: Format, theme: Theme) => string

/** Draws once for each target, and writes only when all are drawn. Without `-o` there is one target: stdout. */
export function deliver(draw: Draw, options: OutputOptions, host: Host): void {
  const targets = (options.output ?? ['-']).map((name) => targetOf(name, options))
  const drawn = targets.map(({ format, path }) => {
    const theme = path === '-' ? themeFor(options, host, host.stdout) : fileTheme(options, host)
    return { path, text: draw(format, theme) }
  })
  for (const { path, text } of drawn) {
    if (path === '-') host.stdout.write(text)
    else save(path, text, host)
    if (path !== '-' && !options.quiet) host.stderr.write(`wrote ${path}\n`)
  }
}

/** `out.json`, `json:out`, `-` or `json:-`. */
function targetOf(name: string, options: OutputOptions): Target {
  const named = formats.find((format) => name.startsWith(`${format}:`))
  if (named) return { format: named, path: name.slice(named.length + 1) }
  const asked = options.json ? 'json' : options.format
  const format = name === '-' ? (asked ?? 'text') : (formatOf(name) ?? asked)
  if (format) return { format, path: name }
  throw new UsageError(`cannot tell the format of "${name}" from its name`, `write it in front: -o json:${name}`)
}
