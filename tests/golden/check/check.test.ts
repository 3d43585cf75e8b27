/** The example repository and its three pull requests, in every format; and that the remedies heal. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type GateFormat, gateFormats } from '../../../src/cli/formats.ts'
import { clusterwise, inFolder } from '../../support/host.ts'
import { env, layOut, merge, pullRequests } from '../../support/plans.ts'
import { readGithub, readGitlab, readJunit, readSarif } from '../../support/readers.ts'

const extensions = {
  text: 'txt',
  json: 'json',
  ndjson: 'ndjson',
  markdown: 'md',
  junit: 'xml',
  sarif: 'sarif.json',
  github: 'github.txt',
  gitlab: 'gitlab.json',
} as const satisfies Record<Exclude<GateFormat, 'auto'>, string>

const formats = Object.entries(extensions) as [keyof typeof extensions, string][]

/** The last digits may differ between machines. */
const rounded = (text: string): string =>
  text.replace(/(?<![\w.-])-?\d+\.\d+(e[+-]?\d+)?(?![\w.])/g, (number) => String(Number(Number(number).toPrecision(4))))

const outcome = { '1-harmless': 0, '2-breaks-memory': 1, '3-breaks-budget': 1 } as Record<string, number>

test('there are three, and every format has a golden file', () => {
  expect(pullRequests).toEqual(Object.keys(outcome))
  expect(['auto', ...Object.keys(extensions)].toSorted()).toEqual([...gateFormats].toSorted())
})

describe.each(pullRequests)('%s', (pullRequest) => {
  test.each(formats)('%s', async (format, extension) => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      merge(cwd, pullRequest)
      const { code, out, err } = await clusterwise(['check', 'plans', '--baseline', 'git:HEAD', '-f', format], { cwd, env })
      expect({ code, err }).toEqual({ code: outcome[pullRequest], err: '' })
      if (format === 'junit') readJunit(out)
      if (format === 'sarif') readSarif(out)
      if (format === 'gitlab') readGitlab(out)
      if (format === 'github') expect(readGithub(out)).toHaveLength(out.trimEnd().split('\n').filter(Boolean).length)
      const kept = format.endsWith('json') ? rounded(out) : out
      await expect(kept).toMatchFileSnapshot(`out/${pullRequest}.${extension}`)
    })
  })
})

test.each([
  ['2-breaks-memory', 'training.micro_batch', 'memory.peak'],
  ['3-breaks-budget', 'training.tokens', 'run.cost'],
])('%s: the cause is %s, and every remedy heals', async (pullRequest, cause, metric) => {
  await inFolder(async (cwd) => {
    layOut(cwd)
    merge(cwd, pullRequest)
    const argv = ['check', 'plans/dense-70b.yaml', '--baseline', 'git:HEAD', '--json']
    const { plans } = JSON.parse((await clusterwise(argv, { cwd, env })).out)
    const [{ checks, remedies }] = plans
    const broken = checks.find(({ expr, state }: Check) => expr.startsWith(metric) && state === 'failed')
    expect(broken.causes).toHaveLength(1)
    expect(broken.causes[0]).toMatchObject({ path: cause, enough: true })
    expect(broken.causes[0].effect / (broken.value - broken.before)).toBeCloseTo(1, 6)
    expect(remedies.length).toBeGreaterThan(0)
    const costs = remedies.map(({ cost }: { cost: number }) => cost)
    expect(costs).toEqual(costs.toSorted((a: number, b: number) => a - b))
    for (const { set } of remedies) {
      const sets = set.flatMap((each: string) => ['--set', each])
      const healed = await clusterwise([...argv, ...sets], { cwd, env })
      expect(healed.code, String(set)).toBe(0)
    }
  })
})

interface Check {
  readonly expr: string
  readonly state: string
}

test('diff', async () => {
  await inFolder(async (cwd) => {
    layOut(cwd)
    const sets = 'tokens: 2.45T\n  micro_batch: 2'
    writeFileSync(join(cwd, 'next.yaml'), `extends: plans/dense-70b.yaml\nname: Dense 70B, next\ntraining:\n  ${sets}\nparallel: { vpp: 2 }\n`)
    const argv = ['diff', 'plans/dense-70b.yaml', 'next.yaml']
    for (const [format, extension] of [
      ['text', 'txt'],
      ['json', 'json'],
      ['markdown', 'md'],
    ] as const) {
      const { code, out, err } = await clusterwise([...argv, '-f', format], { cwd, env })
      expect({ code, err }).toEqual({ code: 0, err: '' })
      await expect(format === 'json' ? rounded(out) : out).toMatchFileSnapshot(`out/diff.${extension}`)
    }
    const { inputs, attribution } = JSON.parse((await clusterwise([...argv, '--json'], { cwd, env })).out).plans[0]
    expect(inputs.map(({ path }: { path: string }) => path)).toEqual(['training.micro_batch', 'training.tokens', 'parallel.vpp'])
    const sum = (key: string) => attribution.shares.reduce((total: number, share: Record<string, number>) => total + (share[key] ?? 0), 0)
    expect(sum('inOrder')).toBeCloseTo(attribution.total, 9)
    expect(sum('alone') + attribution.interaction).toBeCloseTo(attribution.total, 9)
  })
})

