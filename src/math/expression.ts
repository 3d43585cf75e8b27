/** A formula that a user wrote → something to ask again and again. The only door of this room. */
import type { Unit } from '../units/unit.ts'
import { type ExpressionFault, Refusal } from './fault.ts'
import { constant } from './instance.ts'
import { measureOf, shown } from './measure.ts'
import type { Names } from './names.ts'
import { unitSymbols } from './symbols.ts'
import { type MathNode, type OperatorNode, type RelationalNode, readTree, type SymbolNode } from './tree.ts'

export type Value = number | boolean

export type { ExpressionFault, Names }

/** What the names stand for. A name may have no value here: a model without experts has no number of them. */
export type Scope = ReadonlyMap<string, Value>

export interface Part {
  readonly text: string
  readonly kind: 'number' | 'flag'
  /** In which the number is shown; undefined for a dimension that has no unit of ours. */
  readonly unit: Unit | undefined
  /** Metrics and inputs that it speaks of, each once. */
  readonly names: readonly string[]
  /** NaN where arithmetic has no answer. */
  readonly evaluate: (scope: Scope) => Value
}

export interface Comparison {
  readonly sign: '<' | '<=' | '>' | '>=' | '==' | '!='
  readonly left: Part
  readonly right: Part
}

export interface Expression extends Part {
  /** What must hold, one by one: the terms of `and`, the pairs of a chain. A term that is no comparison has only itself. */
  readonly clauses: readonly Clause[]
}

export interface Clause extends Part {
  readonly comparison?: Comparison
}

export function compileExpression(text: string, names: Names): Expression | ExpressionFault {
  try {
    const tree = readTree(text, names)
    const whole = partOf(tree, names)
    return { ...whole, text, clauses: whole.kind === 'flag' ? clausesOf(tree, names) : [] }
  } catch (error) {
    if (error instanceof Refusal) return error.fault
    // The parser and the tree walk themselves: a thousand brackets.
    if (error instanceof RangeError) return { code: 'check/syntax', params: { detail: 'it is nested too deep' } }
    throw error
  }
}

export const isFaulty = (made: Expression | ExpressionFault): made is ExpressionFault => 'code' in made

function partOf(node: MathNode, names: Names): Part {
  const measure = measureOf(node, names)
  const code = node.transform(withFactors).compile()
  const used = new Set(node.filter(isName).map((found) => (found as SymbolNode).name))
  return {
    text: shown(node),
    kind: measure.kind,
    unit: measure.kind === 'number' ? measure.unit : undefined,
    names: [...used].filter((name) => names.has(name)),
    evaluate: (scope) => answer(() => code.evaluate(scope as Map<string, Value>)),
  }
}

const isName = (node: MathNode): boolean => node.type === 'SymbolNode'

/** Units are numbers; a function of the same name (min) is no unit. */
function withFactors(node: MathNode, path: string | undefined, parent: MathNode | undefined): MathNode {
  if (node.type !== 'SymbolNode' || (parent?.type === 'FunctionNode' && path === 'fn')) return node
  const unit = unitSymbols.get((node as SymbolNode).name)
  return unit ? constant(unit.factor) : node
}

/** gcd of a fraction, for one, is an exception over there. */
function answer(compute: () => unknown): Value {
  try {
    const value = compute()
    return typeof value === 'number' || typeof value === 'boolean' ? value : Number.NaN
  } catch {
    return Number.NaN
  }
}

function clausesOf(node: MathNode, names: Names): readonly Clause[] {
  if (node.type === 'ParenthesisNode') return clausesOf((node as unknown as { content: MathNode }).content, names)
  if (node.type === 'RelationalNode') return chained(node as RelationalNode, names)
  const { fn, args } = node as OperatorNode
  if (node.type === 'OperatorNode' && fn === ('and' as string)) return args.flatMap((arg) => clausesOf(arg, names))
  const sign = node.type === 'OperatorNode' ? signs[fn as string] : undefined
  const [left, right] = args ?? []
  if (!sign || !left || !right) return [partOf(node, names)]
  return [{ ...partOf(node, names), comparison: comparisonOf(sign, left, right, names) }]
}

type Sign = Comparison['sign']

const signs: Readonly<Record<string, Sign>> = {
  smaller: '<',
  smallerEq: '<=',
  larger: '>',
  largerEq: '>=',
  equal: '==',
  unequal: '!=',
}

function comparisonOf(sign: Sign, left: MathNode, right: MathNode, names: Names): Comparison {
  return { sign, left: partOf(left, names), right: partOf(right, names) }
}

/** `0.38 <= mfu <= 0.6` is two comparisons. */
function chained({ params, conditionals }: RelationalNode, names: Names): readonly Clause[] {
  return conditionals.map((fn, at) => {
    const comparison = comparisonOf(signs[fn] as Sign, params[at] as MathNode, params[at + 1] as MathNode, names)
    const { left, right, sign } = comparison
    return {
      text: `${left.text} ${sign} ${right.text}`,
      kind: 'flag',
      unit: undefined,
      names: [...new Set([...left.names, ...right.names])],
      evaluate: (scope) => holds(sign, left.evaluate(scope), right.evaluate(scope)),
      comparison,
    }
  })
}

const holds = (sign: Sign, a: Value, b: Value): boolean => {
  if (sign === '<') return a < b
  if (sign === '<=') return a <= b
  if (sign === '>') return a > b
  if (sign === '>=') return a >= b
  return (a === b) === (sign === '==')
}
