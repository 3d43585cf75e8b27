/** The growth pages as a visitor sees them at 100 columns without colour. */
import { expect, test } from 'vitest'
import { clusterwise } from '../support/host.ts'

const file = 'scenarios/examples/growth/thirty-billion-dollars.yaml'

test.each([
  ['absorb', [file]],
  ['grow', [file, '--from', '1e24', '--to', '1e31']],
  ['compare-paradigms', [file]],
])('%s', async (command, words) => {
  const { out } = await clusterwise([command, ...words], { terminal: 100, env: { NO_COLOR: '1' } })
  await expect(out).toMatchFileSnapshot(`growth/${command}.txt`)
})
