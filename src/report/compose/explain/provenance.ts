/** Where a number comes from: the place where it was written, and the source given there, as a numbered list. */
import type { Path } from '../../../base/problem.ts'
import { cell, type Prose } from '../../report.ts'
import type { Run } from './question.ts'

export interface Provenance {
  /** Of the value at a path: `file:line`, and the number of its source. */
  readonly placeOf: (path: Path) => string
  /** The number of a source in the list, as `[2]`. */
  readonly cite: (source: string) => string
  readonly sources: () => Prose
}

/** Each source is printed once, however many numbers come from it. */
export function provenanceOf(run: Run | undefined): Provenance {
  const cited: string[] = []
  const cite = (source: string): string => {
    if (!cited.includes(source)) cited.push(source)
    return `[${cited.indexOf(source) + 1}]`
  }
  return {
    cite,
    placeOf: (path) => {
      const place = run?.loaded.origin.placeOf(path)
      const source = run?.loaded.origin.sourceOf(path)
      const where = place ? `${place.file}:${place.line}` : run ? 'default' : ''
      return [where, source ? cite(source) : ''].filter((part) => part !== '').join(' ')
    },
    sources: () => ({
      kind: 'prose',
      title: 'Sources',
      mark: 'number',
      items: cited.map((source) => cell(source, 'dim')),
    }),
  }
}
