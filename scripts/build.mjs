// Bundles src/ into dist/. npm runs it as `prepare`, so `npm ci` leaves a working bin/clusterwise.js.
// It only bundles: types are checked by `npm test`, since a type error here would make an install fail.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

// commander and yaml are CommonJS and call require.
const banner = {
  js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const esbuild = await bundler()
if (esbuild) {
  // Apart from each other: together they would be split into twice as many pieces, and each piece costs a start-up.
  const built = await Promise.all([
    bundle(esbuild, { in: 'src/cli/main.ts', out: 'cli/main' }),
    bundle(esbuild, { in: 'src/index.ts', out: 'api/index' }),
    bundle(esbuild, { in: 'src/cli/worker.ts', out: 'cli/worker' }),
  ])
  const packed = await packCatalog(esbuild)
  removeAllBut(new Set([...built.flatMap(({ metafile }) => Object.keys(metafile.outputs)), ...packed]))
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
    if (existsSync('dist/cli/main.js')) return undefined
    throw new Error('There is no dist/ and no esbuild to make it: run `npm ci` with devDependencies once.', {
      cause: error,
    })
  }
}

function bundle(esbuild, entry) {
  return esbuild.build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outdir: 'dist',
    // All as deep as src/cli/, so that `../../scenarios` means the same folder from there and from the source.
    chunkNames: 'chunks/[name]-[hash]',
    // Compiling is a quarter of a start-up: short names save a tenth of it, and --debug reads the source map.
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
    banner,
  })
}

/** Last, and only what is stale: a process that is running keeps its files, and a failed build the old bundle. */
function removeAllBut(outputs) {
  const files = readdirSync('dist', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/'))
  for (const path of paths) if (!outputs.has(path) && !path.startsWith('dist/types/')) rmSync(path)
}
