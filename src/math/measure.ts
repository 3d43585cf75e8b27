/** The dimension pass: what each part of an expression measures, and that only like is compared with like. */
import type { Unit } from '../units/unit.ts'
import {
  agree,
  bare,
  type Dimension,
  dimensionOf,
  isBare,
  nameOf,
  power,
  product,
  quotient,
  unitOf,
} from './dimension.ts'
import { Refusal } from './fault.ts'
import type { Names } from './names.ts'
import { percent, unitSymbols, usualSymbol } from './symbols.ts'
import type {
  ConditionalNode,
  ConstantNode,
  FunctionNode,
  MathNode,
  OperatorNode,
  RelationalNode,
  SymbolNode,
} from './tree.ts'

export type Measure =
  | { readonly kind: 'flag' }
  | { readonly kind: 'number'; readonly dimension: Dimension; readonly unit: Unit | undefined }

const flag: Measure = { kind: 'flag' }
const number = (dimension: Dimension, unit = unitOf(dimension)): Measure => ({ kind: 'number', dimension, unit })

/** Each node of a tree is asked about by its parents more than once: without this a long product takes for ever. */
const measured = new WeakMap<MathNode, Measure>()

export function measureOf(node: MathNode, names: Names): Measure {
  const known = measured.get(node)
  if (known) return known
  const measure = work(node, names)
  measured.set(node, measure)
  return measure
}

function work(node: MathNode, names: Names): Measure {
  switch (node.type) {
    case 'ConstantNode':
      return typeof (node as ConstantNode).value === 'boolean' ? flag : number(bare)
    case 'SymbolNode':
      return ofName((node as SymbolNode).name, names)
    case 'ParenthesisNode':
      return measureOf((node as unknown as { content: MathNode }).content, names)
    case 'ConditionalNode':
      return ofChoice(node as ConditionalNode, names)
    case 'RelationalNode':
      return ofChain((node as RelationalNode).params, names)
    case 'FunctionNode':
      return ofCall(node as FunctionNode, names)
    default:
      return ofOperator(node as OperatorNode, names)
  }
}

function ofName(name: string, names: Names): Measure {
  const kind = names.get(name)
  if (kind === 'flag') return flag
  if (kind !== undefined && kind !== 'word') return number(dimensionOf[kind], kind)
  return number(unitSymbols.get(name)?.dimension ?? bare)
}

function ofChoice({ condition, trueExpr, falseExpr }: ConditionalNode, names: Names): Measure {
  needFlag(condition, names)
  const [yes, no] = [measureOf(trueExpr, names), measureOf(falseExpr, names)]
  if (yes.kind === 'flag' && no.kind === 'flag') return flag
  return alike([trueExpr, falseExpr], 'chooses between', names)
}

function ofChain(params: readonly MathNode[], names: Names): Measure {
  for (const [at, right] of params.entries()) {
    const left = params[at - 1]
    if (left) alike([left, right], 'compares', names)
  }
  return flag
}

const deeds: Readonly<Record<string, string>> = { add: 'adds', subtract: 'subtracts', mod: 'divides' }

function ofOperator({ fn, args }: OperatorNode, names: Names): Measure {
  const [left, right] = args as unknown as readonly [MathNode, MathNode]
  switch (fn as string) {
    case 'and':
    case 'or':
    case 'not':
      for (const arg of args) needFlag(arg, names)
      return flag
    case 'multiply':
      return number(product(dimensionIn(left, names), dimensionIn(right, names)), scaled(left, right, names))
    case 'divide':
      return number(quotient(dimensionIn(left, names), dimensionIn(right, names)))
    case 'pow':
      return ofPower(left, right, names)
    case 'unaryMinus':
    case 'unaryPlus':
      return alike([left], 'negates', names)
    case 'equal':
    case 'unequal':
      if (args.every((arg) => measureOf(arg, names).kind === 'flag')) return flag
      return ofChain(args, names)
    default:
      return deeds[fn] === undefined ? ofChain(args, names) : alike(args, deeds[fn], names)
  }
}

/** A multiple of a ratio is shown as a ratio: `0.9 mfu` in percent. */
function scaled(left: MathNode, right: MathNode, names: Names): Unit | undefined {
  const [a, b] = [measureOf(left, names), measureOf(right, names)]
  if (a.kind === 'flag' || b.kind === 'flag') return undefined
  const dimension = product(a.dimension, b.dimension)
  if (!isBare(dimension)) return unitOf(dimension)
  return a.unit === 'ratio' || b.unit === 'ratio' ? 'ratio' : unitOf(dimension)
}

function ofPower(base: MathNode, exponent: MathNode, names: Names): Measure {
  const dimension = dimensionIn(base, names)
  needBare(exponent, 'an exponent', names)
  if (isBare(dimension)) return number(bare)
  const times = exponent.type === 'ConstantNode' ? (exponent as ConstantNode).value : undefined
  if (typeof times === 'number') return number(power(dimension, times))
  throw new Refusal('check/wrong-dimension', {
    deed: `raises ${nameOf(dimension)} to a power that is not a plain number`,
    meant: 'divide by a quantity of the same kind first',
  })
}

function ofCall({ fn, args }: FunctionNode, names: Names): Measure {
  const name = (fn as unknown as SymbolNode).name
  const [first, second] = args as unknown as readonly [MathNode, MathNode]
  switch (name) {
    case 'min':
    case 'max':
    case 'gcd':
    case 'lcm':
    case 'mod':
      return alike(args, 'puts together', names)
    case 'abs':
      return alike([first], '', names)
    case 'sqrt':
      return number(power(dimensionIn(first, names), 0.5))
    case 'pow':
      return ofPower(first, second, names)
    default:
      for (const arg of args) needBare(arg, `what ${name} takes`, names)
      return number(bare)
  }
}

function dimensionIn(node: MathNode, names: Names): Dimension {
  const found = measureOf(node, names)
  if (found.kind === 'number') return found.dimension
  throw new Refusal('check/wrong-dimension', {
    deed: `calculates with ${shown(node)}, which is a yes or no`,
    meant: 'join conditions with and, or, not; choose numbers with condition ? number : number',
  })
}

function needFlag(node: MathNode, names: Names): void {
  if (measureOf(node, names).kind === 'flag') return
  throw new Refusal('check/wrong-dimension', {
    deed: `takes ${shown(node)} for a yes or no, and it is a number`,
    meant: 'compare it with something: mfu >= 38%',
  })
}

function needBare(node: MathNode, role: string, names: Names): void {
  const dimension = dimensionIn(node, names)
  if (isBare(dimension)) return
  throw new Refusal('check/wrong-dimension', {
    deed: `has ${nameOf(dimension)} where ${role} must be a plain number`,
    meant: 'divide by a quantity of the same kind first',
  })
}

/** All measure the same; the result does too. */
function alike(nodes: readonly MathNode[], deed: string, names: Names): Measure {
  const [first, ...rest] = nodes.map((node) => ({ node, dimension: dimensionIn(node, names) }))
  let widest = first?.dimension ?? bare
  for (const { node, dimension } of rest) {
    if (!agree(widest, dimension)) throw unlike([nodes[0] as MathNode, widest], [node, dimension], deed)
    if (isBare(widest)) widest = dimension
  }
  const units = nodes
    .map((node) => measureOf(node, names))
    .map((found) => (found.kind === 'number' ? found.unit : undefined))
  return number(widest, units.includes('ratio') && isBare(widest) ? 'ratio' : unitOf(widest))
}

type Part = readonly [node: MathNode, dimension: Dimension]

function unlike(left: Part, right: Part, deed: string): Refusal {
  const joint = deed === 'compares' ? 'with' : 'and'
  const params = { deed: `${deed} ${nameOf(left[1])} ${joint} ${nameOf(right[1])}` }
  return new Refusal('check/wrong-dimension', {
    ...params,
    meant: wayOut(left, right) ?? wayOut(right, left) ?? general,
  })
}

const general = 'both sides must measure the same: write units after numbers, as in 72 GB or 30 days'

/** A number that lacks a unit, or one that has a unit too much. */
function wayOut([node, dimension]: Part, [, other]: Part): string | undefined {
  const literal = node.type === 'ConstantNode' ? String((node as ConstantNode).value) : undefined
  const unit = unitOf(other)
  const usual = unit && usualSymbol[unit]
  if (isBare(dimension) && literal !== undefined && usual) return `did you mean ${literal} ${usual}?`
  if (isBare(other) && isLiteral(node)) return 'the other side is a plain number: leave the unit away'
  return undefined
}

/** Numbers and units only. */
function isLiteral(node: MathNode): boolean {
  return (
    node.filter(({ type, name }: MathNode & { name?: string }) => type === 'SymbolNode' && !unitSymbols.has(name ?? ''))
      .length === 0
  )
}

export function shown(node: MathNode): string {
  const text = node.toString().replaceAll(` ${percent}`, '%')
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
