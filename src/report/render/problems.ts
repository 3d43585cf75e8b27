/** What is wrong, where, and the way out: for people with the lines of the file, for programs as JSON. */
import type { LocatedProblem, Place } from '../../base/problem.ts'
import type { Json, Theme } from '../report.ts'
import { cleanLine, padStart, widthOf, wrap } from './characters.ts'
import { tidy } from './json.ts'
import { type Page, pageOf, paint, say, setMargin } from './page.ts'

/** More than this is not read; the first ones often cause the rest. */
const most = 20

export function renderProblems(problems: readonly LocatedProblem[], theme: Theme): string {
  const page = pageOf(theme)
  const blocks = problems.slice(0, most).map((problem) => drawProblem(problem, page))
  const hidden = problems.length - most
  const more = hidden > 0 ? [[`and ${hidden} more`]] : []
  return `${[...blocks, ...more, closing(problems, page)].map(setMargin).join('\n\n')}\n`
}

function drawProblem(problem: LocatedProblem, page: Page): readonly string[] {
  const frame = problem.place ? drawFrame(problem.place, page) : []
  return [...drawHead(problem, page), ...frame, ...hintOf(problem, page), ...relatedOf(problem, page)]
}

/** Place, the word "error" and the message in one line; what does not fit goes on below. */
function drawHead({ place, message }: LocatedProblem, page: Page): readonly string[] {
  const at = place ? `${say(page, wordsOf(place))}  ` : ''
  const begin = `${at}error  `
  const paintedBegin = `${paint(page, 'accent', at)}${paint(page, 'bad', 'error')}  `
  const [first = '', ...rest] = wrap(begin + say(page, message), page.width - 4)
  // A place without end leaves nothing of the line to the message.
  if (!first.startsWith(begin)) return [paintedBegin.trimEnd(), ...under(say(page, message), page)]
  return [paintedBegin + paint(page, 'strong', first.slice(begin.length)), ...under(rest.join(' '), page)]
}

function under(text: string, page: Page): readonly string[] {
  if (text === '') return []
  return wrap(text, page.width - 4).map((line) => `    ${paint(page, 'strong', line)}`)
}

function wordsOf({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

function hintOf(problem: LocatedProblem, page: Page): readonly string[] {
  if (problem.hint === '') return []
  const [first = '', ...rest] = wrap(say(page, problem.hint), page.width - 8)
  return [`  ${paint(page, 'good', 'hint')}  ${first}`, ...rest.map((line) => `        ${line}`)]
}

function relatedOf(problem: LocatedProblem, page: Page): readonly string[] {
  return problem.relatedPlaces.map((place) => `  ${paint(page, 'dim', 'see')}   ${say(page, wordsOf(place))}`)
}

function drawFrame(place: Place, page: Page): readonly string[] {
  const digits = Math.max(...place.frame.map(({ line }) => String(line).length), 1)
  const room = page.width - digits - 7
  const start = windowStart(place, room)
  return place.frame.flatMap(({ line, text }) => {
    const here = line === place.line
    const number = `  ${here ? paint(page, 'bad', '>') : ' '} ${paint(page, 'dim', `${padStart(String(line), digits)} |`)}`
    const shown = drawable(text, page)
      .slice(start, start + room)
      .trimEnd()
    const lines = [`${number} ${here ? shown : paint(page, 'dim', shown)}`.trimEnd()]
    return here ? [...lines, underline(place, text, { start, room, digits }, page)] : lines
  })
}

function drawable(text: string, page: Page): string {
  const line = cleanLine(text)
  return page.theme.unicode ? line : line.replace(/[^ -~]/g, '?')
}

/** Columns of a long line to leave out on the left, so that the place is in view. */
function windowStart({ column, length }: Place, room: number): number {
  const end = column - 1 + Math.min(length, room - 10)
  return end <= room ? 0 : end - room + 10
}

interface Window {
  readonly start: number
  readonly room: number
  readonly digits: number
}

function underline(place: Place, text: string, { start, room, digits }: Window, page: Page): string {
  const line = drawable(text, page)
  const before = widthOf(line.slice(start, place.column - 1))
  const marked = Math.max(1, widthOf(line.slice(place.column - 1, place.column - 1 + place.length)))
  const marks = '^'.repeat(Math.max(1, Math.min(marked, room - before)))
  return `    ${' '.repeat(digits)} ${paint(page, 'dim', '|')} ${' '.repeat(before)}${paint(page, 'bad', marks)}`
}

function closing(problems: readonly LocatedProblem[], page: Page): readonly string[] {
  const files = new Set(problems.flatMap(({ place }) => (place ? [place.file] : []))).size
  const count = `${problems.length} ${problems.length === 1 ? 'error' : 'errors'}${files > 1 ? ` in ${files} files` : ''}`
  const code = problems[0]?.code ?? ''
  const parts = [count, 'nothing was computed', `see: clusterwise explain ${code}`]
  return [paint(page, 'dim', parts.join(say(page, ' · ')))]
}

/** Each problem as data; the document around them is the door's. */
export function problemsData(problems: readonly LocatedProblem[]): readonly object[] {
  return problems.map((found) => tidy(recordOf(found)) as object)
}

function recordOf({ code, path, message, hint, place, relatedPlaces }: LocatedProblem): Json {
  const where = place ? { place: spot(place) } : {}
  return { code, path: [...path], message, hint, ...where, related: relatedPlaces.map(spot) }
}

function spot({ file, line, column, length }: Place): Json {
  return { file, line, column, length }
}
