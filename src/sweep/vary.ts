/**
 * `--vary PATH=VALUES`: what a sweep turns, and how far. Values stay words with units; the scenario reads them as it reads
 * those of a file.
 */

/** Values of one path, or an expression of others. */
export type Dimension =
  | { readonly kind: 'values'; readonly path: string; readonly values: readonly string[] }
  | { readonly kind: 'expression'; readonly path: string; readonly text: string }

export interface VaryFault {
  readonly message: string
  readonly hint: string
}

export const isVaryFault = (made: Dimension | VaryFault): made is VaryFault => 'message' in made

const usage = "such as --vary 'cluster.gpus=256..65536*2' or --vary 'cluster.scale_up.bandwidth=[450, 900] GB/s'"

/** A range longer than this is a slip of the keyboard. */
const mostValues = 1_000_000

export function readVary(text: string): Dimension | VaryFault {
  const end = text.indexOf('=')
  const path = text.slice(0, Math.max(0, end)).trim()
  const said = text.slice(end + 1).trim()
  if (!/^[a-z_$][\w$.[\]-]*$/iu.test(path) || said === '')
    return { message: `"${text}" does not say which path takes which values`, hint: usage }
  const values = listOf(said) ?? rangeOf(said)
  if (values === undefined)
    return namesPath(said)
      ? { kind: 'expression', path, text: said }
      : { kind: 'values', path, values: said.split(',').map((word) => word.trim()) }
  if (values.length === 0 || values.length > mostValues)
    return { message: `"${said}" has ${values.length === 0 ? 'no' : 'too many'} values`, hint: usage }
  return { kind: 'values', path, values }
}

/** Another path of the scenario in it makes it an expression. */
const namesPath = (text: string): boolean => /\b[a-z_]+(?:\.[a-z_]+)+\b/iu.test(text)

/** `[450, 900] GB/s`; a comma inside an inner bracket does not count. */
function listOf(text: string): readonly string[] | undefined {
  const match = /^\[(.*)\]\s*([^\]]*)$/u.exec(text)
  if (!match) return undefined
  const [, inner = '', unit = ''] = match
  return inner
    .split(/,(?![^[]*\])/u)
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => (unit === '' ? word : `${word} ${unit.trim()}`))
}

const number = '([+-]?(?:\\d[\\d_]*\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?)'
const range = new RegExp(`^${number}\\s*\\.\\.\\s*${number}(?:\\s*([*+])\\s*${number})?\\s*(.*)$`, 'iu')

/** `256..65536*2` doubles, `1..8+1` and `1..8` count, `100..800*2 GB/s` has a unit. */
function rangeOf(text: string): readonly string[] | undefined {
  const match = range.exec(text)
  if (!match) return undefined
  const [, first = '', last = '', sign = '+', stride = '1', unit = ''] = match
  const plain = (word: string) => Number(word.replaceAll('_', ''))
  const numbers = steps(plain(first), plain(last), sign === '*' ? { times: plain(stride) } : { plus: plain(stride) })
  return numbers.map((value) => (unit === '' ? String(value) : `${value} ${unit.trim()}`))
}

type Stride = { readonly times: number } | { readonly plus: number }

/** The last value belongs to it where it is met; digits beyond the twelfth are noise of the steps. */
function steps(first: number, last: number, stride: Stride): readonly number[] {
  const grows = 'times' in stride ? stride.times > 1 && first > 0 : stride.plus > 0
  if (!grows || last < first) return []
  const count = 'times' in stride ? Math.log(last / first) / Math.log(stride.times) : (last - first) / stride.plus
  if (!(count <= mostValues)) return Array.from({ length: mostValues + 1 }, () => first)
  return Array.from({ length: Math.floor(count + 1e-9) + 1 }, (_, n) => {
    const value = 'times' in stride ? first * stride.times ** n : first + n * stride.plus
    return Number(value.toPrecision(12))
  })
}

/** The points of a sweep by number: the last dimension turns fastest, or all turn together. */
export interface Grid {
  readonly sizes: readonly number[]
  readonly zipped: boolean
  readonly count: number
}

export function gridOf(dimensions: readonly Dimension[], zipped: boolean): Grid {
  const sizes = dimensions.flatMap((dimension) => (dimension.kind === 'values' ? [dimension.values.length] : []))
  const product = sizes.reduce((count, size) => count * size, 1)
  return { sizes, zipped, count: zipped ? Math.min(...sizes) : product }
}

/** Which value each dimension has at a point, written into `digits`. */
export function digitsAt({ sizes, zipped }: Grid, point: number, digits: Int32Array): void {
  let rest = point
  for (let at = sizes.length - 1; at >= 0; at--) {
    const size = sizes[at] as number
    digits[at] = zipped ? point : rest % size
    rest = Math.floor(rest / size)
  }
}

/** Points of one shard of several, as a run: together they are all points, each once, whatever their number. */
export function shardOf(count: number, shard: number, of: number): { readonly from: number; readonly to: number } {
  return { from: Math.floor((count * (shard - 1)) / of), to: Math.floor((count * shard) / of) }
}
