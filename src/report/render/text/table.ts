/** Tables that fit the page: bars shrink, lesser columns go, then bars; last, notes move under their rows. */
import { type Cell, type Column, cell, type Row, type Table } from '../../report.ts'
import { padEnd, padStart, shorten, widthOf, wrap } from '../characters.ts'
import { heading, type Page, paint, place, say } from '../page.ts'
import { drawBar } from './bar.ts'

const indent = '  '
const gap = '  '
const shortestBar = 8
const longestBar = 32

interface Layout {
  /** Indices of the columns that stand side by side, with their widths. */
  readonly beside: readonly { readonly at: number; readonly width: number }[]
  readonly below: readonly number[]
}

export function drawTable(table: Table, page: Page): readonly string[] {
  const layout = layOutColumns(table, page)
  const rows = table.rows.flatMap((row) => drawRow(table.columns, row, layout, page))
  return [...drawHead(table, layout, page), ...rows]
}

/** From the most generous layout to the most modest, the first that fits. */
function layOutColumns(table: Table, page: Page): Layout {
  const all = table.columns.map((_, at) => at)
  const without = (narrow: Column['narrow']) => (at: number) => table.columns[at]?.narrow !== narrow
  const noted = all.filter((at) => !without('below')(at))
  const slim = all.filter(without('below'))
  const bones = slim.filter(without('drop')).filter(without('bar'))
  const beside = (columns: readonly number[]) => ({ columns, below: [] })
  const under = (columns: readonly number[]) => ({ columns, below: noted })
  const candidates = [
    ...shedding(all, without('drop')).map(beside),
    beside(all.filter(without('drop')).filter(without('bar'))),
    ...shedding(slim, without('drop')).map(under),
    under(bones),
  ]
  const room = page.width - indent.length
  const natural = all.map((at) => naturalWidth(table, at, page))
  const chosen = candidates.find(({ columns }) => spaceOf(columns, natural) <= room) ?? under(bones)
  return { beside: widths(table, chosen.columns, natural, room), below: chosen.below }
}

/** All columns, then without the last that may go, and so on. */
function shedding(columns: readonly number[], stays: (at: number) => boolean): readonly (readonly number[])[] {
  const leaving = columns.filter((at) => !stays(at))
  return [
    columns,
    ...leaving.map((_, n) => columns.filter((at) => stays(at) || leaving.indexOf(at) < leaving.length - 1 - n)),
  ]
}

function naturalWidth(table: Table, at: number, page: Page): number {
  const column = table.columns[at]
  if (column?.narrow === 'bar') return shortestBar
  const texts = [column?.title ?? '', ...table.rows.map((row) => row.cells[at]?.text ?? '')]
  return Math.max(...texts.map((text) => widthOf(say(page, text))))
}

function spaceOf(columns: readonly number[], natural: readonly number[]): number {
  const sum = columns.reduce((total, at) => total + (natural[at] ?? 0), 0)
  return sum + gap.length * Math.max(0, columns.length - 1)
}

/** Bars take what is left over; where nothing is left, the longest text is cut. */
function widths(table: Table, columns: readonly number[], natural: readonly number[], room: number): Layout['beside'] {
  const left = room - spaceOf(columns, natural)
  const isBar = (at: number) => table.columns[at]?.narrow === 'bar'
  const longer = Math.floor(Math.max(0, left) / Math.max(1, columns.filter(isBar).length))
  const texts = columns.filter((at) => table.columns[at]?.align === 'left')
  const longest = Math.max(...texts.map((at) => natural[at] ?? 0))
  const cut = left < 0 ? texts.find((at) => natural[at] === longest) : undefined
  return columns.map((at) => {
    const width = natural[at] ?? 0
    if (isBar(at)) return { at, width: Math.min(longestBar, width + longer) }
    return { at, width: at === cut ? Math.max(8, width + left) : width }
  })
}

/** Column titles share the heading's line when they leave it room. */
function drawHead(table: Table, layout: Layout, page: Page): readonly string[] {
  const titles = indent + layout.beside.map(({ at, width }) => titleOf(table.columns[at], width, page)).join(gap)
  if (titles.trim() === '') return table.title === '' ? [] : heading(page, table.title, cell(table.aside, 'dim'))
  const head = say(page, table.title)
  if (table.aside === '' && titles.slice(0, head.length + 2).trim() === '')
    return [paint(page, 'strong', head) + paint(page, 'dim', titles.slice(head.length).trimEnd())]
  const first = table.title === '' ? [] : heading(page, table.title, cell(table.aside, 'dim'))
  return [...first, paint(page, 'dim', titles.trimEnd())]
}

function titleOf(column: Column | undefined, width: number, page: Page): string {
  const pad = column?.align === 'right' ? padStart : padEnd
  return pad(shorten(say(page, column?.title ?? ''), width, page.theme.unicode), width)
}

function drawRow(columns: readonly Column[], row: Row, layout: Layout, page: Page): readonly string[] {
  const line = layout.beside
    .map(({ at, width }, position) => {
      const last = position === layout.beside.length - 1 && columns[at]?.align === 'left'
      return drawCell(columns[at], row.cells[at], last ? { width: 0, room: width } : { width, room: width }, page)
    })
    .join(gap)
  const notes = layout.below
    .map((at) => row.cells[at])
    .filter((note): note is Cell => note !== undefined && note.text !== '')
    .flatMap((note) => wrap(say(page, note.text), page.width - 6).map((text) => `      ${paint(page, 'dim', text)}`))
  const rule = row.ruled ? [indent + paint(page, 'dim', ruleOf(layout, page))] : []
  return [...rule, (indent + line).trimEnd(), ...notes]
}

function ruleOf(layout: Layout, page: Page): string {
  const width = layout.beside.reduce((total, { width }) => total + width, gap.length * (layout.beside.length - 1))
  return (page.theme.unicode ? '─' : '-').repeat(Math.min(width, page.width - indent.length))
}

interface Room {
  /** To fill up with spaces. */
  readonly width: number
  /** There at most. */
  readonly room: number
}

function drawCell(column: Column | undefined, content: Cell | undefined, { width, room }: Room, page: Page): string {
  const found = content ?? cell('')
  if (found.bar) return paint(page, found.role, padEnd(drawBar(found.bar, room, page.theme.unicode), width))
  const text = shorten(say(page, found.text), room, page.theme.unicode)
  return place(page, { text, role: found.role }, width, column?.align)
}
