/** The headline figures in a row of boxes; on a narrow page, a list. */
import { cell, type Tile, type Tiles } from '../../report.ts'
import { widthOf } from '../characters.ts'
import { isNarrow, type Page, paint, place, say } from '../page.ts'
import { drawTable } from './table.ts'

const round = { left: '┌', middle: '┬', right: '┐', line: '─', side: '│' }
const under = { left: '└', middle: '┴', right: '┘', line: '─', side: '│' }
const ascii = { left: '+', middle: '+', right: '+', line: '-', side: '|' }

export function drawTiles({ tiles }: Tiles, page: Page): readonly string[] {
  const widths = spread(tiles, page)
  if (isNarrow(page) || widths === undefined) return asList(tiles, page)
  const { unicode } = page.theme
  const height = Math.max(...tiles.map((tile) => tile.details.length))
  const side = paint(page, 'dim', unicode ? round.side : ascii.side)
  const line = (texts: readonly string[]) => side + texts.map((text) => ` ${text} ${side}`).join('')
  const each = (pick: (tile: Tile) => string, role: 'dim' | 'accent' | 'strong' | 'plain') =>
    line(tiles.map((tile, at) => place(page, cell(pick(tile), role), widths[at] ?? 0)))
  return [
    edge(page, unicode ? round : ascii, widths),
    each((tile) => tile.label.toUpperCase(), 'dim'),
    each((tile) => tile.value, 'strong'),
    ...Array.from({ length: height }, (_, at) => each((tile) => tile.details[at] ?? '', 'plain')),
    edge(page, unicode ? under : ascii, widths),
  ]
}

function edge(page: Page, shape: typeof round, widths: readonly number[]): string {
  const parts = widths.map((width) => shape.line.repeat(width + 2))
  return paint(page, 'dim', shape.left + parts.join(shape.middle) + shape.right)
}

/** Widths that fill the page; undefined where the texts need more than there is. */
function spread(tiles: readonly Tile[], page: Page): readonly number[] | undefined {
  const natural = tiles.map((tile) =>
    Math.max(...[tile.label, tile.value, ...tile.details].map((text) => widthOf(say(page, text)))),
  )
  const room = page.width - 1 - 3 * tiles.length
  const even = Math.floor(room / tiles.length)
  if (natural.every((width) => width <= even)) return natural.map((_, at) => even + (at < room % tiles.length ? 1 : 0))
  const left = room - natural.reduce((sum, width) => sum + width, 0)
  if (left < 0) return undefined
  const share = Math.floor(left / tiles.length)
  return natural.map((width, at) => width + share + (at < left % tiles.length ? 1 : 0))
}

function asList(tiles: readonly Tile[], page: Page): readonly string[] {
  const columns = [
    { title: '', align: 'left', narrow: 'keep' },
    { title: '', align: 'left', narrow: 'keep' },
    { title: '', align: 'left', narrow: 'below' },
  ] as const
  const rows = tiles.map((tile) => ({
    cells: [cell(tile.label), cell(tile.value, 'strong'), cell(tile.details.filter((text) => text !== '').join(', '))],
    ruled: false,
  }))
  return drawTable({ kind: 'table', title: '', aside: '', columns, rows }, page)
}
