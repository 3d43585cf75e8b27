/** What may reach a terminal, and how many columns it takes there. */

// Control characters move cursors and set titles; directional and zero-width ones make text look like other text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const hostile = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** A name, a path or a message that someone else wrote, made harmless and kept on one line. */
export function clean(text: string): string {
  return text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ').replace(hostile, '')
}

/** The same for a line of a file: character for character, so that columns still point at the right place. */
export function cleanLine(line: string): string {
  return line.replace(/\t/g, ' ').replace(hostile, '?')
}

const plain: Readonly<Record<string, string>> = {
  '×': 'x',
  '±': '+-',
  '·': '|',
  '−': '-',
  '–': '-',
  '—': '-',
  '…': '...',
  µ: 'u',
  μ: 'u',
  '→': '->',
  Δ: 'delta',
  '∞': 'inf',
  '≥': '>=',
  '≤': '<=',
  '≈': '~',
  '✔': 'ok',
  '✘': 'X',
  '“': '"',
  '”': '"',
  '’': "'",
  '²': '^2',
  '³': '^3',
  '│': '|',
  '├': '|',
  '└': '`',
  '─': '-',
}

/** For terminals and logs that know no more than ASCII. */
function toAscii(text: string): string {
  return text.replace(/[^\n -~]/gu, (character) => plain[character] ?? '?')
}

/** Any text on its way to the page: harmless, and drawable there. */
export function printable(text: string, unicode: boolean): string {
  const harmless = clean(text)
  return unicode ? harmless : toAscii(harmless)
}

// Combining marks take no column; East Asian wide and full-width characters and emoji take two (Unicode UAX 11).
const combining = /\p{Mark}/u
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u

/** Columns that a text without colour takes. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** Cut to a width, the cut marked. */
export function shorten(text: string, width: number, unicode: boolean): string {
  if (widthOf(text) <= width) return text
  const mark = unicode ? '…' : '...'
  let cut = ''
  for (const character of text) {
    if (widthOf(cut + character) > width - mark.length) break
    cut += character
  }
  return (cut + mark).slice(0, Math.max(1, width))
}

/** Broken at spaces; a word longer than the line is cut in pieces. What follows `= ` stays to the right of it. */
export function wrap(text: string, width: number): readonly string[] {
  const hang = text.startsWith('= ') ? 2 : 0
  const words = text.slice(hang).split(' ')
  const lines = fold(
    words.flatMap((word) => pieces(word, width - hang)),
    ' ',
    width - hang,
  )
  return lines.map((line, at) => (at === 0 ? text.slice(0, hang) : ' '.repeat(hang)) + line)
}

/** Parts joined by a separator, a new line begun where the next part would not fit. */
export function fold(parts: readonly string[], separator: string, width: number): readonly string[] {
  const lines: string[] = []
  let line: string | undefined
  for (const part of parts) {
    const longer: string = line === undefined ? part : line + separator + part
    if (line !== undefined && widthOf(longer) > width) {
      lines.push(line)
      line = part
    } else line = longer
  }
  if (line !== undefined) lines.push(line)
  return lines
}

function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word]
  const room = Math.max(1, width)
  const parts: string[] = []
  for (let at = 0; at < word.length; at += room) parts.push(word.slice(at, at + room))
  return parts
}
