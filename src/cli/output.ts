/** Where a report goes, and in which format: stdout, or the files of `-o`. */
import type { Format } from '../report/render/render.ts'
import type { Theme } from '../report/report.ts'
import { save } from './disk.ts'
import { UsageError } from './exit.ts'
import { type Endings, formatOf, reportEndings } from './formats.ts'
import type { Host } from './host.ts'
import type { Look } from './look.ts'
import { fileTheme, themeFor } from './terminal.ts'

export interface OutputOptions<F extends string = Format> extends Look {
  readonly format?: F
  readonly json?: boolean
  readonly output?: readonly string[]
  readonly quiet?: boolean
}

interface Target<F extends string> {
  readonly format: F
  /** `-` is stdout. */
  readonly path: string
}

/** What a command can answer in, and what it answers in when nobody asks. */
export interface Answers<F extends string> {
  readonly endings: Endings<F>
  readonly usual: F
}

const reports: Answers<Format> = { endings: reportEndings, usual: 'text' }

type Draw<F> = (format: F, theme: Theme) => string

/** Draws once for each target, and writes only when all are drawn. Without `-o` there is one target: stdout. */
export function deliver(draw: Draw<Format>, options: OutputOptions, host: Host): void {
  deliverAs(reports, draw, options, host)
}

export function deliverAs<F extends string>(
  answers: Answers<F>,
  draw: Draw<F>,
  options: OutputOptions<F>,
  host: Host,
): void {
  const drawn = targetsOf(answers, options).map(({ format, path }) => {
    const theme = path === '-' ? themeFor(options, host, host.stdout) : fileTheme(options, host)
    return { path, text: draw(format, theme) }
  })
  for (const { path, text } of drawn) {
    if (path === '-') host.stdout.write(text)
    else save(path, text, host)
    if (path !== '-' && !options.quiet) host.stderr.write(`wrote ${path}\n`)
  }
}

export function targetsOf<F extends string>(answers: Answers<F>, options: OutputOptions<F>): readonly Target<F>[] {
  return (options.output ?? ['-']).map((name) => targetOf(name, answers, options))
}

/** `out.json`, `json:out`, `-` or `json:-`. */
function targetOf<F extends string>(
  name: string,
  { endings, usual }: Answers<F>,
  options: OutputOptions<F>,
): Target<F> {
  const named = (Object.keys(endings) as F[]).find((format) => name.startsWith(`${format}:`))
  if (named) return { format: named, path: name.slice(named.length + 1) }
  // Every command that has formats has JSON.
  const asked = options.json ? ('json' as F) : options.format
  const format = name === '-' ? (asked ?? usual) : (formatOf(name, endings) ?? asked)
  if (format) return { format, path: name }
  throw new UsageError(`cannot tell the format of "${name}" from its name`, `write it in front: -o json:${name}`)
}
