/** One bar of several parts against the room there is, with a legend that needs no colour. */
import type { Stack } from '../../report.ts'
import { fold, wrap } from '../characters.ts'
import { heading, type Page, paint, say } from '../page.ts'
import { drawProfile } from './bar.ts'

const fills = ['█', '▓', '▒', '░', '▚', '▞', '◦']
const asciiFills = ['#', '=', '+', '-', '%', ':', 'o']

export function drawStack(stack: Stack, page: Page): readonly string[] {
  return [
    ...heading(page, stack.title, stack.aside),
    `  ${drawSegments(stack, page)}`,
    ...legend(stack, page).map((line) => `  ${line}`),
    ...profile(stack, page),
  ]
}

function fillOf(at: number, page: Page): string {
  return (page.theme.unicode ? fills : asciiFills)[at] ?? '?'
}

function blank(page: Page): string {
  return page.theme.unicode ? '·' : '.'
}

/** Rounded at the seams, so that the parts add up to the bar. */
function drawSegments({ segments, limit }: Stack, page: Page): string {
  const width = page.width - 2
  let end = 0
  const seams = segments.map(({ share }) => {
    end += share
    return end
  })
  const filled = segments
    .map((_, at) => fillOf(at, page).repeat(seam(seams[at], width) - seam(seams[at - 1], width)))
    .join('')
  const all = filled + blank(page).repeat(Math.max(0, width - filled.length))
  const stop = limit < 1 ? Math.min(width - 1, Math.round(limit * width)) : width
  if (stop >= width) return paint(page, 'accent', filled) + paint(page, 'dim', all.slice(filled.length))
  return (
    paint(page, 'accent', all.slice(0, stop)) +
    (page.theme.unicode ? '┃' : '|') +
    paint(page, 'bad', all.slice(stop + 1))
  )
}

function seam(share: number | undefined, width: number): number {
  return Math.round(Math.min(1, share ?? 0) * width)
}

function legend({ segments, free }: Stack, page: Page): readonly string[] {
  const parts = segments.map(({ label, text }, at) => `${fillOf(at, page)} ${say(page, `${label} ${text}`)}`)
  const rest = free === '' ? [] : [`${blank(page)} ${say(page, `free ${free}`)}`]
  return fold([...parts, ...rest], '   ', page.width - 2)
}

function profile({ profile: { heights, label, text } }: Stack, page: Page): readonly string[] {
  if (heights.length < 2) return []
  const room = page.width - 2
  const columns = page.theme.unicode && heights.length <= room ? [drawProfile(heights)] : []
  const parts = [say(page, label), ...columns, ...wrap(say(page, text), room)]
  return fold(parts, '  ', room).map((line) => `  ${paint(page, 'dim', line)}`)
}
