/** The growth commands at the door: every example answers, as a page and as data, and mistakes have a way out. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clusterwise, repo } from '../support/host.ts'

const folder = 'scenarios/examples/growth'
const examples = readdirSync(join(repo, folder)).map((name) => `${folder}/${name}`)
const thirty = `${folder}/thirty-billion-dollars.yaml`
const llama = `${folder}/llama3-405b.yaml`
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => [...line].length))

const json = async (...argv: readonly string[]) => {
  const { code, out, err } = await clusterwise([...argv, '--json'])
  expect({ argv, code, err }).toEqual({ argv, code: 0, err: '' })
  return JSON.parse(out)
}

describe('absorb', () => {
  test.each(examples)('%s', async (file) => {
    const found = await json('absorb', file)
    expect(found).toMatchObject({ reached: true, schemaVersion: 1 })
    expect(found.loss.nats).toBeGreaterThan(1.7)
    expect(found.flop.equivalent).toBeGreaterThan(0)
    expect(found.run.utilization).toBeGreaterThan(0.005)
    expect(found.waterfall).toHaveLength(13)
    const product = found.waterfall.reduce(
      (all: number, { factor }: { factor: number }) => all * factor,
      found.flop.peak,
    )
    expect(product / found.flop.equivalent).toBeCloseTo(1, 6)
  })

  test.each(['llama-3', 'deepseek'])('a law without losses says none: %s', async (surface) => {
    const { loss, last_decade: last, planned } = await json('absorb', llama, '--set', `growth.surface=${surface}`)
    expect(loss).toMatchObject({ nats: null, interval: null })
    expect(loss.refused).toContain('no loss')
    expect(planned.loss).toBeNull()
    expect(last.nats).toBeGreaterThan(0)
    const { out } = await clusterwise([
      'grow',
      llama,
      '--from',
      '1e24',
      '--to',
      '1e26',
      '--set',
      `growth.surface=${surface}`,
    ])
    expect(out).toContain('No absolute loss')
  })

  test('thirty billion dollars buy what the literature says', async () => {
    const { gpus, flop, watts, resource, last_decade: last } = await json('absorb', thirty)
    expect(resource).toBe('money')
    expect(gpus).toBe(666_666)
    expect(flop.hardware).toBeGreaterThan(6e27 * 0.6)
    expect(flop.hardware).toBeLessThan(7e28)
    expect(watts).toBeGreaterThan(1e9)
    expect(last.nats).toBeGreaterThan(0.01)
    expect(last.nats).toBeLessThan(0.03)
    expect(last.interval.low).toBeLessThan(last.interval.high)
  })

  test('what binds has a name', async () => {
    expect((await json('absorb', `${folder}/million-gpus.yaml`)).binding.name).toBe('reliability')
    expect((await json('absorb', `${folder}/forty-epochs.yaml`)).binding.name).toBe('data')
    const lstm = await json('absorb', `${folder}/lstm-against-transformer.yaml`)
    expect(lstm.binding.name).toBe('batch')
    expect(Math.abs(lstm.run.gpus_used / 53 - 1)).toBeLessThan(0.1)
    expect((await json('absorb', thirty, '--power', '100 MW')).resource).toBe('power')
  })

  test('flags do without a file', async () => {
    const flags = ['--gpus', '1024', '--time', '30 days']
    const found = await json('absorb', ...flags)
    expect(found).toMatchObject({ gpus: 1024, seconds: 30 * 86_400 })
    expect((await json('absorb', 'clusters/dgx-b200', ...flags)).flop.peak).toBeGreaterThan(found.flop.peak)
  })

  test('mistakes have a way out', async () => {
    const nothing = await clusterwise(['absorb'])
    expect(nothing).toMatchObject({ code: 2, out: '' })
    expect(nothing.err).toContain('--gpus')
    const wrong = await clusterwise(['absorb', '--budget', 'thirty'])
    expect(wrong).toMatchObject({ code: 2, out: '' })
    expect(wrong.err).toContain('30k USD')
    expect((await clusterwise(['absorb', thirty, '--set', 'growth.optimizer=mion'])).err).toContain('muon')
    expect((await clusterwise(['absorb', '--budget', '1 USD'])).code).toBe(2)
  })

  test('a model that no split can hold is an answer', async () => {
    const { code, out } = await clusterwise(['absorb', '--gpus', '1', '--set', 'cluster.gpu.hbm.capacity=3 GB'])
    expect(code).toBe(3)
    expect(out).toContain('NOTHING')
  })
})

describe('grow', () => {
  test('decades, walls, the test of three decades and levers', async () => {
    const found = await json('grow', thirty, '--from', '1e24', '--to', '1e29')
    expect(found.decades.map(({ flop }: { flop: number }) => Math.round(Math.log10(flop)))).toEqual([
      24, 25, 26, 27, 28, 29,
    ])
    expect(found.tests).toHaveLength(3)
    expect(found.tests[0]).toMatchObject({ digests: true })
    expect(found.levers).toHaveLength(12)
    const slopes = found.decades.slice(1, 4).map(({ gain }: { gain: { ratio_slope: number } }) => gain.ratio_slope)
    for (const slope of slopes) expect(slope).toBeCloseTo(-0.3, 1)
  })

  test('a road that does not go up is refused', async () => {
    const { code, err } = await clusterwise(['grow', thirty, '--from', '1e25', '--to', '1e24'])
    expect(code).toBe(2)
    expect(err).toContain('--from 1e24 --to 1e31')
  })
})

describe('compare-paradigms', () => {
  test('choices with spans, and how many GPUs each family keeps busy', async () => {
    const found = await json('compare-paradigms', `${folder}/llama3-405b.yaml`)
    const family = Object.fromEntries(found.families.map((one: { name: string }) => [one.name, one]))
    expect(family['lstm'].gpus).toBeLessThan(60)
    expect(family['lstm'].gpus).toBeGreaterThan(40)
    expect(family['transformer'].gpus).toBeGreaterThan(10_000)
    for (const { same_flop: of, confidence, source } of found.choices) {
      expect(of.low).toBeLessThanOrEqual(of.high)
      expect(confidence).toMatch(/^[a-z]+$/)
      expect(source.length).toBeGreaterThan(8)
    }
  })
})

describe('explain', () => {
  test('a law with its text, a constant with its numbers and confidence, and the list of all', async () => {
    expect((await json('explain', 'latencyWallFlop')).law.text).toContain('batchTokens')
    expect((await json('explain', 'surfaces/besiroglu')).constant).toMatchObject({ confidence: 'secondary' })
    expect((await json('explain', 'batchLaws/power-lines')).constant.confidence).toBe('unverified')
    const all = await json('explain', 'laws')
    expect(all.laws.length).toBeGreaterThan(40)
    expect(all.constants.length).toBeGreaterThan(60)
    expect((await clusterwise(['explain', 'optimizers/moun'])).err).toContain('optimizers/muon')
  })
})

test.each(['absorb', 'grow', 'compare-paradigms'])('%s fits its page at 100 columns and in ASCII', async (command) => {
  const page = await clusterwise([command, thirty], { terminal: 100, env: { NO_COLOR: '1' } })
  expect(page.code).toBe(0)
  expect(widest(page.out)).toBeLessThanOrEqual(100)
  const plain = await clusterwise([command, thirty, '--ascii'])
  expect(plain.out).toMatch(/^[\n\x20-\x7e]*$/)
})
