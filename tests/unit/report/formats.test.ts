import { expect, test } from 'vitest'
import { composeRun } from '../../../src/report/compose/run.ts'
import { clean, widthOf, wrap } from '../../../src/report/render/characters.ts'
import { render } from '../../../src/report/render/render.ts'
import { drawBar } from '../../../src/report/render/text/bar.ts'
import { plainTheme, type Report } from '../../../src/report/report.ts'
import { runInput, tool } from './fixture.ts'

const theme = plainTheme(100, true)
const report = composeRun(runInput())
const hostile = '::error::x | <b>@team `=1+1`\u001b]0;owned\u0007\u202e\n::stop'
const attacked = composeRun(runInput({ name: hostile }))

test('JSON: one object for one report, `runs` for several, null for what is infinite, nothing that changes', () => {
  const one = JSON.parse(render([report], 'json', theme))
  expect(Object.keys(one)).toEqual([
    'schemaVersion',
    'tool',
    'scenario',
    'fits',
    'metrics',
    'uncertainty',
    'strategy',
    'memory',
    'operations',
    'remedies',
    'notes',
    'warnings',
  ])
  expect(one.metrics['step.time'].unit).toBe('seconds')
  expect(one.metrics['parameters.total']).toEqual({ value: 405_853_388_800, unit: 'count' })
  expect(one.metrics['ratio.cp.compute_to_communication']).toEqual({ value: null, unit: 'count' })
  expect(one.warnings.map(({ code }: { code: string }) => code)).toContain('memory/does-not-fit')
  expect(JSON.parse(render([report, report], 'json', theme)).runs).toHaveLength(2)
  expect(render([composeRun(runInput())], 'json', theme)).toBe(render([report], 'json', theme))
})

test('NDJSON: one line for each report, each complete', () => {
  const lines = render([report, report], 'ndjson', theme).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).schemaVersion)).toEqual([1, 1])
})

test('CSV: RFC 4180, units in the header, formulas of spreadsheets made harmless', () => {
  const fields: Report['fields'] = [
    { name: 'name', unit: 'count', value: '=cmd|"x"!A1' },
    { name: 'note', unit: 'count', value: 'a, b' },
    { name: 'step.time', unit: 'seconds', value: 6.25 },
    { name: 'comm.tp.bytes', unit: 'bytes', value: 1e21 },
    { name: 'throughput.tokens_per_second', unit: 'tokensPerSecond', value: Number.POSITIVE_INFINITY },
    { name: 'mfu', unit: 'ratio', value: -0.5 },
  ]
  expect(render([{ tool, sections: [], data: {}, fields }], 'csv', theme)).toBe(
    'name,note,step_time_seconds,comm_tp_bytes,throughput_tokens_per_second,mfu\r\n' +
      '"\'=cmd|""x""!A1","a, b",6.25,1e+21,,-0.5\r\n',
  )
})

test('names of other people cannot move the cursor, command a build log or build a table', () => {
  const text = render([attacked], 'text', theme)
  const markdown = render([attacked], 'markdown', theme)
  for (const page of [text, markdown, render([attacked], 'json', theme)]) {
    expect(page.match(/\p{Control}|\u202e/gu)?.filter((character) => character !== '\n') ?? []).toEqual([])
  }
  expect(text.split('\n').filter((line) => /^\s*(::|##\[)/.test(line))).toEqual([])
  expect(markdown.split('\n')[0]).toBe('## ::error::x \\| \\<b\\>@\u200bteam \\`=1+1\\`\\]0;owned ::stop')
})

test('text is measured in columns: wide characters take two, marks none', () => {
  expect(['abc', '漢字', 'e\u0301', '✔', '█▏'].map(widthOf)).toEqual([3, 4, 1, 1, 2])
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh'])
  expect(clean('a\r\n  b')).toBe('a b')
})

test('bars show eighths, and whatever is more than nothing', () => {
  expect(drawBar({ from: 0, to: 0.5 }, 8, true)).toBe('████')
  expect(drawBar({ from: 0, to: 0.17 }, 8, true)).toBe('█▍')
  expect(drawBar({ from: 0, to: 1e-9 }, 8, true)).toBe('▏')
  expect(drawBar({ from: 0.5, to: 0.75 }, 8, true)).toBe('    ██')
  expect(drawBar({ from: 0, to: 0.5 }, 8, false)).toBe('####')
  expect(drawBar({ from: 0, to: Number.NaN }, 8, true)).toBe('')
})
