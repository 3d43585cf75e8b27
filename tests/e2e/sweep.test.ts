/** Search and sweep as a user meets them: tables, interruption, shards, and the promise that a row is a run. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterwise, repo } from '../support/host.ts'

const bin = join(repo, 'bin/clusterwise.js')
const small = 'scenarios/examples/llama3-8b-fsdp-h100-64.yaml'
const folder = mkdtempSync(join(tmpdir(), 'clusterwise-sweep-'))
const file = (name: string) => join(folder, name)

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: repo })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(bin, args, { cwd: repo, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const varied = ['--vary', 'cluster.gpus=8..64*2', '--vary', 'training.micro_batch=1,2']

describe('search', () => {
  const search = ['search', small, '--fix', 'recompute=none', '--fix', 'tp=1,2']

  test('the same question gives the same bytes, whatever the number of workers', () => {
    const one = run([...search, '--json', '--jobs', '1'])
    const two = run([...search, '--json', '--jobs', '2'])
    expect(one.status).toBe(0)
    expect(two).toEqual(one)
  })

  test('the winner can be written, and runs as the row says', async () => {
    const best = join('scenarios', `.best-${process.pid}.yaml`)
    try {
      const found = await clusterwise([...search, '--json', '--jobs', '1', '--write', best])
      expect(found.code).toBe(0)
      const answer = JSON.parse(found.out)
      expect(answer.search.feasible).toBeGreaterThan(0)
      expect(answer.search.legal).toBeLessThanOrEqual(answer.search.candidates)
      const again = JSON.parse((await clusterwise(['run', best, '--json'])).out)
      expect(again.metrics['step.time'].value).toBe(answer.best.metrics['step.time'].value)
      expect(again.metrics['memory.peak'].value).toBe(answer.best.metrics['memory.peak'].value)
    } finally {
      rmSync(join(repo, best), { force: true })
    }
  })

  test('what must hold narrows it, and nothing left is exit 3', async () => {
    const tight = await clusterwise([...search, '--require', 'memory.peak < 0.5 gpu.hbm', '--json', '--jobs', '1'])
    const answer = JSON.parse(tight.out)
    expect(answer.best.metrics['memory.peak'].value).toBeLessThan(0.5 * answer.best.metrics['memory.capacity'].value)
    const none = await clusterwise([...search, '--require', 'mfu > 0.99', '--jobs', '1'])
    expect(none.code).toBe(3)
    expect(none.out).toContain('NONE')
  })

  test('a list is priced as it stands', async () => {
    const list = ['{"tp":1,"zero":3}', '{"tp":2,"sp":true,"zero":3}', '{"tp":3}'].join('\n')
    const { code, out } = await clusterwise(['search', small, '--from', '-', '--json'], { stdin: list })
    expect(code).toBe(0)
    const answer = JSON.parse(out)
    expect(answer.search).toMatchObject({ candidates: 3, illegal: { 'strategy/tp-splits-heads': 1 } })
    expect(answer.rows[0].strategy.parallel.zero).toBe(3)
  })

  test.each([
    [['--fix', 'tpp=8'], 'did you mean tp'],
    [['--sort', 'mfuu'], 'did you mean mfu'],
    [['--require', 'mfu'], 'not a condition'],
    [['--pareto', 'mfu'], 'two metrics'],
  ])('a slip is told with a way out: %s', async (args, said) => {
    const { code, err } = await clusterwise(['search', small, ...args])
    expect(code).toBe(2)
    expect(err).toContain(said)
  })
})

describe('sweep', () => {
  test('a row is what run says with the same values', async () => {
    const { out } = await clusterwise(['sweep', small, ...varied, '--format', 'ndjson', '--jobs', '1'])
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toHaveLength(8)
    for (const row of rows) {
      const gpus = row['cluster.gpus']
      const micro = row['training.micro_batch']
      const args = ['run', small, '--json', '--set', `cluster.gpus=${gpus}`, '--set', `training.micro_batch=${micro}`]
      const answer = JSON.parse((await clusterwise(args)).out)
      for (const name of ['step.time', 'mfu', 'memory.peak', 'run.cost'])
        expect(row[name], `${name} at ${gpus} × ${micro}`).toBe(answer.metrics[name].value)
    }
  })

  test('lists in step, and values that follow from others', async () => {
    const args = ['--zip', '--vary', 'cluster.gpus=8,16,32', '--vary', 'training.global_batch=4 * cluster.gpus']
    const { out } = await clusterwise(['sweep', small, ...args, '--format', 'ndjson', '--jobs', '1'])
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map((row) => [row['cluster.gpus'], row['training.global_batch']])).toEqual([
      [8, 32],
      [16, 64],
      [32, 128],
    ])
  })

  test('what cannot be says why', async () => {
    const { out } = await clusterwise([
      'sweep',
      small,
      '--vary',
      'parallel.tp=1,3',
      '--format',
      'ndjson',
      '--jobs',
      '1',
    ])
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ state, why }) => [state, why])).toEqual([
      ['fits', null],
      ['illegal', 'strategy/tp-splits-heads'],
    ])
  })

  test('the best of a point is what search finds there', async () => {
    const fixed = ['--fix', 'tp=1', '--fix', 'recompute=none', '--fix', 'pp=1']
    const { out } = await clusterwise([
      'sweep',
      small,
      '--vary',
      'cluster.gpus=16,32',
      '--best',
      ...fixed,
      '--format',
      'ndjson',
      '--jobs',
      '1',
    ])
    const [first] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const found = JSON.parse(
      (await clusterwise(['search', small, '--set', 'cluster.gpus=16', ...fixed, '--json', '--jobs', '1'])).out,
    )
    expect(first['step.time']).toBe(found.best.metrics['step.time'].value)
  })

  test('a Parquet file holds what the CSV holds', async () => {
    expect(run(['sweep', small, ...varied, '-q', '-o', file('t.parquet'), '-o', file('t.ndjson')]).status).toBe(0)
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file('t.parquet')) })
    const lines = readFileSync(file('t.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toHaveLength(lines.length)
    rows.forEach((row, at) => {
      expect(Object.keys(row)).toEqual(Object.keys(lines[at]))
      expect(row['state']).toBe(lines[at].state)
      expect(row['sp']).toBe(lines[at].sp)
      expect(row['step.time']).toBeCloseTo(lines[at]['step.time'], 9)
    })
  })

  const many = ['--vary', 'economics.price=1..10000+1 USD/h', '--vary', 'training.micro_batch=1,2', '--closed-form']

  test('killed halfway and resumed, it is the same table to the byte, and nothing is done twice', async () => {
    const whole = ['sweep', small, ...many, '-q', '-o', file('whole.parquet')]
    expect(run(whole).status).toBe(0)
    const args = ['sweep', small, ...many, '-q', '--jobs', '1', '-o', file('killed.parquet')]
    const spool = file('.killed.parquet.spool.done')
    const process_ = spawn(bin, args, { cwd: repo })
    while (!existsSync(spool) || readFileSync(spool, 'utf8').split('\n').length < 3) await setTimeout(5)
    process_.kill('SIGKILL')
    await once(process_, 'exit')
    expect(existsSync(file('killed.parquet'))).toBe(false)
    const before = readFileSync(spool, 'utf8').split('\n').length
    expect(before).toBeLessThan(10)
    expect(run([...args, '--resume']).status).toBe(0)
    expect(readFileSync(file('killed.parquet')).equals(readFileSync(file('whole.parquet')))).toBe(true)
    expect(existsSync(spool)).toBe(false)
  }, 120_000)

  test('the shards of any number are the same table', () => {
    for (const of of [1, 3, 16]) {
      const parts = Array.from({ length: of }, (_, n) => file(`p${of}-${n + 1}.part`))
      parts.forEach((part, n) => {
        const { status } = run([
          'sweep',
          small,
          ...varied,
          '-q',
          '--jobs',
          '1',
          '--shard',
          `${n + 1}/${of}`,
          '-o',
          part,
        ])
        expect(status).toBe(0)
      })
      expect(run(['merge', '-q', '-o', file(`m${of}.csv`), ...parts.toReversed()]).status).toBe(0)
    }
    const table = readFileSync(file('m1.csv'), 'utf8')
    expect(readFileSync(file('m3.csv'), 'utf8')).toBe(table)
    expect(readFileSync(file('m16.csv'), 'utf8')).toBe(table)
    const gap = run(['merge', '-o', file('gap.csv'), file('p3-1.part'), file('p3-3.part')])
    expect(gap).toMatchObject({ status: 2, stderr: expect.stringContaining('missing') })
  }, 120_000)

  test.each(['slurm', 'k8s', 'github', 'parallel'])('the job for %s', async (engine) => {
    const args = [
      '--vary',
      'cluster.scale_out.bandwidth=[100, 200] Gb/s',
      '--emit',
      engine,
      '--shards',
      '2',
      '-o',
      'out/my sweep.parquet',
    ]
    const { code, out } = await clusterwise(['sweep', small, ...args])
    expect(code).toBe(0)
    expect(out).toMatchSnapshot()
  })
})
