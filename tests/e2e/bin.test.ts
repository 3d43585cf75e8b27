/** The built program as a shell meets it: shebang, exit codes, pipes. The rest is tested in process, in cli.test.ts. */
import { execFileSync, spawnSync, spawn as start } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { repo } from '../support/host.ts'

const bin = join(repo, 'bin/clusterwise.js')
const flagship = 'scenarios/examples/llama3-405b-h100-16k.yaml'

const spawn = (command: string, args: readonly string[]) => spawnSync(command, args, { cwd: repo, encoding: 'utf8' })

// Always, or a bundle from before the last edit would be tested.
beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: repo })
}, 60_000)

test('it starts by its first line and answers', () => {
  expect(readFileSync(bin, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  const { status, stdout, stderr } = spawn(bin, ['run', flagship, '--json'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, tool: { name: 'clusterwise' } })
})

test('a mistake ends with 2, and with nothing on stdout', () => {
  const { status, stdout, stderr } = spawn(bin, ['run', 'no-such-file.yaml'])
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('no-such-file.yaml')
})

test('a reader that leaves early is no error', () => {
  const { status, stdout, stderr } = spawn('bash', ['-c', `set -o pipefail; '${bin}' schema | head -n 1`])
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '{\n', stderr: '' })
})

test('-o may name a pipe', () => {
  const { status, stdout } = spawn('bash', ['-c', `'${bin}' run ${flagship} -q -o json:/dev/stdout | cat`])
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 })
})

test('an interrupt ends with 130', async () => {
  const child = start(bin, ['run', '-'], { cwd: repo, stdio: ['pipe', 'ignore', 'ignore'] })
  // It waits for a scenario on stdin, so it is still there when the signal comes, and has set its handler by then.
  await new Promise((resolve) => setTimeout(resolve, 2000))
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([130, null])
})

test('the package can be imported', () => {
  const script = `
    import { nodeFiles, readScenario, simulate } from 'clusterwise'
    const { job, strategy } = readScenario('${flagship}', nodeFiles(process.cwd()), { sets: [] })
    process.stdout.write(String(simulate(job, strategy).metrics.mfu))`
  const { status, stdout } = spawn(process.execPath, ['--input-type=module', '-e', script])
  expect(status).toBe(0)
  expect(Number(stdout)).toBeGreaterThan(0)
})
