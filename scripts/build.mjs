// Bundles src/ into dist/. npm runs it as `prepare`, so `npm ci` leaves a working bin/clusterwise.js.
// It only bundles: types are checked by `npm test`, since a type error here would make an install fail.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

// commander and yaml are CommonJS and call require.
const banner = {
  js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
}

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Compiling is a quarter of a start-up: short names save a tenth of it, and --debug reads the source map.
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
}

/** What a start-up can do without: commander's way to programs of several executables, chalk's to the network, and mathjs. */
const late = {
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(?:child_process|tty)$/ }, ({ path, importer }) =>
      /commander|chalk/u.test(importer) ? { path, namespace: 'late' } : undefined,
    )
    onLoad({ filter: /child_process/, namespace: 'late' }, ({ path }) => ({
      contents: `module.exports = { get spawn() { return require('${path.replace('node:', '')}').spawn } }`,
    }))
    // We tell chalk how much colour there is; what it finds out by itself is never asked for.
    onLoad({ filter: /tty/, namespace: 'late' }, () => ({ contents: 'module.exports = { isatty: () => false }' }))
    onResolve({ filter: /\/instance\.ts$/ }, () => ({ path: './mathjs.cjs', external: true }))
  },
}

const { load, programOf } = createRequire(import.meta.url)('../bin/clusterwise.js')

/** `run` does without what is loaded for other commands alone. */
const alone = {
  name: 'alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/commands(?:\/(?:check|diff|lint|init|completion))?\.ts$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, namespace: 'alone' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'alone' }, ({ path }) => ({
      contents: `throw new Error('${path} is in main.cjs')`,
    }))
  },
}

/** A command for each piece of V8's code that is kept. What comes first in a bundle is known to those after it; flags stay. */
const warmUps = [
  ['check', 'scenarios/examples/llama3-405b-h100-16k.yaml'],
  ['compare-paradigms', 'scenarios/examples/growth/thirty-billion-dollars.yaml'],
  ['--help'],
  ['run', 'scenarios/examples/llama3-405b-h100-16k.yaml'],
]

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const esbuild = await bundler()
if (esbuild) {
  // V8 knows a script by its length: compiled code must never be older than it.
  for (const [command] of warmUps) rmSync(programOf(command).compiled, { force: true })
  const built = await Promise.all([
    bundle(esbuild, 'src/index.ts', 'dist/api'),
    bundle(esbuild, 'src/cli/worker.ts', 'dist/cli'),
    bundleProgram(esbuild, 'main.cjs', [late]),
    bundleProgram(esbuild, 'run.cjs', [late, alone]),
    esbuild.build({ ...shared, entryPoints: ['src/math/instance.ts'], format: 'cjs', outfile: 'dist/cli/mathjs.cjs' }),
  ])
  const packed = await packCatalog(esbuild)
  const compiled = await compileProgram()
  removeAllBut(new Set([...built.flatMap(({ metafile }) => Object.keys(metafile.outputs)), ...packed, ...compiled]))
}

/** Parses each catalog entry once, so that a run need not: dist/catalog/KIND/NAME.json. */
async function packCatalog(esbuild) {
  const outfile = 'dist/pack.js'
  const stdin = {
    contents: "export * from './packed.ts'; export * from './yaml.ts'",
    resolveDir: 'src/scenario',
    loader: 'ts',
  }
  await esbuild.build({ stdin, bundle: true, platform: 'node', format: 'esm', target: 'node20', outfile, banner })
  const { pack, parseYaml } = await import(new URL(`../${outfile}`, import.meta.url))
  const names = readdirSync('scenarios/catalog', { recursive: true }).map((name) => name.replaceAll('\\', '/'))
  return names
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => {
      const { tree } = parseYaml({ label: name, text: readFileSync(`scenarios/catalog/${name}`, 'utf8'), own: false })
      const file = `dist/catalog/${name.replace('.yaml', '.json')}`
      mkdirSync(dirname(file), { recursive: true })
      // A file that does not parse is left to the reader, which says where and why.
      if (tree) writeFileSync(file, JSON.stringify(pack(tree)))
      return tree ? [file] : []
    })
}

/** A clone installed with `--omit=dev` has no esbuild: it keeps the bundle it has. */
async function bundler() {
  try {
    return await import('esbuild')
  } catch (error) {
    if (existsSync('dist/cli/main.cjs')) return undefined
    throw new Error('There is no dist/ and no esbuild to make it: run `npm ci` with devDependencies once.', {
      cause: error,
    })
  }
}

function bundle(esbuild, entry, outdir) {
  return esbuild.build({ ...shared, entryPoints: [entry], format: 'esm', splitting: true, outdir, banner })
}

/**
 * The program as one function of one file, since a script is what Node 20 can keep compiled: bin/clusterwise.js calls it.
 * What a command loads later is in the file too, and asleep until then.
 */
function bundleProgram(esbuild, name, plugins) {
  return esbuild.build({
    ...shared,
    entryPoints: ['src/cli/main.ts'],
    format: 'cjs',
    outfile: `dist/cli/${name}`,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
    banner: {
      js: "(function(module,require,__filename){const __url=require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
    plugins,
  })
}

/** Compiling is a third of a start-up: what V8 made of the program so far is kept after each of these commands. */
async function compileProgram() {
  const programs = new Map()
  const kept = []
  for (const argv of warmUps) {
    const { compiled, ...place } = programOf(argv[0])
    const program = programs.get(place.bundle) ?? load(place)
    programs.set(place.bundle, program)
    const silent = { isTTY: false, columns: 100, write() {} }
    await program.main(argv, { ...program.processHost(process), stdout: silent })
    writeFileSync(`${compiled}.new`, program.script.createCachedData())
    renameSync(`${compiled}.new`, compiled)
    kept.push(relative('.', compiled))
  }
  return kept
}

/** Last, and only what is stale: a process that is running keeps its files, and a failed build the old bundle. */
function removeAllBut(outputs) {
  const files = readdirSync('dist', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/'))
  for (const path of paths) if (!outputs.has(path) && !path.startsWith('dist/types/')) rmSync(path)
}
