/** A short campaign of `npm run fuzz`, the same each time. The long one and its figures: tests/README.md. */
import { expect, test } from 'vitest'
import { campaign } from './support/fuzz/campaign.ts'

test('three thousand inputs from strangers: answers and problems, no crash, no hang', {
  timeout: 120_000,
}, async () => {
  const { failures, codes, answered } = await campaign({ seed: 20, inputs: 3000 })
  expect(failures).toEqual([])
  expect(answered).toBeGreaterThan(1000)
  expect(codes.size).toBeGreaterThan(25)
})
