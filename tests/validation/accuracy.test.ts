/** The accuracy figures are those of the code as it stands: whoever moves one must say so (`npm run accuracy -- --update`). */
import { describe, expect, test } from 'vitest'
import { baseline, baselinePage, type Committed, figuresOf, judgeCommitted, pageOf } from './committed.ts'

const judged = judgeCommitted()
const now = figuresOf(judged)

/** One step of what is committed, and a little for what arithmetic leaves. */
const tolerance = 0.0011

function moved(before: unknown, after: unknown, path: string): readonly string[] {
  if (typeof before === 'number' && typeof after === 'number') {
    const allowed = path.endsWith('rank') ? 10 * tolerance : tolerance
    return Math.abs(before - after) <= allowed ? [] : [`${path}: ${before} → ${after}`]
  }
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) {
    return before === after ? [] : [`${path}: ${String(before)} → ${String(after)}`]
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  const child = (whole: object, key: string): unknown => (whole as Readonly<Record<string, unknown>>)[key]
  return [...keys].flatMap((key) => moved(child(before, key), child(after, key), `${path}/${key}`))
}

describe('accuracy on the committed runs', () => {
  test('no figure has moved since it was committed', () => {
    expect(moved(baseline(), now, '')).toEqual([])
  })

  test('the page says the same', () => {
    expect(baselinePage()).toBe(pageOf(baseline() as Committed))
  })

  test('every run without a prediction says why, and every source is there to be looked up', () => {
    const silent = judged.filter(({ run }) => run.error === undefined)
    expect(silent.filter(({ run }) => run.notes.length === 0)).toEqual([])
    expect(judged.length).toBeGreaterThan(300)
  })

  test('a figure that moves is seen', () => {
    expect(moved({ a: { median: 0.05 } }, { a: { median: 0.052 } }, '')).toEqual(['/a/median: 0.05 → 0.052'])
    expect(moved({ a: { median: 0.05 } }, { a: { median: 0.0505 } }, '')).toEqual([])
    expect(moved({ a: 1 }, {}, '')).toEqual(['/a: 1 → undefined'])
  })
})
