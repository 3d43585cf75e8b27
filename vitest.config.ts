import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Pure functions share nothing, so files need no process each.
    isolate: false,
    reporters: ['default', './tests/support/summary-reporter.ts'],
    testTimeout: 20_000,
  },
})
