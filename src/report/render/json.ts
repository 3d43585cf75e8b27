/** A report for programs: SI base units, keys always in the same order, no clock; so that two runs can be compared. */
import type { Json, Report, Tool } from '../report.ts'
import { clean } from './characters.ts'

/** Raised when a name or a meaning changes, never when a name is added. */
const SCHEMA_VERSION = 1

/** One report as an object; several as `runs` of one object. */
export function renderJson(reports: readonly Report[]): string {
  const [first, ...others] = reports
  if (first === undefined) return ''
  const body = others.length === 0 ? first.data : { runs: reports.map((report) => report.data) }
  return `${JSON.stringify(envelope(first.tool, body), null, 2)}\n`
}

/** One line for each report, each complete by itself. */
export function renderNdjson(reports: readonly Report[]): string {
  return reports.map((report) => `${JSON.stringify(envelope(report.tool, report.data))}\n`).join('')
}

function envelope(tool: Tool, body: { readonly [key: string]: Json }): Json {
  return tidy({ schemaVersion: SCHEMA_VERSION, tool: { name: tool.name, version: tool.version }, ...body })
}

/** 12 significant digits hide the last bits, in which machines differ; a count stays exact. */
export function settled(value: number): number {
  return Number.isSafeInteger(value) ? value : Number(value.toPrecision(12))
}

/** JSON has no infinity: null. */
export function tidy(value: Json): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? settled(value) : null
  if (typeof value === 'string') return clean(value)
  if (value === null || typeof value === 'boolean') return value
  if (isList(value)) return value.map(tidy)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), tidy(inner)]))
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
