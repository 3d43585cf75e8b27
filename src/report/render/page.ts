/** The page a report is drawn on: its width, its characters, its colours. */
import type { Cell, Role, Theme } from '../report.ts'
import { padEnd, padStart, printable, widthOf } from './characters.ts'

/** Lines longer than this are hard to read, whatever the terminal offers. */
const widest = 110
const margin = '  '

export interface Page {
  readonly theme: Theme
  /** Columns inside the margin. */
  readonly width: number
}

export function pageOf(theme: Theme): Page {
  return { theme, width: Math.max(30, Math.min(widest, theme.width) - margin.length * 2) }
}

/** Room for neat columns, boxes and bars? */
export function isNarrow(page: Page): boolean {
  return page.theme.width < 72
}

export function say(page: Page, text: string): string {
  return printable(text, page.theme.unicode)
}

export function paint(page: Page, role: Role, text: string): string {
  return role === 'plain' || text === '' ? text : page.theme[role](text)
}

/** Padded before it is painted: colour codes take no columns. */
export function place(page: Page, content: Cell, width: number, align: 'left' | 'right' = 'left'): string {
  const pad = align === 'left' ? padEnd : padStart
  return paint(page, content.role, pad(say(page, content.text), width))
}

/** A heading, and something at the right end of its line when there is room. */
export function heading(page: Page, title: string, aside: Cell): readonly string[] {
  const left = say(page, title)
  const right = say(page, aside.text)
  const gap = page.width - widthOf(left) - widthOf(right)
  if (right === '') return [paint(page, 'strong', left)]
  if (gap < 2) return [paint(page, 'strong', left), `${margin}${paint(page, aside.role, right)}`]
  return [paint(page, 'strong', left) + ' '.repeat(gap) + paint(page, aside.role, right)]
}

/**
 * Lines with their margin. GitHub's runner takes a line that begins with `::` or `##[` for a command, leading spaces
 * or not (actions/runner, ActionCommand.cs), so those two cannot begin a line of ours.
 */
export function setMargin(lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '' : margin + harmless(line)).trimEnd()).join('\n')
}

function harmless(line: string): string {
  return line.replace(
    /^(\s*)(::|##\[)/,
    (_, space: string, command: string) => `${space}${command[0]} ${command.slice(1)}`,
  )
}
