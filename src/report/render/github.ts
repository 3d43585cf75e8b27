/**
 * Workflow commands of GitHub Actions, which become annotations. A step shows ten errors and ten warnings; what is beyond
 * is counted in a last line. Escaping as in actions/toolkit, core/src/command.ts.
 */
import { type Finding, isAlarm, worstFirst } from '../finding.ts'

const mostOfEach = 10

export function renderGithub(findings: readonly Finding[]): string {
  const alarms = worstFirst(findings.filter(isAlarm))
  const errors = alarms.filter(({ level }) => level === 'error')
  const warnings = alarms.filter(({ level }) => level === 'warning')
  const [shownErrors, shownWarnings] = [withinLimit(errors), withinLimit(warnings)]
  const hidden = alarms.length - shownErrors.length - shownWarnings.length
  const rest =
    hidden > 0
      ? [command(hidden > 0 && errors.length > mostOfEach ? 'error' : 'warning', [], `and ${hidden} more: see the log`)]
      : []
  return [...shownErrors, ...shownWarnings]
    .map(annotation)
    .concat(rest)
    .map((line) => `${line}\n`)
    .join('')
}

/** One place is kept for the line that counts the rest. */
function withinLimit(findings: readonly Finding[]): readonly Finding[] {
  return findings.length > mostOfEach ? findings.slice(0, mostOfEach - 1) : findings
}

function annotation({ level, title, lines, file, place }: Finding): string {
  const where: readonly Property[] = place
    ? [
        ['line', String(place.line)],
        ['endLine', String(place.line)],
        ['col', String(place.column)],
        ['endColumn', String(place.column + place.length)],
      ]
    : []
  const all: readonly Property[] = [['file', file], ...where, ['title', title]]
  const properties = all.filter(([, value]) => value !== '')
  return command(level === 'error' ? 'error' : 'warning', properties, lines.join('\n'))
}

type Property = readonly [name: string, value: string]

function command(word: 'error' | 'warning', properties: readonly Property[], message: string): string {
  const list = properties.map(([name, value]) => `${name}=${escapeProperty(value)}`).join(',')
  return `::${word}${list === '' ? '' : ` ${list}`}::${escapeData(message)}`
}

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
