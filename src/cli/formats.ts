/** The formats of a report, and the endings of file names that mean one. */
import type { Format } from '../report/render/render.ts'

/** Which endings mean which format: `out.json`, `out.sarif`. */
export type Endings<F extends string> = Readonly<Record<F, readonly string[]>>

export const reportEndings = {
  text: ['txt'],
  json: ['json'],
  ndjson: ['ndjson', 'jsonl'],
  csv: ['csv'],
  markdown: ['md', 'markdown'],
} as const satisfies Record<Format, readonly string[]>

export const formats = Object.keys(reportEndings) as readonly Format[]

/** What a gate answers in: `auto` is text, and on GitHub annotations as well. */
export const gateEndings = {
  auto: [],
  text: ['txt'],
  json: ['json'],
  ndjson: ['ndjson', 'jsonl'],
  markdown: ['md', 'markdown'],
  junit: ['xml'],
  sarif: ['sarif'],
  github: [],
  gitlab: [],
} as const satisfies Endings<string>

export type GateFormat = keyof typeof gateEndings

export const gateFormats = Object.keys(gateEndings) as readonly GateFormat[]

/** `report.json` is JSON; undefined where the name does not say. */
export function formatOf<F extends string>(path: string, endings: Endings<F>): F | undefined {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase()
  return (Object.keys(endings) as F[]).find((format) => endings[format].includes(ending ?? ''))
}

/** A comparison passes no judgement: it has no findings. */
export const diffEndings = {
  text: ['txt'],
  json: ['json'],
  markdown: ['md', 'markdown'],
} as const satisfies Endings<string>

export type DiffFormat = keyof typeof diffEndings

export const diffFormats = Object.keys(diffEndings) as readonly DiffFormat[]
