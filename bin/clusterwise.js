#!/usr/bin/env node
// A script in place of a module: Node 20 can keep a script compiled, and compiling is a third of a start-up. It is kept by
// scripts/build.mjs; V8 looks whether it fits the source and itself, and compiles anew where it does not.
const { existsSync, readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

const dist = join(__dirname, '../dist/cli')

/**
 * `run.cjs` is the program without what other commands do. Code is kept by what it is for: the rest costs time to read.
 * What is over in a blink is not worth a compiler that optimizes: V8 waits for loops that last (`isBrief`).
 */
const programs = {
  '--help': { bundle: 'run.cjs', code: 'help', isBrief: true },
  run: { bundle: 'run.cjs', code: 'run', isBrief: true },
  absorb: { bundle: 'main.cjs', code: 'growth' },
  grow: { bundle: 'main.cjs', code: 'growth' },
  'compare-paradigms': { bundle: 'main.cjs', code: 'growth' },
}
const others = { bundle: 'main.cjs', code: 'others' }

function programOf(command) {
  const { bundle, code, isBrief } = programs[command] ?? others
  return { bundle: join(dist, bundle), compiled: join(dist, `${bundle}.${code}.compiled`), isBrief }
}

/**
 * Bytes of bytecode that run before a function is looked at again: 30 times V8's own for code, 8 times for its records.
 * Only for versions whose V8 knows the flags (its flag-definitions.h): it complains of any other on stderr.
 */
const knowsFlags = /^v2[0-4]\./.test(process.version)
const patience = ['--interrupt-budget=2000000', '--interrupt-budget-factor-for-feedback-allocation=64']

function load({ bundle, compiled, isBrief }) {
  // Before the code is read: what was compiled under other flags is not taken.
  if (isBrief && knowsFlags) for (const flag of patience) setFlagsFromString(flag)
  // The bundler escapes all that is not ASCII.
  const script = new Script(readFileSync(bundle, 'latin1'), { filename: bundle, cachedData: keptCode(compiled) })
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
  const { main, processHost } = load(programOf(argv[0] ?? '--help'))
  process.exitCode = await main(argv, processHost(process))
}

module.exports = { load, programOf }

if (require.main === module) {
  if (existsSync(join(dist, 'main.cjs'))) start()
  else {
    process.stderr.write('error: clusterwise is not built (installed with --ignore-scripts?)\n  run: npm run build\n')
    process.exitCode = 2
  }
}
