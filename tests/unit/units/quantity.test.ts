import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseQuantity, type QuantityFault } from '../../../src/units/quantity.ts'
import { scalesOf } from '../../../src/units/scales.ts'
import { type Unit, units } from '../../../src/units/unit.ts'

test.each<[string, Unit, number]>([
  ['80 GB', 'bytes', 80e9],
  ['80GB', 'bytes', 80e9],
  ['80 GiB', 'bytes', 85_899_345_920], // 80 × 1024³
  ['512 KB', 'bytes', 512e3],
  ['8 b', 'bytes', 1],
  ['4 B', 'bytes', 4],
  ['400 Gb/s', 'bytesPerSecond', 50e9], // 8 bits in a byte
  ['400 Gbps', 'bytesPerSecond', 50e9],
  ['400 Gbit/s', 'bytesPerSecond', 50e9],
  ['3.35 TB/s', 'bytesPerSecond', 3.35e12],
  ['989 TFLOP/s', 'flopPerSecond', 989e12],
  ['989 TFLOPS', 'flopPerSecond', 989e12],
  ['3.8e25 FLOP', 'flop', 3.8e25],
  ['5 µs', 'seconds', 5e-6],
  ['5 μs', 'seconds', 5e-6],
  ['5 us', 'seconds', 5e-6],
  ['10 min', 'seconds', 600],
  ['3 h', 'seconds', 10_800],
  ['54 days', 'seconds', 4_665_600],
  ['4 years', 'seconds', 126_144_000], // 4 × 365 × 86,400
  ['2.5 USD/h', 'usdPerSecond', 2.5 / 3600],
  ['$2.5/h', 'usdPerSecond', 2.5 / 3600],
  ['2.5 $/h', 'usdPerSecond', 2.5 / 3600],
  ['30k USD', 'usd', 30e3],
  ['0.08 USD/kWh', 'usdPerJoule', 0.08 / 3.6e6], // 1 kWh = 3.6 MJ
  ['10.2 kW', 'watts', 10_200],
  ['2 kWh', 'joules', 7.2e6],
  ['2e-5 /h', 'perSecond', 2e-5 / 3600],
  ['2e-5 1/h', 'perSecond', 2e-5 / 3600],
  ['16384', 'count', 16_384],
  ['16,384', 'count', 16_384],
  ['1_000', 'count', 1000],
  ['128k', 'count', 128_000],
  ['128Ki', 'count', 131_072],
  ['405B', 'count', 405e9],
  ['15.6T', 'tokens', 15.6e12],
  ['15.6 T tokens', 'tokens', 15.6e12],
  ['400 tokens/s', 'tokensPerSecond', 400],
  ['73.5 %', 'ratio', 0.735],
  ['0.735', 'ratio', 0.735],
])('%s as %s', (text, unit, value) => {
  expect(parseQuantity(text, unit)).toBe(value)
})

test('a number without words is a number of SI units where no unit is due', () => {
  expect(parseQuantity(16_384, 'count')).toBe(16_384)
  expect(parseQuantity(1e21, 'count')).toBe(1e21)
})

test.each<[string | number, Unit, Partial<QuantityFault>]>([
  ['400 Gbs', 'bytesPerSecond', { kind: 'unknown-unit', symbol: 'Gbs', suggestion: '400 Gb/s (bits; = 50 GB/s)' }],
  ['400 GB', 'bytesPerSecond', { kind: 'wrong-dimension', measures: 'bytes', suggestion: '400 GB/s' }],
  ['80 GB/s', 'bytes', { kind: 'wrong-dimension', measures: 'bytesPerSecond', suggestion: '80 GB' }],
  ['80 gb', 'bytes', { kind: 'unknown-unit', suggestion: '80 GB' }],
  ['80 G', 'bytes', { kind: 'unknown-unit', suggestion: '80 GB' }],
  ['700 Watt', 'watts', { kind: 'unknown-unit', suggestion: '700 W' }],
  ['989 TFLOP', 'flopPerSecond', { kind: 'wrong-dimension', measures: 'flop', suggestion: '989 TFLOP/s' }],
  ['70 B', 'seconds', { kind: 'wrong-dimension', measures: 'bytes', suggestion: '' }],
  [450, 'bytesPerSecond', { kind: 'bare-number', suggestion: '450 GB/s' }],
  ['fast', 'bytesPerSecond', { kind: 'not-a-quantity', suggestion: '' }],
  ['', 'bytes', { kind: 'not-a-quantity' }],
  [Number.POSITIVE_INFINITY, 'count', { kind: 'not-a-quantity' }],
  ['80 GB of memory', 'bytes', { kind: 'unknown-unit', suggestion: '80 GB' }],
  [`1 ${'x'.repeat(100_000)}`, 'bytes', { kind: 'unknown-unit', suggestion: '' }],
])('%s is no %s', (text, unit, fault) => {
  expect(parseQuantity(text, unit)).toMatchObject(fault)
})

test('what is suggested can be read', () => {
  const symbols = (Object.keys(units) as Unit[]).flatMap((unit) => [...scalesOf(unit).keys()])
  for (const unit of Object.keys(units) as Unit[]) {
    for (const symbol of symbols) {
      const found = parseQuantity(`12 ${symbol}`, unit)
      if (typeof found === 'number' || found.suggestion === '') continue
      const [words = ''] = found.suggestion.split(' (')
      expect(parseQuantity(words, unit), `${words} as ${unit}`).toBeTypeOf('number')
    }
  }
})

test('a decimal prefix moves the point and changes no digit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom('k', 'M', 'G', 'T', 'P'), (whole, prefix) => {
      const power = { k: 3, M: 6, G: 9, T: 12, P: 15 }[prefix] ?? 0
      expect(parseQuantity(`${whole / 100} ${prefix}B`, 'bytes')).toBe(Number(`${whole / 100}e${power}`))
    }),
  )
})

test('nothing that a user may write makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(...(Object.keys(units) as Unit[])),
      (text, unit) => {
        parseQuantity(text, unit)
      },
    ),
  )
})
