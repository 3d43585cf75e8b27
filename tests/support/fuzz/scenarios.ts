/** Scenarios that were sound before something happened to them, and YAML that never was. */
import { inputKinds } from '../../../src/scenario/inputs.ts'
import { hostileTexts } from '../hostile.ts'
import { expression } from './expressions.ts'
import type { Dice } from './random.ts'

const scalars = [
  ...[
    '-1',
    '0',
    '1',
    '1.5',
    '1e9',
    '1e15',
    '1e309',
    '1e-300',
    '9007199254740993',
    'NaN',
    '.inf',
    '0x10',
    '010',
    '1_000',
    '128k',
    '15.6T',
  ],
  ...[
    'yes',
    'true',
    'null',
    '~',
    '',
    '""',
    "''",
    '[]',
    '{}',
    '[1, 2]',
    '[[[]]]',
    '{ value: 80 GB }',
    '{ value: 1, source: x, y: z }',
  ],
  ...[
    '80 GB',
    '80 gb',
    '80 GiB',
    '400 Gb/s',
    '900 GB/s',
    '5 µs',
    '2.5 USD/h',
    '$2/h',
    '73.5 %',
    '700 W',
    'auto',
    'fsdp',
    'interleaved',
  ],
  ...[
    '*a',
    '&a 1',
    '!!js/function x',
    '!!binary aGk=',
    '!!float 1',
    '<<',
    '__proto__',
    'constructor',
    '|',
    '>-',
    '? x',
    '- x',
    '@x',
    '`x`',
    '%x',
  ],
  ...[
    'models/llama3-8b',
    'clusters/none',
    '../../../etc/passwd',
    '../../../../../../etc/x.yaml',
    'missing.yaml',
    '/dev/zero.yaml',
    'plan.yaml',
    './plan.yaml',
    'a'.repeat(5000),
    '\u0000',
    '\ufeff',
    '\u2028',
  ],
]

const keys = [
  'tp',
  'tpp',
  'gpus',
  'gpu',
  'hbm',
  'extends',
  'checks',
  'source',
  'value',
  '__proto__',
  'constructor',
  '<<',
  'layers',
  'seq_len',
  '""',
  '1',
  'null',
  '[x]',
  'calibration',
  'measured',
]

type Change = (lines: readonly string[], dice: Dice) => readonly string[]

const at = (lines: readonly string[], dice: Dice): number => dice.roll(Math.max(1, lines.length))

const changes: readonly Change[] = [
  // A value becomes another.
  replaceValue,
  replaceValue,
  replaceValue,
  scaleNumber,
  scaleNumber,
  // A key becomes another.
  (lines, dice) => lines.with(at(lines, dice), `${' '.repeat(dice.roll(6))}${dice.pick(keys)}: ${dice.pick(scalars)}`),
  (lines, dice) =>
    lines.toSpliced(at(lines, dice), 0, `${' '.repeat(2 * dice.roll(3))}${dice.pick(keys)}: ${dice.pick(scalars)}`),
  // Lines go, come twice, move, change their depth.
  (lines, dice) => lines.toSpliced(at(lines, dice), 1 + dice.roll(3)),
  (lines, dice) => {
    const index = at(lines, dice)
    return lines.toSpliced(index, 0, lines[index] ?? '')
  },
  (lines, dice) => {
    const [a, b] = [at(lines, dice), at(lines, dice)]
    return lines.with(a, lines[b] ?? '').with(b, lines[a] ?? '')
  },
  (lines, dice) => {
    const index = at(lines, dice)
    return lines.with(index, `${dice.pick(['  ', '\t', ' ', '- ', '? ', '# '])}${lines[index] ?? ''}`)
  },
  // Checks of all kinds.
  (lines, dice) => [
    ...lines.filter((line) => !/^checks:|^ {2}- |^ {4}\w+:/u.test(line)),
    'checks:',
    ...Array.from({ length: 1 + dice.roll(3) }, () => checkLine(dice)),
  ],
  // A name from a stranger.
  (lines, dice) => [
    `name: ${JSON.stringify(dice.pick(hostileTexts))}`,
    ...lines.filter((line) => !line.startsWith('name:')),
  ],
  // Bytes.
  (lines, dice) => {
    const text = lines.join('\n')
    const where = dice.roll(text.length + 1)
    return (text.slice(0, where) + String.fromCharCode(dice.roll(0x2100)) + text.slice(where + dice.roll(3))).split(
      '\n',
    )
  },
]

function checkLine(dice: Dice): string {
  if (dice.chance(0.6))
    return `  - ${dice.chance(0.5) ? expression(dice).replaceAll('\n', ' ') : JSON.stringify(expression(dice))}`
  const more = dice.pick([
    'severity: warning',
    'severity: fatal',
    'max_increase: 5 %',
    'max_decrease: -1',
    'metric: mfu',
    'reason: x',
    'max_increase: 5 GB',
  ])
  return `  - { expr: ${JSON.stringify(expression(dice))}, ${more} }`
}

function replaceValue(lines: readonly string[], dice: Dice): readonly string[] {
  const index = at(lines, dice)
  return lines.with(
    index,
    (lines[index] ?? '').replace(/(?<=[:,{[-] ).+$/u, () => dice.pick(scalars)),
  )
}

function scaleNumber(lines: readonly string[], dice: Dice): readonly string[] {
  const index = at(lines, dice)
  const factor = dice.pick([0, 0.5, 2, 3, 7, 1024, 1e6, 1e12, -1])
  return lines.with(
    index,
    (lines[index] ?? '').replace(/\b\d+\b/u, (digits) => String(Number(digits) * factor)),
  )
}

export function mutated(text: string, dice: Dice): string {
  let lines: readonly string[] = text.split('\n')
  for (let times = dice.pick([0, 0, 1, 1, 1, 2, 4]); times > 0; times--)
    lines = dice.pick(changes)(lines.length > 0 ? lines : [''], dice)
  return lines.join('\n')
}

/** YAML as an attacker writes it: nesting, anchors, tags, long keys, directives, half of everything. */
export function hostileYaml(dice: Dice): string {
  const depth = dice.pick([3, 31, 33, 200, 2000])
  switch (dice.roll(12)) {
    case 0:
      return `a: ${'['.repeat(depth)}${']'.repeat(depth)}`
    case 1:
      return Array.from({ length: Math.min(depth, 400) }, (_, level) => `${' '.repeat(level)}a:`).join('\n')
    case 2:
      return `a: &a [x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, level) => `${'bcdefghij'[level]}: &${'bcdefghij'[level]} [${Array(8).fill(`*${'abcdefghi'[level]}`).join(', ')}]`).join('\n')}`
    case 3:
      return `model: &m\n  <<: *m\n  layers: 1`
    case 4:
      return `${dice.pick(['%YAML 1.1', '%YAML 9.9', '%TAG ! x', '---', '...'])}\n---\nname: x\n---\nname: y`
    case 5:
      return Array.from(
        { length: dice.roll(300) },
        (_, line) => `${dice.pick(keys)}${dice.chance(0.5) ? line : ''}: ${dice.pick(scalars)}`,
      ).join('\n')
    case 6:
      return `extends: [${Array.from({ length: dice.roll(20) }, () => JSON.stringify(dice.pick(scalars))).join(', ')}]`
    case 7:
      return `"${'\\u'.repeat(dice.roll(30))}`
    case 8:
      return `checks: [${Array.from({ length: dice.roll(250) }, () => JSON.stringify(expression(dice))).join(', ')}]`
    case 9:
      return Array.from({ length: dice.roll(400) }, () => String.fromCharCode(dice.roll(0x250))).join('')
    case 10:
      return `? {a: b}\n: ${dice.pick(scalars)}\n? [1]\n: 2\n!!set {x}: y`
    default:
      return `name: ${dice.pick(hostileTexts)}\ncluster:\n${'\t'.repeat(dice.roll(3))}gpus: ${dice.pick(scalars)}`
  }
}

const settable = [...inputKinds().keys()]
const sizes = [
  '900 GB/s',
  '30k USD',
  '2 USD/h',
  '[40, 40]',
  'ulysses',
  'learned',
  'gpipe',
  'interleaved',
  'fp8',
  '1',
  '2',
  '3',
  '4',
  '5',
  '7',
  '8',
  '12',
  '16',
  '64',
  '100',
  '1000',
  '4096',
  '0',
  '-1',
  '1e6',
  '1e9',
  '0.5',
  '80 GB',
  '5 µs',
  'true',
]

/** `--set`, as often sound as not. */
export function settings(dice: Dice): readonly string[] {
  return Array.from({ length: dice.pick([0, 0, 1, 1, 2, 3]) }, () => {
    const path = dice.chance(0.6) ? dice.pick(degrees) : dice.pick(settable)
    const value = dice.chance(0.8) ? dice.pick(sizes) : dice.pick(scalars)
    return dice.chance(0.03)
      ? dice.pick(['', '=', 'a', '..=1', `${path}[0]=1`, `extends=${value}`, `${path}.x=1`, `${path}`])
      : `${path}=${value}`
  })
}

/** What strategies are made of, and what they must divide. */
const degrees = [
  ...[
    'tp',
    'sp',
    'cp',
    'cp_mode',
    'pp',
    'vpp',
    'schedule',
    'dp',
    'zero',
    'shard_group',
    'ep',
    'etp',
    'layers_per_stage',
  ].map((key) => `parallel.${key}`),
  ...['global_batch', 'micro_batch', 'sequence_length', 'steps', 'tokens', 'precision', 'recompute'].map(
    (key) => `training.${key}`,
  ),
  ...['layers', 'hidden', 'heads', 'kv_heads', 'ffn', 'positions', 'max_positions', 'vocabulary'].map(
    (key) => `model.${key}`,
  ),
  ...[
    'cluster.gpus',
    'cluster.gpus_per_node',
    'cluster.scale_up.bandwidth',
    'cluster.scale_up.domain',
    'economics.price',
    'economics.capex',
  ],
]
