/** The door, in process: what is printed where, in which format, and with which exit code. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clusterwise, inFolder, repo } from '../support/host.ts'

const flagship = 'scenarios/examples/llama3-405b-h100-16k.yaml'
const small = 'scenarios/examples/llama3-8b-fsdp-h100-64.yaml'

const escapeCode = String.fromCharCode(27)
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => [...line].length))

describe('run', () => {
  test('answers on stdout and is silent on stderr', async () => {
    const { code, out, err } = await clusterwise(['run', flagship])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('16,384')
    expect(out).toMatch(/fits/i)
  })

  test('--json is one document with units', async () => {
    const { code, out } = await clusterwise(['run', flagship, '--json'])
    const { metrics, schemaVersion } = JSON.parse(out)
    expect({ code, schemaVersion }).toEqual({ code: 0, schemaVersion: 1 })
    expect(metrics['step.time']).toMatchObject({ unit: 'seconds' })
    expect(metrics.mfu.value).toBeGreaterThan(0)
    expect((await clusterwise(['run', flagship, '--format', 'json'])).out).toBe(out)
  })

  test('several files: a line each in ndjson, a row each in csv', async () => {
    const ndjson = await clusterwise(['run', flagship, small, '-f', 'ndjson'])
    const lines = ndjson.out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).schemaVersion)).toEqual([1, 1])
    const csv = await clusterwise(['run', flagship, small, '-f', 'csv'])
    expect(csv.out.trimEnd().split('\r\n')).toHaveLength(3)
  })

  test('markdown has tables', async () => {
    expect((await clusterwise(['run', flagship, '-f', 'markdown'])).out).toMatch(/^\|.*\|$/m)
  })

  test('--set overrides, and is a place like any other', async () => {
    const before = JSON.parse((await clusterwise(['run', flagship, '--json'])).out)
    const after = JSON.parse((await clusterwise(['run', flagship, '--json', '--set', 'training.recompute=full'])).out)
    expect(after.metrics['step.time'].value).toBeGreaterThan(before.metrics['step.time'].value)
    const wrong = await clusterwise(['run', flagship, '--set', 'parallel.tp=4', '--set', 'parallel.tpp=4'])
    expect(wrong).toMatchObject({ code: 2, out: '' })
    expect(wrong.err).toContain('--set #2')
  })

  test('- is stdin, and a terminal there is an error, not a wait', async () => {
    const yaml = readFileSync(join(repo, flagship), 'utf8')
    const piped = await clusterwise(['run', '-', '--json'], { stdin: yaml })
    const named = await clusterwise(['run', flagship, '--json'])
    expect(JSON.parse(piped.out).metrics).toEqual(JSON.parse(named.out).metrics)
    const typed = await clusterwise(['run', '-'])
    expect(typed).toMatchObject({ code: 2, out: '' })
    expect(typed.err).toContain('terminal')
  })

  test('-v adds the assumptions', async () => {
    const usual = await clusterwise(['run', flagship])
    const verbose = await clusterwise(['run', flagship, '-v'])
    expect(verbose.out.length).toBeGreaterThan(usual.out.length)
    expect(verbose.out).toContain('calibration.')
  })

  test('problems of all files in one go', async () => {
    await inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'a.yaml'), 'clutser: {}\n')
      writeFileSync(join(cwd, 'b.yaml'), 'traning: {}\n')
      const { code, out, err } = await clusterwise(['run', 'a.yaml', 'b.yaml'], { cwd })
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(/a\.yaml:1:1[\s\S]*b\.yaml:1:1/)
    })
  })

  test('under --json errors are JSON, on stderr', async () => {
    await inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'a.yaml'), 'clutser: {}\n')
      const { code, out, err } = await clusterwise(['run', 'a.yaml', '--json'], { cwd })
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(JSON.parse(err).errors[0]).toMatchObject({
        code: 'scenario/unknown-key',
        place: { file: 'a.yaml', line: 1 },
      })
    })
  })
})

describe('-o', () => {
  test('writes whole files, several at once, in the format of their names', async () => {
    await inFolder(async (cwd) => {
      const outputs = ['-o', 'r.json', '-o', 'markdown:summary', '-o', 'csv:-']
      const { code, out, err } = await clusterwise(['run', join(repo, small), ...outputs], { cwd })
      expect(code).toBe(0)
      expect(JSON.parse(readFileSync(join(cwd, 'r.json'), 'utf8')).schemaVersion).toBe(1)
      expect(readFileSync(join(cwd, 'summary'), 'utf8')).toContain('|')
      expect(out).toContain('step_time')
      expect(err).toBe('wrote r.json\nwrote summary\n')
      expect(readdirSync(cwd).sort()).toEqual(['r.json', 'summary'])
    })
  })

  test('writes through a link and never in its place', async () => {
    await inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'real.json'), 'old')
      symlinkSync('real.json', join(cwd, 'link.json'))
      await clusterwise(['run', join(repo, small), '-q', '-o', 'link.json'], { cwd })
      expect(JSON.parse(readFileSync(join(cwd, 'real.json'), 'utf8')).schemaVersion).toBe(1)
    })
  })

  test.each([
    ['report.xyz', 'cannot tell the format'],
    ['no/such/folder/r.json', 'no such'],
  ])('%s is refused', async (path, words) => {
    await inFolder(async (cwd) => {
      const { code, out, err } = await clusterwise(['run', join(repo, small), '-o', path], { cwd })
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain(words)
      expect(readdirSync(cwd)).toEqual([])
    })
  })
})

describe('the page', () => {
  const colored = async (args: readonly string[], env: Record<string, string>, terminal?: number) => {
    const world = terminal === undefined ? { env } : { env, terminal }
    return (await clusterwise(['run', flagship, ...args], world)).out.includes(escapeCode)
  }

  test.each([
    ['a terminal', [], {}, 80, true],
    ['a pipe', [], {}, undefined, false],
    ['NO_COLOR', [], { NO_COLOR: '1' }, 80, false],
    ['NO_COLOR, empty', [], { NO_COLOR: '' }, 80, true],
    ['FORCE_COLOR over NO_COLOR', [], { NO_COLOR: '1', FORCE_COLOR: '1' }, undefined, true],
    ['FORCE_COLOR=0', [], { FORCE_COLOR: '0' }, 80, false],
    ['TERM=dumb', [], { TERM: 'dumb' }, 80, false],
    ['--no-color over FORCE_COLOR', ['--no-color'], { FORCE_COLOR: '1' }, 80, false],
    ['--color over NO_COLOR', ['--color'], { NO_COLOR: '1' }, undefined, true],
  ] as const)('colour: %s', async (_, args, env, terminal, expected) => {
    expect(await colored(args, env, terminal)).toBe(expected)
  })

  test.each([80, 100, 120])('no line is wider than a terminal of %i columns', async (terminal) => {
    for (const file of [flagship, small]) {
      const { out } = await clusterwise(['run', file], { terminal, env: { NO_COLOR: '1' } })
      expect(widest(out)).toBeLessThanOrEqual(terminal)
    }
    const { out } = await clusterwise(['explain', flagship, 'step.time'], { terminal, env: { NO_COLOR: '1' } })
    expect(widest(out)).toBeLessThanOrEqual(terminal)
  })

  test('COLUMNS counts where there is no terminal', async () => {
    expect(widest((await clusterwise(['run', flagship], { env: { COLUMNS: '70' } })).out)).toBeLessThanOrEqual(70)
  })

  test.each([
    ['--ascii', ['--ascii'], {}],
    ['a locale without UTF-8', [], { LC_ALL: 'C' }],
  ])('%s: nothing beyond ASCII', async (_, args, env) => {
    const { out } = await clusterwise(['run', flagship, ...args], { env })
    expect(out).toMatch(/^[\n -~]+$/)
  })

  test('JSON does not depend on the page', async () => {
    const plain = await clusterwise(['run', flagship, '--json'])
    const fancy = await clusterwise(['run', flagship, '--json', '--color'], { terminal: 60 })
    expect(fancy.out).toBe(plain.out)
  })
})

describe('explain', () => {
  test('a metric with its numbers and places', async () => {
    const { code, out } = await clusterwise(['explain', flagship, 'mfu'])
    expect(code).toBe(0)
    expect(out).toMatch(/mfu/)
    expect(out).toContain('%')
  })

  test.each([
    ['a metric without a scenario', ['step.time']],
    ['the code of a problem', ['strategy/tp-splits-heads']],
    ['all metrics', []],
    ['all metrics of a scenario', [flagship]],
    ['an operation', [flagship, 'attention.qkv.forward']],
    ['a group of operations', [flagship, 'attention']],
    ['deeper', [flagship, 'step.time', '--depth', '5']],
    ['as data', [flagship, 'mfu', '--json']],
  ])('%s', async (_, args) => {
    const { code, out, err } = await clusterwise(['explain', ...args])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).not.toBe('')
  })

  test('a misspelt subject gets a guess', async () => {
    const { code, out, err } = await clusterwise(['explain', 'step.tiem'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('did you mean step.time?')
  })
})

describe('list', () => {
  test('all kinds', async () => {
    const { code, out } = await clusterwise(['list'])
    expect(code).toBe(0)
    for (const id of ['accelerators/h100-sxm', 'clusters/dgx-h100', 'models/llama3-8b', 'software/'])
      expect(out).toContain(id)
  })

  test('one kind only', async () => {
    const { out } = await clusterwise(['list', 'models'])
    expect(out).toContain('models/llama3-8b')
    expect(out).not.toContain('accelerators/')
  })

  test.each(['models/llama3-8b', 'llama3-8b'])('%s: values and sources', async (name) => {
    const { code, out } = await clusterwise(['list', name])
    expect(code).toBe(0)
    expect(out).toContain('model.hidden')
    expect(out).toContain('arXiv:2407.21783')
  })

  test('an unknown name gets a guess', async () => {
    const { code, err } = await clusterwise(['list', 'models/lama3-8b'])
    expect(code).toBe(2)
    expect(err).toContain('did you mean models/llama3-8b?')
  })
})

describe('init', () => {
  test('writes a scenario that runs, once', async () => {
    await inFolder(async (cwd) => {
      expect(await clusterwise(['init', 'plan.yaml'], { cwd })).toMatchObject({ code: 0, out: '' })
      expect(readFileSync(join(cwd, 'plan.yaml'), 'utf8')).toMatch(/^# yaml-language-server: \$schema=\S+\n/)
      const answer = await clusterwise(['run', 'plan.yaml'], { cwd })
      expect({ code: answer.code, err: answer.err }).toEqual({ code: 0, err: '' })
      const again = await clusterwise(['init', 'plan.yaml'], { cwd })
      expect(again).toMatchObject({ code: 2, out: '' })
      expect(again.err).toContain('--force')
      expect(await clusterwise(['init', 'plan.yaml', '--force'], { cwd })).toMatchObject({ code: 0 })
    })
  })
})

describe('usage', () => {
  test('no argument: one screen that shows the way', async () => {
    const { code, out, err } = await clusterwise([], { terminal: 80 })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`clusterwise run ${flagship}`)
    expect(out.split('\n').length).toBeLessThan(30)
    expect(widest(out)).toBeLessThanOrEqual(80)
  })

  test('so it is with a flag and no command', async () => {
    expect((await clusterwise(['--no-color'])).out).toBe((await clusterwise([])).out)
  })

  test.each([
    ['an unknown command', ['rnu', flagship], 'did you mean run?'],
    ['an unknown flag', ['run', flagship, '--formt', 'json'], 'did you mean --format?'],
    ['an unknown format', ['run', flagship, '--format', 'yaml'], 'markdown'],
    ['a missing argument', ['run'], 'file'],
    ['a wrong depth', ['explain', 'mfu', '--depth', '0'], 'whole number'],
    ['an unknown shell', ['completion', 'tcsh'], 'fish'],
  ])('%s ends with 2', async (_, args, words) => {
    const { code, out, err } = await clusterwise(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err.toLowerCase()).toContain(words)
  })

  test('a usage error is JSON too', async () => {
    const { err } = await clusterwise(['run', flagship, '--formt', 'json', '--json'])
    expect(JSON.parse(err).errors[0]).toMatchObject({ code: 'cli/usage' })
  })

  test.each([['--help'], ['run', '--help'], ['explain', '-h'], ['--version'], ['help', 'list']])(
    '%s %s answers',
    async (...args) => {
      const { code, out, err } = await clusterwise(args, { terminal: 80 })
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(widest(out)).toBeLessThanOrEqual(80)
    },
  )
})

test('schema is what an editor reads', async () => {
  expect(JSON.parse((await clusterwise(['schema'])).out)).toMatchObject({
    $schema: expect.stringContaining('json-schema'),
  })
})

describe('files', () => {
  test('what leaves the root is not read, and not shown', async () => {
    await inFolder(async (folder) => {
      const root = join(folder, 'project')
      mkdirSync(root)
      writeFileSync(join(folder, 'secret.yaml'), 'name: secret\n')
      writeFileSync(join(root, 'up.yaml'), 'extends: ../secret.yaml\n')
      symlinkSync('../secret.yaml', join(root, 'link.yaml'))
      writeFileSync(join(root, 'through.yaml'), 'extends: ./link.yaml\n')
      for (const file of ['up.yaml', 'through.yaml', 'link.yaml']) {
        const { code, out, err } = await clusterwise(['run', file], { cwd: root })
        expect({ code, out }).toEqual({ code: 2, out: '' })
        expect(err).toContain('lies outside')
        expect(err).not.toContain('name: secret')
      }
    })
  })

  test('--root widens it', async () => {
    await inFolder(async (folder) => {
      mkdirSync(join(folder, 'plans'))
      const yaml = readFileSync(join(repo, small), 'utf8')
      writeFileSync(join(folder, 'base.yaml'), yaml)
      writeFileSync(join(folder, 'plans/plan.yaml'), 'extends: ../base.yaml\nname: mine\n')
      const cwd = join(folder, 'plans')
      expect((await clusterwise(['run', 'plan.yaml'], { cwd })).code).toBe(2)
      expect((await clusterwise(['run', 'plan.yaml', '--root', '..'], { cwd })).code).toBe(0)
    })
  })

  test('the root is the git top level of the scenario', async () => {
    await inFolder(async (folder) => {
      mkdirSync(join(folder, '.git'))
      mkdirSync(join(folder, 'plans'))
      writeFileSync(join(folder, 'base.yaml'), readFileSync(join(repo, small), 'utf8'))
      writeFileSync(join(folder, 'plans/plan.yaml'), 'extends: ../base.yaml\nname: mine\n')
      expect((await clusterwise(['run', 'plan.yaml'], { cwd: join(folder, 'plans') })).code).toBe(0)
    })
  })
})

test.each(['bash', 'zsh', 'fish'])('completion for %s knows commands, flags and the catalog', async (shell) => {
  const { code, out } = await clusterwise(['completion', shell])
  expect(code).toBe(0)
  for (const word of ['explain', 'format', 'models/llama3-8b', 'markdown']) expect(out).toContain(word)
})

test('the bash script completes', async () => {
  const { out } = await clusterwise(['completion', 'bash'])
  const complete = (...words: readonly string[]) => {
    const list = words.map((word) => `'${word}'`).join(' ')
    const script = `${out}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _clusterwise; echo "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim()
  }
  expect(complete('clusterwise', 'ex')).toBe('explain')
  expect(complete('clusterwise', 'run', '--for')).toBe('--format')
  expect(complete('clusterwise', 'run', '--format', 'nd')).toBe('ndjson')
  expect(complete('clusterwise', 'list', 'models/llama3-8')).toBe('models/llama3-8b')
})
