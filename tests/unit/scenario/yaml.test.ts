import { expect, test } from 'vitest'
import { follow, placeOf, plainOf, type Tree } from '../../../src/scenario/tree.ts'
import { parseYaml } from '../../../src/scenario/yaml.ts'

function parse(text: string): Tree {
  const parsed = parseYaml({ label: 'x.yaml', text, own: true })
  if ('problems' in parsed) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
  return parsed.tree
}

function problemsIn(text: string) {
  const parsed = parseYaml({ label: 'x.yaml', text, own: true })
  const found = 'problems' in parsed ? parsed.problems : []
  return found.map(({ code, place }) => `${code} ${place?.line}:${place?.column}`)
}

test('every value knows where it stands', () => {
  const tree = parse('cluster:\n  gpus: 64\n  hbm: { capacity: 80 GB }\nlist: [1, 2]\n')
  const place = (path: readonly (string | number)[]) => {
    const { line, column, length } = placeOf(follow(tree, path).tree.span)
    return [line, column, length]
  }
  expect(place(['cluster', 'gpus'])).toEqual([2, 9, 2])
  expect(place(['cluster', 'hbm', 'capacity'])).toEqual([3, 20, 5])
  expect(place(['list', 1])).toEqual([4, 11, 1])
})

test('a frame shows the lines around, without line ends of Windows', () => {
  const tree = parse('a: 1\r\nb: 2\r\nc: 3\r\n')
  expect(placeOf(follow(tree, ['b']).tree.span).frame).toEqual([
    { line: 1, text: 'a: 1' },
    { line: 2, text: 'b: 2' },
    { line: 3, text: 'c: 3' },
  ])
})

test('aliases and merge keys keep the place of what they repeat', () => {
  const tree = parse('base: &b { rate: 1, size: 2 }\nuse:\n  <<: *b\n  size: 3\nsame: *b\n')
  expect(plainOf(tree)).toEqual({ base: { rate: 1, size: 2 }, use: { rate: 1, size: 3 }, same: { rate: 1, size: 2 } })
  expect(placeOf(follow(tree, ['use', 'rate']).tree.span).line).toBe(1)
  expect(placeOf(follow(tree, ['use', 'size']).tree.span).line).toBe(4)
})

test('the first of several merged mappings wins', () => {
  const tree = parse('a: &a { x: 1 }\nb: &b { x: 2, y: 2 }\nc: { <<: [*a, *b] }\n')
  expect(plainOf(follow(tree, ['c']).tree)).toEqual({ x: 1, y: 2 })
})

test('the nearest source covers what is below it', () => {
  const tree = parse('source: A\nhbm:\n  source: B\n  capacity: 1\n  rate: { value: 2, source: C }\ntdp: 3\n')
  const cite = (...path: string[]) => follow(tree, path).tree.cite
  expect([cite('tdp'), cite('hbm', 'capacity'), cite('hbm', 'rate')]).toEqual(['A', 'B', 'C'])
})

test('an empty text is an empty scenario, and an empty section says nothing', () => {
  expect(plainOf(parse(''))).toEqual({})
  expect(plainOf(parse('# only a comment\n'))).toEqual({})
  expect(plainOf(parse('training:\nparallel: { tp: }\n'))).toEqual({ parallel: {} })
})

test('YAML 1.2: no and off are words, 010 is ten', () => {
  expect(plainOf(parse('a: no\nb: off\nc: 010\nd: 1_000\ne: true\n'))).toEqual({
    a: 'no',
    b: 'off',
    c: 10,
    d: '1_000',
    e: true,
  })
})

test('a key called __proto__ is a key like any other', () => {
  const plain = plainOf(parse('__proto__: { polluted: true }\n')) as Record<string, unknown>
  expect(Object.keys(plain)).toEqual(['__proto__'])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('the part after a given start keeps its columns', () => {
  const parsed = parseYaml({ label: '--set #1', text: 'a.b=[1, 2]', own: true }, 4)
  expect('tree' in parsed && placeOf(follow(parsed.tree, [1]).tree.span).column).toBe(9)
})

test.each([
  ['a: 1\na: 2\n', ['yaml/duplicate-key 2:1']],
  ['a: { b: 1, b: 2, c: 1, c: 2 }\n', ['yaml/duplicate-key 1:12', 'yaml/duplicate-key 1:24']],
  ['a: [1\n', ['yaml/syntax 2:1']],
  ['a: !!js/function x\n', ['yaml/unknown-tag 1:4']],
  ['%YAML 1.1\n---\na: no\n', ['yaml/old-version 1:1']],
  ['a: 1\n---\nb: 2\n', ['yaml/several-documents 2:1']],
  ['a: *nowhere\n', ['yaml/syntax 1:4']],
  ['? [a]\n: 1\n', ['yaml/key 1:3']],
  ['~: 1\n', ['yaml/key 1:1']],
  ['a: &a [*a]\n', ['yaml/too-deep 1:8']],
  [`a: ${'['.repeat(40)}${']'.repeat(40)}\n`, ['yaml/too-deep 1:36']],
])('%j', (text, found) => {
  expect(problemsIn(text)).toEqual(found)
})

test('100,000 brackets, a bomb of merge keys and 4,000 plain uses of one anchor all end soon', () => {
  const bomb = Array.from({ length: 40 }, (_, i) => `k${i + 1}: &k${i + 1} { <<: [*k${i}, *k${i}], x${i}: 1 }`)
  expect(problemsIn(`a: ${'['.repeat(100_000)}`)).toHaveLength(1)
  expect(problemsIn(['k0: &k0 { x: 1 }', ...bomb].join('\n'))).toEqual([
    expect.stringContaining('yaml/too-many-values'),
  ])
  expect(problemsIn(`a: &a 1\nb: [${'*a, '.repeat(4_000)}]\n`)).toEqual([])
}, 5_000)
