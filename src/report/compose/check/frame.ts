/** The lines around a place, as text: for pages that are no terminal, and for sections that wrap. */
import type { Place } from '../../../base/problem.ts'
import { cleanLine, widthOf } from '../../render/characters.ts'

/** Fits a terminal of 80 columns, margins and line numbers included. */
const room = 66

export function frameOf({ line, column, length, frame }: Place): string {
  const digits = Math.max(...frame.map((each) => String(each.line).length), 1)
  const start = Math.max(0, column - 1 - 40)
  const lines = frame.flatMap((each) => {
    const text = cleanLine(each.text)
    const shown =
      `${each.line === line ? '>' : ' '} ${String(each.line).padStart(digits)} | ${text.slice(start, start + room)}`.trimEnd()
    if (each.line !== line) return [shown]
    const before = widthOf(text.slice(start, column - 1))
    const marks = Math.max(1, Math.min(widthOf(text.slice(column - 1, column - 1 + length)), room - before))
    return [shown, `  ${' '.repeat(digits)} | ${' '.repeat(before)}${'^'.repeat(marks)}`]
  })
  return lines.join('\n')
}
