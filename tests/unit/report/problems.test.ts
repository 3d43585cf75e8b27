import { expect, test } from 'vitest'
import { type LocatedProblem, problem } from '../../../src/base/problem.ts'
import { widthOf } from '../../../src/report/render/characters.ts'
import { problemsData, renderProblems } from '../../../src/report/render/problems.ts'
import { plainTheme } from '../../../src/report/report.ts'
import { place } from './fixture.ts'

const found: LocatedProblem = {
  ...problem('strategy/tp-splits-heads', ['parallel', 'tp'], { tp: 7, heads: 64, choices: '1, 2, 4' }),
  place: {
    ...place,
    column: 7,
    length: 1,
    frame: place.frame.map(({ line, text }) => ({ line, text: text.replace('8', '7') })),
  },
  relatedPlaces: [{ ...place, file: 'base.yaml', line: 3, column: 10 }],
}

test('place, message, frame with the value underlined, hint, and where to ask on', () => {
  expect(renderProblems([found], plainTheme(80, true))).toBe(
    [
      `  plan.yaml:7:7  error  ${found.message}`,
      '      6 | parallel:',
      '    > 7 |   tp: 7',
      '        |       ^',
      '      8 |   pp: 16',
      `    hint  ${found.hint}`,
      '    see   base.yaml:3:10',
      '',
      '  1 error · nothing was computed · see: clusterwise explain strategy/tp-splits-heads',
      '',
    ].join('\n'),
  )
})

test('the underline stands under the value behind tabs, wide characters and a long line', () => {
  const under = (text: string, value: string, width = 80) => {
    const frame = [{ line: 1, text }]
    const at = { file: 'a.yaml', line: 1, column: text.indexOf(value) + 1, length: value.length, frame }
    const lines = renderProblems([{ ...found, place: at, relatedPlaces: [] }], plainTheme(width, true)).split('\n')
    const marked = lines.findIndex((line) => line.includes('^'))
    const [line = '', marks = ''] = lines.slice(marked - 1)
    return {
      before: widthOf(line.slice(0, line.indexOf(value))),
      marks: marks.indexOf('^'),
      length: marks.trim().length - 2,
      line,
    }
  }
  for (const text of ['\ta: bad', 'name: "漢字", b: bad', `${'x'.repeat(300)} bad ${'y'.repeat(300)}`]) {
    const { before, marks, line } = under(text, 'bad')
    expect(marks).toBe(before)
    expect(widthOf(line)).toBeLessThanOrEqual(80)
  }
})

test('a terminal is not moved by what stands in a file', () => {
  const frame = [{ line: 7, text: 'a: \u001b[2Jx' }]
  const drawn = renderProblems(
    [{ ...found, message: 'bad \u001b[31m name', place: { ...place, frame } }],
    plainTheme(80, true),
  )
  expect(drawn).not.toContain('\u001b')
})

test('after twenty the rest is counted', () => {
  const drawn = renderProblems(
    Array.from({ length: 23 }, () => found),
    plainTheme(80, true),
  )
  expect(drawn.match(/> 7 \|/g)).toHaveLength(20)
  expect(drawn).toContain('and 3 more')
  expect(drawn).toContain('23 errors · nothing')
})

test('as data: code, path, message, hint and places', () => {
  expect(problemsData([found])).toEqual([
    {
      code: 'strategy/tp-splits-heads',
      path: ['parallel', 'tp'],
      message: found.message,
      hint: found.hint,
      place: { file: 'plan.yaml', line: 7, column: 7, length: 1 },
      related: [{ file: 'base.yaml', line: 3, column: 10, length: 5 }],
    },
  ])
})
