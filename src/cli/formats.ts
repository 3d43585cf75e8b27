/** The formats of a report, and the endings of file names that mean one. */
import type { Format } from '../report/render/render.ts'

const endings = {
  text: ['txt'],
  json: ['json'],
  ndjson: ['ndjson', 'jsonl'],
  csv: ['csv'],
  markdown: ['md', 'markdown'],
} as const satisfies Record<Format, readonly string[]>

export const formats = Object.keys(endings) as readonly Format[]

/** `report.json` is JSON; undefined where the name does not say. */
export function formatOf(path: string): Format | undefined {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase()
  return formats.find((format) => (endings[format] as readonly string[]).includes(ending ?? ''))
}
