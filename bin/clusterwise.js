#!/usr/bin/env node
// A script in place of a module: Node 20 can keep a script compiled, and compiling is a third of a start-up. It is kept by
// scripts/build.mjs; V8 looks whether it fits the source and itself, and compiles anew where it does not.
const { existsSync, readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { join } = require('node:path')
const { Script } = require('node:vm')

const bundle = join(__dirname, '../dist/cli/main.cjs')

/** Code is kept for each kind of command apart: what one does not run costs it time to read. The rest fare as `run` does. */
const kinds = { '--help': 'help', absorb: 'growth', grow: 'growth', 'compare-paradigms': 'growth' }
const compiledFor = (command) => `${bundle}.${kinds[command] ?? 'run'}.compiled`

function load(command) {
  const cachedData = keptCode(compiledFor(command))
  // The bundler escapes all that is not ASCII.
  const script = new Script(readFileSync(bundle, 'latin1'), { filename: bundle, cachedData })
  const module = { exports: {} }
  script.runInThisContext()(module, createRequire(bundle), bundle)
  return { ...module.exports, script }
}

function keptCode(compiled) {
  try {
    return readFileSync(compiled)
  } catch {
    return undefined
  }
}

async function start() {
  const argv = process.argv.slice(2)
  const { main, processHost } = load(argv[0] ?? '--help')
  process.exitCode = await main(argv, processHost(process))
}

module.exports = { load, compiledFor }

if (require.main === module) {
  if (existsSync(bundle)) start()
  else {
    process.stderr.write('error: clusterwise is not built (installed with --ignore-scripts?)\n  run: npm run build\n')
    process.exitCode = 2
  }
}
