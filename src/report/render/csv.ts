/** One row for each report (RFC 4180), units in the header, numbers as programs read them. */
import type { Field, Report } from '../report.ts'
import { clean } from './characters.ts'
import { settled } from './json.ts'

const newline = '\r\n'

export function renderCsv(reports: readonly Report[]): string {
  const names = [...new Set(reports.flatMap((report) => report.fields.map(headerOf)))]
  const lines = reports.map((report) => {
    const byName = new Map(report.fields.map((field) => [headerOf(field), field.value]))
    return names.map((name) => cellOf(byName.get(name) ?? '')).join(',')
  })
  return [names.map(cellOf).join(','), ...lines].map((line) => line + newline).join('')
}

/** `step.time` in seconds → `step_time_seconds`: a name that SQL takes without quotes. */
export function headerOf({ name, unit }: Pick<Field, 'name' | 'unit'>): string {
  const column = snake(name)
  const suffix = snake(unit)
  return unit === 'count' || unit === 'ratio' || column.includes(suffix) ? column : `${column}_${suffix}`
}

function snake(name: string): string {
  return name.replaceAll('.', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export function cellOf(value: number | string): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(settled(value)) : ''
  const text = harmless(clean(value))
  return /[",\r\n']/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet takes text that begins so for a formula (OWASP, CSV injection); with a quote before it, it does not. */
function harmless(text: string): string {
  return /^\s*[=+\-@]/.test(text) ? `'${text}` : text
}
