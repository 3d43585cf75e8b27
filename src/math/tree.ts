/**
 * Text → the syntax tree of an expression that may be evaluated. Expressions come from strangers' pull requests: what is
 * not on the list below is refused, so nothing that a package can do beyond arithmetic is ever reached.
 */
import type {
  AccessorNode,
  ConditionalNode,
  ConstantNode,
  FunctionNode,
  OperatorNode,
  RelationalNode,
  SymbolNode,
} from 'mathjs/number'
import { Refusal, type Stretch } from './fault.ts'
import { type MathNode, parseTree, symbol } from './instance.ts'
import { meantBy, type Names } from './names.ts'
import { percent, unitSymbols } from './symbols.ts'

export type { ConditionalNode, ConstantNode, FunctionNode, MathNode, OperatorNode, RelationalNode, SymbolNode }

export const longestText = 500
const mostNodes = 200

/** Functions with the fewest and the most arguments. Each takes time in proportion to the digits of its arguments. */
export const functions: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['min', [1, 20]],
  ['max', [1, 20]],
  ['ceil', [1, 1]],
  ['floor', [1, 1]],
  ['round', [1, 1]],
  ['abs', [1, 1]],
  ['sqrt', [1, 1]],
  ['log2', [1, 1]],
  ['log10', [1, 1]],
  ['log', [1, 2]],
  ['exp', [1, 1]],
  ['pow', [2, 2]],
  ['gcd', [2, 20]],
  ['lcm', [2, 20]],
  ['mod', [2, 2]],
])

const operators: ReadonlySet<string> = new Set([
  ...['add', 'subtract', 'multiply', 'divide', 'pow', 'mod', 'unaryMinus', 'unaryPlus'],
  ...['larger', 'smaller', 'largerEq', 'smallerEq', 'equal', 'unequal', 'and', 'or', 'not'],
])

/** How the things that are not on the list are called. */
const kinds: Readonly<Record<string, string>> = {
  RangeNode: 'a range',
  ArrayNode: 'a list',
  ObjectNode: 'an object',
  AssignmentNode: 'an assignment (to compare, write ==)',
  FunctionAssignmentNode: 'the definition of a function',
  BlockNode: 'more than one expression',
  IndexNode: 'an index',
  AccessorNode: 'an index',
}

/** Names are flat (`memory.peak` is one symbol), and every one of them is known. */
export function readTree(text: string, names: Names): MathNode {
  if (text.length > longestText) throw new Refusal('check/too-long', { limit: `${longestText} characters` })
  const flat = parse(text).transform(flattened)
  let nodes = 0
  const walk = (node: MathNode, isFunction: boolean): void => {
    if (++nodes > mostNodes) throw new Refusal('check/too-long', { limit: `${mostNodes} terms` })
    if (!isFunction) allow(node, text, names)
    node.forEach((child, path) => {
      walk(child, node.type === 'FunctionNode' && path === 'fn')
    })
  }
  walk(flat, false)
  return flat
}

/** A number and `%`, unless an operand follows: `5 % 3` is a remainder. */
const percentage = /(?<=\d\.?\s*)%(?!\s*(?:[\d.(]|(?!(?:and|or)\b)[\p{L}_$]))/gu

/** Position by position. U+00B5, which keyboards have, becomes U+03BC, which the parser takes for a letter. */
function parse(text: string): MathNode {
  try {
    return parseTree(text.replaceAll('\u00b5', '\u03bc').replace(percentage, percent))
  } catch (error) {
    throw new Refusal('check/syntax', { detail: detailOf(error) }, stretchOf(error, text))
  }
}

function detailOf(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deep'
  const words = (error as Error).message.replace(/\s*\(char \d+\)/u, '')
  return words.charAt(0).toLowerCase() + words.slice(1)
}

/** "… (char 9)" counts from 1. */
function stretchOf(error: unknown, text: string): Stretch {
  const at = Number(/\(char (\d+)\)/u.exec((error as Error).message)?.[1] ?? 1)
  return { start: Math.min(at - 1, Math.max(0, text.length - 1)), length: 1 }
}

function flattened(node: MathNode): MathNode {
  if (node.type !== 'AccessorNode') return node
  const name = nameOf(node)
  return name === undefined ? node : symbol(name)
}

function nameOf(node: MathNode): string | undefined {
  if (node.type === 'SymbolNode') return (node as SymbolNode).name
  if (node.type !== 'AccessorNode') return undefined
  const { object, index } = node as AccessorNode
  const before = nameOf(object)
  // Public in mathjs, absent from its types.
  const key = index as unknown as { isObjectProperty(): boolean; getObjectProperty(): string }
  const step = key.isObjectProperty() ? key.getObjectProperty() : undefined
  return before === undefined || step === undefined ? undefined : `${before}.${step}`
}

function allow(node: MathNode, text: string, names: Names): void {
  switch (node.type) {
    case 'ParenthesisNode':
    case 'ConditionalNode':
    case 'RelationalNode':
      return
    case 'ConstantNode':
      allowConstant(node as ConstantNode)
      return
    case 'SymbolNode':
      allowName((node as SymbolNode).name, text, names)
      return
    case 'OperatorNode':
      if (operators.has((node as OperatorNode).fn as string)) return
      throw refused(`the operator ${(node as OperatorNode).op}`)
    case 'FunctionNode':
      allowCall(node as FunctionNode)
      return
    default:
      throw refused(kinds[node.type] ?? 'this')
  }
}

const refused = (what: string): Refusal => new Refusal('check/not-allowed', { what })

function allowConstant({ value }: ConstantNode): void {
  if (typeof value === 'boolean') return
  if (typeof value !== 'number') throw refused(value === null || value === undefined ? 'null' : 'a text in quotes')
  if (!Number.isFinite(value)) throw refused('an infinite number')
}

function allowCall({ fn, args }: FunctionNode): void {
  const name = (fn as SymbolNode).type === 'SymbolNode' ? (fn as SymbolNode).name : undefined
  const arity = name === undefined ? undefined : functions.get(name)
  if (name === undefined || !arity) throw refused(name === undefined ? 'a computed function' : `the function ${name}`)
  const [least, most] = arity
  if (args.length < least || args.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`
    throw new Refusal('check/syntax', { detail: `${name} takes ${wanted} arguments, not ${args.length}` })
  }
}

function allowName(name: string, text: string, names: Names): void {
  const kind = names.get(name)
  if (kind === 'word') throw new Refusal('check/not-allowed', { what: `the word ${name}` }, stretchOfName(name, text))
  if (kind !== undefined || unitSymbols.has(name)) return
  const at = stretchOfName(name, text)
  const meant = meantBy(name, names, /\d\s*$/u.test(text.slice(0, at?.start ?? 0)))
  throw new Refusal('check/unknown-name', { name, meant: meant ? `did you mean ${meant}?` : everyName }, at)
}

const everyName =
  'metrics are listed by: clusterwise explain; inputs are paths of the scenario, such as training.tokens'

/** mathjs keeps no positions; names can be found again. */
function stretchOfName(name: string, text: string): Stretch | undefined {
  for (let start = text.indexOf(name); start >= 0; start = text.indexOf(name, start + 1)) {
    const [before = '', after = ''] = [text[start - 1], text[start + name.length]]
    if (!/[\p{L}\w.]/u.test(before + after) || /^\d$/u.test(before)) return { start, length: name.length }
  }
  return undefined
}
