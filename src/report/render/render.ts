/** The table of formats. */
import type { Report, Theme } from '../report.ts'
import { renderCsv } from './csv.ts'
import { renderJson, renderNdjson } from './json.ts'
import { renderMarkdown } from './markdown.ts'
import { renderText } from './text.ts'

export const formats = ['text', 'json', 'ndjson', 'csv', 'markdown'] as const
export type Format = (typeof formats)[number]

type Renderer = (reports: readonly Report[], theme: Theme) => string

const renderers = {
  text: renderText,
  json: renderJson,
  ndjson: renderNdjson,
  csv: renderCsv,
  markdown: renderMarkdown,
} satisfies Record<Format, Renderer>

/** The reports of one command in one format; nothing in it depends on the order of time or on the machine. */
export function render(reports: readonly Report[], format: Format, theme: Theme): string {
  const renderer: Renderer = renderers[format]
  return renderer(reports, theme)
}
