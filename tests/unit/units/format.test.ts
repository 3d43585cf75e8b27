import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatQuantity } from '../../../src/units/format.ts'
import { parseQuantity } from '../../../src/units/quantity.ts'
import { type Unit, units } from '../../../src/units/unit.ts'

test.each<[number, Unit, string]>([
  [67.1e6, 'bytes', '67.1 MB'],
  [80e9, 'bytes', '80 GB'],
  [999.7e6, 'bytes', '1.00 GB'],
  [6.2834, 'seconds', '6.28 s'],
  [6.2, 'seconds', '6.2 s'],
  [6.2034, 'seconds', '6.20 s'],
  [331e-6, 'seconds', '331 µs'],
  [5e-6, 'seconds', '5 µs'],
  [1e-12, 'seconds', '0.001 ns'],
  [121, 'seconds', '2.02 min'],
  [10_800, 'seconds', '3 h'],
  [67.6 * 86_400, 'seconds', '67.6 days'],
  [3000 * 86_400, 'seconds', '3,000 days'],
  [0.418, 'ratio', '41.8 %'],
  [0, 'ratio', '0 %'],
  [2.67e6, 'tokensPerSecond', '2.67 M tokens/s'],
  [15.6e12, 'tokens', '15.6 T tokens'],
  [414e12, 'flopPerSecond', '414 TFLOP/s'],
  [3.8e25, 'flop', '3.8e25 FLOP'],
  [26.6e6, 'count', '26.6 M'],
  [16_384, 'count', '16,384'],
  [4.6, 'count', '4.6'],
  [0.0123, 'count', '0.0123'],
  [450e9, 'bytesPerSecond', '450 GB/s'],
  [2.5 / 3600, 'usdPerSecond', '2.5 USD/h'],
  [0.08 / 3.6e6, 'usdPerJoule', '0.08 USD/kWh'],
  [2e-5 / 3600, 'perSecond', '2e-5 /h'],
  [58.1e6, 'usd', '58.1 M USD'],
  [3e10 * 3600, 'joules', '30 GWh'],
  [10_200, 'watts', '10.2 kW'],
  [-0.41, 'seconds', '−410 ms'],
  [Number.POSITIVE_INFINITY, 'ratio', '∞'],
  [Number.NaN, 'count', '–'],
])('%d in %s reads %s', (value, unit, text) => {
  expect(formatQuantity(value, unit)).toBe(text)
})

test('what is printed reads back as the same number, to the digits shown', () => {
  const values = fc.double({ min: 1e-9, max: 1e18, noNaN: true })
  fc.assert(
    fc.property(values, fc.constantFrom(...(Object.keys(units) as Unit[])), (value, unit) => {
      const read = parseQuantity(formatQuantity(value, unit), unit)
      expect(read).toBeTypeOf('number')
      expect(Math.abs(Number(read) / value - 1)).toBeLessThan(0.005)
    }),
  )
})
