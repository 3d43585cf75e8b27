/** The gate as a shell meets it: exit codes, pipes, a full disk, an interrupt, and Node's permissions. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { inFolder, repo } from '../support/host.ts'
import { layOut, merge } from '../support/plans.ts'

const bin = join(repo, 'bin/clusterwise.js')

const run = (cwd: string, ...argv: readonly string[]) => spawnSync(bin, argv, { cwd, encoding: 'utf8' })
const shell = (cwd: string, line: string) => spawnSync('bash', ['-c', line], { cwd, encoding: 'utf8' })

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: repo })
}, 60_000)

const inRepository = <T>(use: (cwd: string) => T | Promise<T>): Promise<T> =>
  inFolder((cwd) => {
    layOut(cwd)
    return use(cwd)
  })

test('0, 1 and 2', async () => {
  await inRepository((cwd) => {
    expect(run(cwd, 'check', 'plans')).toMatchObject({ status: 0, stderr: '' })
    merge(cwd, '2-breaks-memory')
    expect(run(cwd, 'check', 'plans', '--baseline', 'git:HEAD')).toMatchObject({ status: 1, stderr: '' })
    writeFileSync(join(cwd, 'plans/bad.yaml'), 'clutser: {}\n')
    expect(run(cwd, 'check', 'plans')).toMatchObject({ status: 2 })
    expect(run(cwd, 'check', 'nowhere.yaml')).toMatchObject({ status: 2 })
    expect(run(cwd, 'lint', 'plans/dense-70b.yaml')).toMatchObject({ status: 0, stderr: '' })
    expect(run(cwd, 'diff', 'git:HEAD', 'plans/dense-70b.yaml', '--exit-code')).toMatchObject({ status: 1, stderr: '' })
  })
})

test('3: no strategy keeps what must hold', async () => {
  await inRepository((cwd) => {
    const search = run(cwd, 'search', 'plans/small-8b.yaml', '--require', 'memory.peak < 1 GB', '-q', '--json')
    expect(search).toMatchObject({ status: 3, stderr: '' })
    expect(JSON.parse(search.stdout).search.feasible).toBe(0)
  })
})

test('70: an installation that lost a piece of itself says that the mistake is its own', async () => {
  await inRepository((cwd) => {
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(repo, part), join(cwd, part), { recursive: true })
    rmSync(join(cwd, 'dist/cli/mathjs.cjs'))
    const damaged = spawnSync(join(cwd, 'bin/clusterwise.js'), ['run', 'plans/small-8b.yaml'], {
      cwd,
      encoding: 'utf8',
    })
    expect(damaged).toMatchObject({ status: 70, stdout: '' })
    expect(damaged.stderr).toContain('please report it')
  })
})

test('| head reads what it wants, and the verdict is the same', async () => {
  await inRepository((cwd) => {
    merge(cwd, '2-breaks-memory')
    const { status, stdout, stderr } = shell(cwd, `set -o pipefail; '${bin}' check plans --json | head -n 1`)
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '{\n', stderr: '' })
  })
})

test('a full disk: exit 2, the old file as it was, and nothing half written', async () => {
  await inRepository((cwd) => {
    writeFileSync(join(cwd, 'out.json'), 'old')
    // A limit of one block for every file: what a full disk is to the writer.
    const { status, stderr } = shell(cwd, `ulimit -f 1; trap '' XFSZ; '${bin}' check plans -v -q -o out.json -o -`)
    expect(status).toBe(2)
    expect(stderr).toContain('cannot write out.json')
    expect(readFileSync(join(cwd, 'out.json'), 'utf8')).toBe('old')
    expect(readdirSync(cwd).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(run(cwd, 'check', 'plans', '-o', 'json:/dev/full')).toMatchObject({ status: 2, stdout: '' })
    const answer = shell(cwd, `'${bin}' run plans/small-8b.yaml > /dev/full`)
    expect(answer).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('cannot write the answer: the disk is full'),
    })
  })
})

test('an interrupt in the middle: 130, and no file', async () => {
  await inFolder(async (cwd) => {
    layOut(cwd)
    const plan = readFileSync(join(cwd, 'plans/dense-70b.yaml'), 'utf8')
    mkdirSync(join(cwd, 'many'))
    for (let index = 0; index < 3000; index++) writeFileSync(join(cwd, `many/${index}.yaml`), plan)
    const child = spawn(bin, ['check', 'many', '-o', 'out.json'], { cwd, stdio: 'ignore' })
    await new Promise((resolve) => setTimeout(resolve, 2500))
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect(readdirSync(cwd).filter((name) => /out\.json|\.tmp$/u.test(name))).toEqual([])
  })
})

test('--watch answers again when a file changes, and ends with an interrupt', async () => {
  await inFolder(async (cwd) => {
    layOut(cwd)
    const child = spawn(bin, ['check', 'plans', '--watch'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (text) => {
      out += text
    })
    child.stderr.on('data', (text) => {
      err += text
    })
    await until(() => err.includes('watching 3 files'))
    merge(cwd, '2-breaks-memory')
    await until(() => out.includes('✘ FAILED'))
    expect(out).toMatch(/✔ PASSED[\s\S]*✘ FAILED/u)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
  })
}, 30_000)

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50))
}

test('run without checks never loads mathjs', async () => {
  await inRepository((cwd) => {
    const trace = join(cwd, 'loaded.txt')
    const watch = join(cwd, 'watch.cjs')
    const write = `require('node:fs').writeFileSync(${JSON.stringify(trace)}, Object.keys(require.cache).join('\\n'))`
    writeFileSync(watch, `process.on('exit', () => ${write})`)
    const loads = (file: string) => {
      expect(spawnSync(process.execPath, ['-r', watch, bin, 'run', file, '--json'], { cwd }).status).toBe(0)
      return readFileSync(trace, 'utf8').includes('mathjs.cjs')
    }
    const bare = readFileSync(join(cwd, 'plans/small-8b.yaml'), 'utf8').replace(/checks:[\s\S]*/u, '')
    writeFileSync(join(cwd, 'plans/bare.yaml'), bare)
    expect(loads('plans/bare.yaml')).toBe(false)
    expect(loads('plans/small-8b.yaml')).toBe(true)
  })
})

test('it works offline with permission to read and nothing else', async () => {
  const flag = ['--permission', '--experimental-permission'].find((each) =>
    process.allowedNodeEnvironmentFlags.has(each),
  )
  if (flag === undefined) return
  await inRepository((cwd) => {
    const argv = [flag, '--no-warnings', `--allow-fs-read=${cwd}`, `--allow-fs-read=${repo}`, bin]
    const held = (...words: readonly string[]) =>
      spawnSync(process.execPath, [...argv, ...words], { cwd, encoding: 'utf8' })
    expect(held('check', 'plans')).toMatchObject({ status: 0, stderr: '' })
    const elsewhere = held('check', '/etc/hostname')
    expect(elsewhere.status).toBe(2)
    expect(held('check', 'plans', '-o', 'out.json').status).toBe(2)
    expect(existsSync(join(cwd, 'out.json'))).toBe(false)
  })
})
