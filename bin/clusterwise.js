#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'

const bundle = new URL('../dist/cli/main.js', import.meta.url)

if (existsSync(bundle)) {
  // Node 22 and later keep compiled code between runs; Node 20 has no such function.
  module.enableCompileCache?.()
  const { main, processHost } = await import(bundle.href)
  process.exitCode = await main(process.argv.slice(2), processHost(process))
} else {
  process.stderr.write('error: clusterwise is not built (installed with --ignore-scripts?)\n  run: npm run build\n')
  process.exitCode = 2
}
