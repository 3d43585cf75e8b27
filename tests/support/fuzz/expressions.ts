/** Expressions made by the grammar of the parser, most of them within what is allowed, some far outside. */
import { hostile } from '../../unit/math/hostile.ts'
import type { Dice } from './random.ts'

const names = [
  ...['mfu', 'memory.peak', 'memory.capacity', 'step.time', 'run.cost', 'run.time', 'flop.run', 'parameters.total'],
  ...['throughput.tokens_per_second', 'ratio.compute_to_exposed', 'cluster.gpus', 'parallel.tp', 'parallel.sp'],
  ...['training.tokens', 'training.precision', 'model.moe.experts', 'cluster.gpu.hbm.capacity', 'economics.pue'],
  ...['mfuu', 'memory', 'constructor', '__proto__', 'toString', 'e', 'pi', 'i', 'Infinity', 'NaN', 'end', 'this'],
]
const symbols = [
  'GB',
  'GiB',
  's',
  'ms',
  'µs',
  'min',
  'h',
  'days',
  'USD',
  '$',
  'TFLOP',
  'tokens',
  'k',
  'M',
  'T',
  'B',
  'gb',
  'W',
  '%',
]
const functions = [
  'min',
  'max',
  'ceil',
  'floor',
  'round',
  'abs',
  'sqrt',
  'log2',
  'log10',
  'log',
  'exp',
  'pow',
  'gcd',
  'lcm',
  'mod',
]
const strange = [
  'zeros',
  'range',
  'createUnit',
  'import',
  'evaluate',
  'random',
  'map',
  'f',
  'factorial',
  'combinations',
]
const binary = ['+', '-', '*', '/', '^', '%', '<', '<=', '>', '>=', '==', '!=', ' and ', ' or ', ' mod ']
const odd = [
  ':',
  '=',
  ';',
  ',',
  ' to ',
  ' in ',
  '|',
  '&',
  '<<',
  '>>>',
  '.*',
  './',
  '.^',
  ' xor ',
  '??',
  '?.',
  '!',
  "'",
  '->',
]
const numbers = [
  '0',
  '1',
  '72',
  '0.5',
  '.5',
  '5.',
  '1e9',
  '1e308',
  '1e999',
  '0x1F',
  '0b11',
  '1_000',
  '007',
  '1e-320',
  '38',
]
const stray = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '\\',
  '\n',
  '#',
  '@',
  '\u0000',
  '\u202e',
  '\ud800',
  '²',
  '∞',
  '×',
  'é',
]

/** Numbers by what they measure, and how one writes them. */
const measures = [
  [
    ['memory.peak', 'memory.capacity', 'cluster.gpu.hbm.capacity', 'memory.activations'],
    ['GB', 'GiB', 'TB', 'Gbit'],
  ],
  [
    ['step.time', 'run.time', 'step.bubble', 'checkpoint.interval'],
    ['s', 'ms', 'µs', 'h', 'days', 'min', 'weeks'],
  ],
  [['run.cost'], ['USD', 'M USD', 'kUSD', '$']],
  [
    ['mfu', 'hfu', 'goodput', 'bubble.fraction', 'cluster.scale_up.efficiency', 'parallel.tp', 'run.steps'],
    ['', '%', 'k'],
  ],
  [['throughput.tokens_per_second'], ['tokens/s', 'k tokens/s', 'tokens/h']],
  [
    ['flop.run', 'flop.model_per_step'],
    ['FLOP', 'PFLOP', ''],
  ],
  [
    ['cluster.scale_up.bandwidth', 'cluster.scale_out.bandwidth'],
    ['GB/s', 'Gb/s', 'Gbps', 'TB/h'],
  ],
] as const

export function expression(dice: Dice): string {
  if (dice.chance(0.02)) return dice.pick(hostile)
  if (dice.chance(0.6)) return sensible(dice)
  const text = term(dice, 1 + dice.roll(5))
  return dice.chance(0.1) ? mangled(text, dice) : text
}

/** What an author writes; now and then with a slip. */
function sensible(dice: Dice): string {
  const clause = () => {
    const [known, units] = dice.pick(measures)
    const name = dice.pick(known)
    const side = () => quantity(dice, known, units)
    const sign = dice.pick(['<', '<=', '>', '>=', '==', '!='])
    const holds = dice.chance(0.15) ? `${side()} ${sign} ${name} ${sign} ${side()}` : `${name} ${sign} ${side()}`
    return dice.chance(0.1) ? `not (${holds})` : holds
  }
  const clauses = Array.from({ length: 1 + dice.roll(3) }, clause).join(dice.pick([' and ', ' or ']))
  return dice.chance(0.08) ? mangled(clauses, dice) : clauses
}

function quantity(dice: Dice, known: readonly string[], units: readonly string[]): string {
  const number = dice.pick(['1', '72', '0.5', '1e3', '38', '0'])
  const plain = () => `${number} ${dice.pick(units)}`
  switch (dice.roll(6)) {
    case 0:
      return `${number} * ${dice.pick(known)}`
    case 1:
      return `${dice.pick(['min', 'max'])}(${dice.pick(known)}, ${plain()})`
    case 2:
      return `(${plain()} + ${dice.pick(known)}) / ${dice.pick(['2', 'max(1, parallel.tp)', 'sqrt(4)'])}`
    case 3:
      return `(parallel.sp ? ${plain()} : ${dice.pick(known)})`
    default:
      return plain()
  }
}

function term(dice: Dice, depth: number): string {
  if (depth <= 0) return leaf(dice)
  const inner = () => term(dice, depth - 1 - dice.roll(2))
  switch (dice.roll(dice.chance(0.06) ? 14 : 9)) {
    case 0:
    case 1:
    case 2:
      return `${inner()}${dice.pick(binary)}${inner()}`
    case 3:
      return `(${inner()})`
    case 4:
      return `${dice.pick(functions)}(${list(dice, inner)})`
    case 5:
      return `${dice.pick(['-', '+', 'not '])}${inner()}`
    case 6:
      return `${inner()} ? ${inner()} : ${inner()}`
    case 7:
      return `${dice.pick(numbers)} ${dice.pick(symbols)}`
    case 8:
      return leaf(dice)
    case 9:
      return `${dice.pick(strange)}(${list(dice, inner)})`
    case 10:
      return `${inner()}${dice.pick(odd)}${inner()}`
    case 11:
      return `[${list(dice, inner)}]`
    case 12:
      return `${inner()}[${inner()}]`
    default:
      return `{a: ${inner()}}.a`
  }
}

const list = (dice: Dice, inner: () => string): string => Array.from({ length: dice.roll(4) }, inner).join(',')

const leaf = (dice: Dice): string => (dice.chance(0.5) ? dice.pick(names) : dice.pick(numbers))

export function mangled(text: string, dice: Dice): string {
  const at = dice.roll(text.length + 1)
  switch (dice.roll(4)) {
    case 0:
      return text.slice(0, at) + dice.pick(stray) + text.slice(at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + dice.roll(5))
    case 2:
      return text.slice(at) + text.slice(0, at)
    default:
      return text.repeat(1 + dice.roll(30))
  }
}
