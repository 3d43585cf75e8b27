/** What this terminal can show: colour, width, and signs beyond ASCII. */
import type { Output } from './host.ts'

export interface Look {
  readonly color?: boolean
  readonly ascii?: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * 0 (none) to 3 (16 million colours). The order is that of the conventions: a flag, FORCE_COLOR, NO_COLOR
 * (https://no-color.org: any value but the empty one), TERM=dumb, and last whether anyone looks.
 */
export function colorLevel(look: Look, env: Environment, stream: Pick<Output, 'isTTY'>): 0 | 1 | 2 | 3 {
  if (look.color !== undefined) return look.color ? capability(env) : 0
  if (env['FORCE_COLOR'] !== undefined) return forced(env['FORCE_COLOR'], env)
  if (env['NO_COLOR'] || env['TERM'] === 'dumb' || !stream.isTTY) return 0
  return capability(env)
}

function forced(value: string, env: Environment): 0 | 1 | 2 | 3 {
  if (value === '0' || value === 'false') return 0
  if (value === '1' || value === '2' || value === '3') return Number(value) as 1 | 2 | 3
  return capability(env)
}

function capability(env: Environment): 1 | 2 | 3 {
  if (env['COLORTERM'] === 'truecolor' || env['COLORTERM'] === '24bit') return 3
  return env['TERM']?.includes('256') ? 2 : 1
}

export const pipedColumns = 100
const narrowest = 60
const widest = 120

/** A narrower window wraps; a wider one would tear the columns apart. */
export function widthOf(env: Environment, stream: Pick<Output, 'columns'>): number {
  const columns = stream.columns || Number(env['COLUMNS']) || pipedColumns
  return Math.min(widest, Math.max(narrowest, columns))
}

/** The first of the three that says anything decides, as in POSIX. Containers often set none: then it is UTF-8. */
export function speaksUnicode(look: Look, env: Environment): boolean {
  if (look.ascii) return false
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  return !locale || /utf-?8/i.test(locale)
}
