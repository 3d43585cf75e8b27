/** The gate at the door: formats, exit codes, baselines, and names that strangers chose. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { modelVersion } from '../../src/engine/version.ts'
import { clusterwise, inFolder } from '../support/host.ts'
import { hostileTexts } from '../support/hostile.ts'
import { commitAll, env, layOut, merge } from '../support/plans.ts'
import { readGithub, readGitlab, readJunit, readSarif } from '../support/readers.ts'

const fits = 'memory.peak < 1 TB'

interface Log {
  readonly runs: readonly { readonly results: readonly { readonly ruleId: string }[] }[]
}

/** A plan with these checks, as YAML of the rest. */
const planWith = (checks: readonly string[], more = ''): string =>
  `extends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2024]
cluster: { gpus: 64 }
training: { sequence_length: 8192, global_batch: 128, tokens: 1T }
parallel: { tp: 2, sp: true, zero: 1 }
${more}
checks: ${JSON.stringify(checks)}
`

async function inPlans<T>(plans: Readonly<Record<string, string>>, use: (cwd: string) => Promise<T>): Promise<T> {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, 'plans'))
    for (const [name, text] of Object.entries(plans)) writeFileSync(join(cwd, 'plans', name), text)
    return use(cwd)
  })
}

describe('exit codes', () => {
  test.each<[string, string, readonly string[], number]>([
    ['holds', planWith([fits]), [], 0],
    ['fails', planWith(['mfu > 99%']), [], 1],
    ['warns', planWith([]).replace('[]', '[{ expr: mfu > 99%, severity: warning }]'), [], 0],
    ['no checks', planWith([]), [], 0],
    ['no checks, and they are required', planWith([]), ['--require-checks'], 1],
    ['an unknown name', planWith(['mfuu > 1']), [], 2],
    ['no scenario', 'clutser: {}', [], 2],
    [
      'a budget without a baseline is skipped',
      planWith([]).replace('[]', '[{ expr: step.time, max_increase: 5 % }]'),
      [],
      0,
    ],
  ])('%s', async (_, text, flags, expected) => {
    await inPlans({ 'a.yaml': text }, async (cwd) => {
      const { code } = await clusterwise(['check', 'plans', ...flags], { cwd, env })
      expect(code).toBe(expected)
    })
  })

  test.each([
    ['a pattern that matches nothing', ['check', 'nothing/*.yaml'], 'no file matches'],
    ['a baseline that is not there', ['check', 'plans', '--baseline', 'none.json'], 'there is no baseline'],
    ['a revision that is not there', ['check', 'plans', '--baseline', 'git:nowhere'], 'knows no revision'],
    ['a revision that is a flag', ['check', 'plans', '--baseline', 'git:--output=/tmp/x'], 'knows no revision'],
    [
      'a baseline that cannot be written',
      ['check', 'plans', '--baseline', 'git:HEAD', '--update-baseline'],
      'cannot be written',
    ],
    ['an unknown format', ['check', 'plans', '-f', 'xml'], 'junit'],
    ['a full disk', ['check', 'plans', '-o', 'junit:/dev/full'], 'the disk is full'],
  ])('%s ends with 2', async (_, argv, words) => {
    await inPlans({ 'a.yaml': planWith([fits]) }, async (cwd) => {
      commitAll(cwd)
      const { code, out, err } = await clusterwise(argv, { cwd, env })
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain(words)
    })
  })

  test('one bad file among good ones: all are said, and 2 it is', async () => {
    await inPlans(
      { 'a.yaml': planWith(['mfu > 99%']), 'b.yaml': 'clutser: {}', 'c.yaml': planWith([fits]) },
      async (cwd) => {
        const { code, out, err } = await clusterwise(['check', 'plans', '-o', '-', '-o', 'sarif:s.sarif', '-q'], {
          cwd,
          env,
        })
        expect(code).toBe(2)
        expect(err).toContain('plans/b.yaml:1:1')
        expect(out).toContain('2 plans, 2 checks: 1 passed, 1 failed, 1 file unreadable')
        const { runs } = readSarif(readFileSync(join(cwd, 's.sarif'), 'utf8')) as Log
        const results = runs.flatMap((each) => each.results)
        expect(results.map(({ ruleId }) => ruleId)).toEqual(expect.arrayContaining(['check', 'scenario/unknown-key']))
      },
    )
  })
})

describe('a mistake in a check', () => {
  test.each([
    ['mfuu > 1', 6, 4, 'did you mean mfu?'],
    ['memory.peak < 72', 6, 16, 'did you mean 72 GB?'],
    ['mfu >', 10, 1, 'unexpected end'],
  ])('%s is marked where it stands', async (check, column, length, words) => {
    await inPlans({ 'a.yaml': planWith([]).replace('[]', `\n  - ${check}`) }, async (cwd) => {
      for (const command of ['check', 'lint', 'run']) {
        const { code, err } = await clusterwise([command, 'plans/a.yaml'], { cwd, env })
        expect(code, command).toBe(2)
        expect(err.replace(/\s+/gu, ' ')).toContain(words)
        expect(err).toContain(`plans/a.yaml:7:${column - 1}`)
        expect(err).toMatch(new RegExp(`\\| {${column - 1}}\\^{${length}}\\n`))
      }
    })
  })
})

describe('baselines', () => {
  const plan = planWith([])
    .replace('[]', '[{ expr: run.cost, max_increase: 5 % }]')
    .replace('gpus: 64', 'gpus: 64, gpu: { price: 2 USD/h }')
  const dearer = plan.replace('2 USD/h', '3 USD/h')

  test('written, committed, compared', async () => {
    await inPlans({ 'a.yaml': plan }, async (cwd) => {
      const update = ['check', 'plans', '--update-baseline', '-q']
      expect((await clusterwise(update, { cwd, env })).code).toBe(0)
      const path = join(cwd, '.clusterwise/baseline.json')
      const text = readFileSync(path, 'utf8')
      await clusterwise(update, { cwd, env })
      expect(readFileSync(path, 'utf8')).toBe(text)
      const { plans, model } = JSON.parse(text)
      expect(model).toBe(modelVersion)
      expect(Object.keys(plans)).toEqual(['plans/a.yaml'])
      expect(Object.keys(plans['plans/a.yaml'].metrics)).toEqual(Object.keys(plans['plans/a.yaml'].metrics).toSorted())
      for (const value of Object.values<number | null>(plans['plans/a.yaml'].metrics)) {
        if (value !== null) expect(Number(value.toPrecision(6))).toBe(value)
      }
      const check = ['check', 'plans', '--baseline', '.clusterwise/baseline.json', '--json']
      expect((await clusterwise(check, { cwd, env })).code).toBe(0)
      writeFileSync(join(cwd, 'plans/a.yaml'), dearer)
      const failed = await clusterwise(check, { cwd, env })
      expect(failed.code).toBe(1)
      const [{ checks, remedies }] = JSON.parse(failed.out).plans
      expect(checks[0].causes[0]).toMatchObject({ path: 'cluster.gpu.price', enough: true })
      expect(remedies[0].set[0]).toMatch(/^cluster\.gpu\.price=0\.000555556 USD\/s$/)
    })
  })

  test('of another model: the model changed, not the plan', async () => {
    await inPlans({ 'a.yaml': plan }, async (cwd) => {
      await clusterwise(['check', 'plans', '--update-baseline', '--baseline', 'b.json', '-q'], { cwd, env })
      const path = join(cwd, 'b.json')
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(`"model": ${modelVersion}`, `"model": ${modelVersion + 1}`),
      )
      const argv = ['check', 'plans', '--baseline', 'b.json']
      const refused = await clusterwise(argv, { cwd, env })
      expect(refused).toMatchObject({ code: 2, out: '' })
      expect(refused.err).toContain('the model changed, not your plan')
      expect((await clusterwise([...argv, '--allow-other-model'], { cwd, env })).code).toBe(0)
    })
  })

  test.each([
    '',
    '[]',
    '{"schemaVersion":1}',
    '{"schemaVersion":1,"model":1,"plans":{"plans/a.yaml":7}}',
    '{"schemaVersion":1,"model":1,"plans":{"__proto__":{"inputs":{"a.b=c":[{}]},"metrics":{"mfu":"x"}}}}',
  ])('a broken one is a mistake or an empty one: %s', async (text) => {
    await inPlans({ 'a.yaml': plan }, async (cwd) => {
      writeFileSync(join(cwd, 'b.json'), text)
      const { code } = await clusterwise(['check', 'plans', '--baseline', 'b.json'], { cwd, env })
      expect([0, 2]).toContain(code)
    })
  })

  test('a revision: new plans are new, deleted ones are of no concern', async () => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      writeFileSync(join(cwd, 'plans/new.yaml'), planWith([fits]))
      const { code, out } = await clusterwise(['check', 'plans', '--baseline', 'git:HEAD', '--json'], { cwd, env })
      expect(code).toBe(0)
      expect(JSON.parse(out).plans.map(({ inBaseline }: { inBaseline: boolean }) => inBaseline)).toEqual([
        true,
        false,
        true,
      ])
    })
  })
})

describe('outputs', () => {
  test('several at once, each whole', async () => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      merge(cwd, '2-breaks-memory')
      const targets = ['junit:j.xml', 'sarif:s.sarif', 'gitlab:g.json', 'markdown:m', 'n.ndjson', '-']
      const { code, out } = await clusterwise(
        ['check', 'plans', '-q', ...targets.flatMap((target) => ['-o', target])],
        { cwd, env },
      )
      expect(code).toBe(1)
      const read = (name: string) => readFileSync(join(cwd, name), 'utf8')
      readJunit(read('j.xml'))
      readSarif(read('s.sarif'))
      readGitlab(read('g.json'))
      expect(read('m')).toMatch(/^<!-- clusterwise -->\n/)
      expect(read('n.ndjson').trimEnd().split('\n')).toHaveLength(2)
      expect(out).toContain('✘ FAILED')
      expect(readdirSync(cwd).filter((name) => name.endsWith('.tmp'))).toEqual([])
    })
  })

  test('auto is text, and on GitHub annotations too', async () => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      merge(cwd, '2-breaks-memory')
      const usual = await clusterwise(['check', 'plans'], { cwd, env })
      expect(readGithub(usual.out)).toEqual([])
      const there = await clusterwise(['check', 'plans'], { cwd, env: { ...env, GITHUB_ACTIONS: 'true' } })
      expect(there.out.startsWith(usual.out)).toBe(true)
      expect(readGithub(there.out)[0]).toMatchObject({
        command: 'error',
        properties: { file: 'plans/dense-70b.yaml', line: '17' },
      })
    })
  })

  test('GitHub: ten errors and ten warnings, the worst first, and a line on the rest', async () => {
    const checks = Array.from({ length: 30 }, (_, index) =>
      index % 2 ? `{ expr: mfu > ${index + 100}%, severity: warning }` : `mfu > ${index + 100}%`,
    )
    await inPlans({ 'a.yaml': planWith([]).replace('[]', `\n  - ${checks.join('\n  - ')}`) }, async (cwd) => {
      const { out } = await clusterwise(['check', 'plans', '-f', 'github'], { cwd, env })
      const commands = readGithub(out).map(({ command }) => command)
      expect(commands.filter((command) => command === 'error')).toHaveLength(10)
      expect(commands.filter((command) => command === 'warning')).toHaveLength(9)
      expect(commands.slice(0, 9)).toEqual(Array(9).fill('error'))
      expect(readGithub(out).at(-1)?.message).toMatch(/^and 12 more/)
    })
  })

  test('paths count from the top of the repository', async () => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      merge(cwd, '2-breaks-memory')
      const { out } = await clusterwise(['check', 'dense-70b.yaml', '-f', 'github', '--baseline', 'git:HEAD'], {
        cwd: join(cwd, 'plans'),
        env,
      })
      expect(readGithub(out)[0]?.properties['file']).toBe('plans/dense-70b.yaml')
    })
  })
})

describe('names that strangers chose', () => {
  const plan = (text: string) =>
    planWith([], `name: ${JSON.stringify(text)}`).replace(
      '[]',
      `[{ expr: mfu > 99%, reason: ${JSON.stringify(text)} }]`,
    )

  test.each(hostileTexts)('%j', async (text) => {
    await inPlans({ 'a.yaml': plan(text) }, async (cwd) => {
      const ask = async (format: string) => (await clusterwise(['check', 'plans', '-f', format], { cwd, env })).out
      const [lines, markdown, github] = [await ask('text'), await ask('markdown'), await ask('github')]
      for (const out of [lines, markdown, github])
        expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u)
      expect(lines).not.toMatch(/^\s*(?:::|##\[)/mu)
      expect(readGithub(github)).toHaveLength(1)
      // In a fence nothing is markup.
      const prose = markdown.replace(/^(`{3,})[^`]*?\n[\s\S]*?\n\1$/gmu, '')
      expect(prose.match(/(?<!\\)</gu)).toHaveLength(1)
      readJunit(await ask('junit'))
      readSarif(await ask('sarif'))
      readGitlab(await ask('gitlab'))
      JSON.parse(await ask('json'))
    })
  })

  test('file names too', async () => {
    const names = [
      'a b.yaml',
      'ü,:%.yaml',
      "'quote'.yaml",
      '<b>|`.yaml',
      '--set.yaml',
      '::error::x.yaml',
      '\u001b[31m.yaml',
    ]
    await inPlans(Object.fromEntries(names.map((name) => [name, planWith(['mfu > 99%'])])), async (cwd) => {
      const ask = async (format: string) => (await clusterwise(['check', 'plans', '-f', format], { cwd, env })).out
      expect(readGithub(await ask('github'))).toHaveLength(names.length)
      readJunit(await ask('junit'))
      readSarif(await ask('sarif'))
      expect(readGitlab(await ask('gitlab'))).toHaveLength(names.length)
      expect(await ask('text')).not.toMatch(/^\s*::/mu)
    })
  })
})

describe('lint', () => {
  test('a fragment is whole enough with --partial', async () => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      expect((await clusterwise(['lint', 'base'], { cwd, env })).code).toBe(2)
      expect(await clusterwise(['lint', 'base', 'plans', '--partial'], { cwd, env })).toMatchObject({
        code: 0,
        err: '',
      })
    })
  })
})

describe('diff', () => {
  test.each<[string, readonly string[], number, string]>([
    ['two revisions of all plans', ['git:HEAD', 'plans'], 1, '2 plans: 1 changed, 1 same'],
    ['a revision with a path', ['git:HEAD:plans/small-8b.yaml', 'plans/small-8b.yaml'], 0, '1 plan: 1 same'],
    ['two files', ['plans/small-8b.yaml', 'plans/dense-70b.yaml'], 1, '1 plan: 1 changed'],
    ['a pattern', ['git:HEAD', 'plans/*-70b.yaml'], 1, '1 plan: 1 changed'],
  ])('%s', async (_, sides, code, words) => {
    await inFolder(async (cwd) => {
      layOut(cwd)
      merge(cwd, '2-breaks-memory')
      const answer = await clusterwise(['diff', ...sides, '--exit-code'], { cwd, env })
      expect({ code: answer.code, err: answer.err }).toEqual({ code, err: '' })
      expect(answer.out).toContain(words)
      expect((await clusterwise(['diff', ...sides], { cwd, env })).code).toBe(0)
    })
  })

  test('another model is one change', async () => {
    const [a, b] = [planWith([]), planWith([]).replace('models/llama3-8b', 'models/qwen3-8b')]
    await inPlans({ 'a.yaml': a, 'b.yaml': b }, async (cwd) => {
      const { out } = await clusterwise(['diff', 'plans/a.yaml', 'plans/b.yaml', '--json'], { cwd, env })
      const { inputs } = JSON.parse(out).plans[0]
      expect(inputs).toHaveLength(1)
      expect(inputs[0]).toMatchObject({ path: 'model.name', before: 'Llama 3 8B' })
      expect(inputs[0].with.length).toBeGreaterThan(3)
    })
  })
})
