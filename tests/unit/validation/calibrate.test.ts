/** A few runs of one's own: what they decide, what they leave, and that others of the same cluster come out better. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { simulate } from '../../../src/engine/simulate.ts'
import { applied, calibrate, type Factors, mostTelling, type Observation } from '../../../src/validation/calibrate.ts'
import { gainOf } from '../../../src/validation/gain.ts'
import { mean } from '../../../src/validation/statistics.ts'
import { clusterwise, inFolder } from '../../support/host.ts'
import { judgeCommitted } from '../../validation/committed.ts'
import { job, strategy } from '../report/fixture.ts'

const ground = { stack: 'Meta Llama 3 (4D parallel)' }
const as = (factors: Partial<Factors>): Factors => ({ matmul: 1, attention: 1, network: 1, host: 1, ...factors })

/** What a cluster would measure on which these factors are true. */
function observed(truth: Factors, change: Partial<typeof strategy> = {}, gpus = job.cluster.gpus): Observation {
  const own = { ...job, cluster: { ...job.cluster, gpus }, batch: { ...job.batch, globalBatch: gpus / 8 } }
  const layout = { ...strategy, ...change }
  const step_time = simulate(applied(own, truth), layout).metrics['step.time']
  return { job: own, strategy: layout, measured: { source: 'a test', step_time }, ground }
}

describe('calibrate', () => {
  test('one run moves what its time depends on, part of the way: some of it may be chance', () => {
    const { factors, fitted, before, after } = calibrate([observed(as({ matmul: 0.85 }))]) ?? expect.fail()
    expect(fitted).toContain('matmul')
    expect(factors.matmul).toBeGreaterThan(0.85)
    expect(factors.matmul).toBeLessThan(0.97)
    expect(factors.attention).toBeLessThanOrEqual(1)
    expect(factors.attention).toBeGreaterThan(factors.matmul)
    expect(factors.host).toBe(1)
    expect(Math.abs(after[0] as number)).toBeLessThan(Math.abs(before[0] as number))
  })

  test('the more runs agree, the nearer to them', () => {
    const run = observed(as({ matmul: 0.85 }))
    const one = calibrate([run]) ?? expect.fail()
    const many = calibrate(Array.from({ length: 12 }, () => run)) ?? expect.fail()
    expect(many.factors.matmul).toBeLessThan(one.factors.matmul)
    expect(Math.abs(many.after[0] as number)).toBeLessThan(0.02)
  })

  test('a run without a network says nothing of it', () => {
    const alone =
      calibrate([observed(as({ matmul: 0.85 }), { pp: 1, dp: 1, cp: 1, shardRanks: 1 }, 8)]) ?? expect.fail()
    expect(alone.fitted).not.toContain('network')
    expect(alone.factors.network).toBe(1)
  })

  test('of a small run and those of the full size, one of the latter tells more', () => {
    const full = observed(as({}))
    const small = observed(as({}), { pp: 1, dp: 1, cp: 1, shardRanks: 1 }, 8)
    expect(mostTelling([small, full, full])).toBeGreaterThan(0)
  })

  test('right as it is: nothing changes', () => {
    expect(calibrate([observed(as({}))])?.factors.matmul).toBeCloseTo(1)
    expect(calibrate([])).toBeUndefined()
  })
})

test('one run of a published source makes the prediction of its others better', () => {
  const judged = judgeCommitted([], /simumax|nemo-megatron-v24|bloom2022|vocabpar2024/u)
  const gains = ['simumax', 'dgxc-nemo_megatron-v24.11.1', 'bloom2022', 'vocabpar2024'].map((source) => {
    const own = judged.filter(({ run }) => run.sourceKey === source && !run.moe)
    return gainOf(own.flatMap(({ observation }) => observation ?? []).slice(0, 12), 2)
  })
  expect(mean(gains.map(({ after }) => after.median))).toBeLessThan(mean(gains.map(({ before }) => before.median)))
})

test('host cost is told apart from rates by runs that differ in it', () => {
  const truth = as({ host: 2 })
  const small = { ...job, model: { ...job.model, hidden: 2048, ffn: 5632, heads: 16, layers: 126 } }
  const slow = { ...small, software: { ...small.software, hostSecondsPerLayer: 2e-3 } }
  const run = (own: typeof job): Observation => {
    const step_time = simulate(applied(own, truth), strategy).metrics['step.time']
    return { job: own, strategy, measured: { source: 'a test', step_time }, ground }
  }
  const { factors, fitted } =
    calibrate([...Array.from({ length: 4 }, () => run(slow)), run(job), run(job)]) ?? expect.fail()
  expect(fitted).toContain('host')
  expect(factors.host).toBeGreaterThan(1.3)
})

describe('on the command line', () => {
  const run = 'scenarios/published/korthikanti2022-175b-full.yaml'
  const other = 'scenarios/published/korthikanti2022-1t-full.yaml'

  test('what it writes is taken by --calibration, and narrows the range', async () => {
    const [plain, own, again] = await inFolder(async (folder) => {
      const file = join(folder, 'calibration.yaml')
      const { code, out, err } = await clusterwise([
        'calibrate',
        run,
        '--out',
        file,
        '--set',
        'cluster.gpu.peak.bf16=280 TFLOP/s',
      ])
      expect({ code, err }).toEqual({ code: 0, err: `wrote ${file}\n` })
      expect(out).toContain('sustained rates of matmuls')
      expect(readFileSync(file, 'utf8')).toContain('calibration: own')
      const answer = async (...more: string[]) =>
        JSON.parse((await clusterwise(['run', other, '--json', '--root', '/', ...more])).out)
      return [
        await answer(),
        await answer('--calibration', file),
        await answer('--calibration', file, '--set', 'cluster.gpu.calibration=estimated'),
      ]
    })
    expect(own.uncertainty.share).toBeLessThan(plain.uncertainty.share)
    expect(own.metrics['step.time'].value).not.toBe(plain.metrics['step.time'].value)
    expect(again.uncertainty.share).toBeGreaterThan(own.uncertainty.share)
  })

  test('runs without a measurement, and runs of two machines, are refused with a way out', async () => {
    const none = await clusterwise(['calibrate', 'scenarios/examples/gpt3-175b-a100-512.yaml'])
    expect(none.code).toBe(2)
    expect(none.err).toContain('step_time')
    const mixed = await clusterwise(['calibrate', run, 'scenarios/published/runs/bridge-25.11.ndjson'])
    expect(mixed.err).toContain('calibrate one cluster at a time')
  })
})
