import { expect, test } from 'vitest'
import { editDistance, nearest } from '../../../src/base/nearest.ts'

test.each([
  ['bandwith', 'bandwidth', 1], // one letter left out
  ['kv_heads', 'kv_heads', 0],
  ['hdiden', 'hidden', 1], // two neighbours swapped
  ['', 'tp', 2],
  ['heads', 'kv_heads', 3],
])('%s is %s after %i edits', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits)
})

test.each([
  ['bandwith', 'bandwidth'],
  ['Bandwidth', 'bandwidth'],
  ['latancy', 'latency'],
  ['zq', undefined],
  ['x'.repeat(100_000), undefined],
])('nearest to %s', (word, meant) => {
  expect(nearest(word, ['bandwidth', 'latency', 'domain'])).toBe(meant)
})

test('the first of equals wins, so that the answer does not change between runs', () => {
  expect(nearest('pq', ['pp', 'tp', 'cp'])).toBe('pp')
})
