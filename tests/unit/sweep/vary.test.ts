/** What `--vary` may say, and which points a sweep has. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digitsAt, gridOf, readVary, shardOf } from '../../../src/sweep/vary.ts'

const values = (text: string) => {
  const made = readVary(text)
  return 'values' in made ? made.values : made
}

test.each([
  ['cluster.gpus=256..2048*2', ['256', '512', '1024', '2048']],
  ['training.micro_batch=1..4', ['1', '2', '3', '4']],
  ['cluster.gpus=100..1000+300', ['100', '400', '700', '1000']],
  ['a.b=0.1..0.3+0.1', ['0.1', '0.2', '0.3']],
  ['cluster.scale_up.bandwidth=[450, 900] GB/s', ['450 GB/s', '900 GB/s']],
  ['cluster.scale_out.bandwidth=100..400*2 Gb/s', ['100 Gb/s', '200 Gb/s', '400 Gb/s']],
  ['training.tokens=[300B, 1T]', ['300B', '1T']],
  ['parallel.schedule=1f1b, gpipe', ['1f1b', 'gpipe']],
  ['parallel.layers_per_stage=[[1, 2], [2, 1]]', ['[1, 2]', '[2, 1]']],
  ['parallel.zero=2', ['2']],
])('%s', (text, expected) => {
  expect(values(text)).toEqual(expected)
})

test('another path makes it an expression', () => {
  expect(readVary('training.global_batch=4 * cluster.gpus')).toEqual({
    kind: 'expression',
    path: 'training.global_batch',
    text: '4 * cluster.gpus',
  })
})

test.each(['gpus', '=1..2', 'cluster.gpus=', 'cluster.gpus=8..1', 'cluster.gpus=1..8*1', 'cluster.gpus=1..1e12'])(
  'refused, with a way out: %s',
  (text) => {
    expect(readVary(text)).toMatchObject({ message: expect.any(String), hint: expect.stringContaining('--vary') })
  },
)

describe('points', () => {
  const grid = gridOf(
    [
      { kind: 'values', path: 'a', values: ['1', '2', '3'] },
      { kind: 'values', path: 'b', values: ['x', 'y'] },
    ],
    false,
  )
  const at = (point: number) => {
    const digits = new Int32Array(2)
    digitsAt(grid, point, digits)
    return [...digits]
  }

  test('the last turns fastest', () => {
    expect(grid.count).toBe(6)
    expect([0, 1, 2, 5].map(at)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [2, 1],
    ])
  })

  test('shards are all points, each once, however many there are', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 64 }), (count, of) => {
        let next = 0
        for (let shard = 1; shard <= of; shard++) {
          const { from, to } = shardOf(count, shard, of)
          expect(from).toBe(next)
          next = to
        }
        expect(next).toBe(count)
      }),
    ))
})
