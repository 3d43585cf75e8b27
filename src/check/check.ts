/** One check: read once, asked of a plan and of what the plan might be. */
import { compileExpression, type Expression, type ExpressionFault, isFaulty, type Names } from '../math/expression.ts'

export type Severity = 'error' | 'warning'

/** As written in the scenario. */
export interface CheckSpec {
  readonly expr?: string | undefined
  readonly severity: Severity
  readonly reason?: string | undefined
  readonly max_increase?: number | undefined
  readonly max_decrease?: number | undefined
}

export interface Check {
  /** As people read it: the expression, or "step.time at most +5 %". */
  readonly text: string
  readonly severity: Severity
  readonly reason: string
  readonly expression: Expression
  /** How far the number may move from the baseline; absent for a comparison. */
  readonly budget?: Budget
}

export interface Budget {
  readonly increase: number
  readonly decrease: number
}

/** Texts repeat over the plans of a repository. The table is of the process, so what it may hold is bounded. */
const compiled = new WeakMap<Names, Map<string, Expression | ExpressionFault>>()
const mostKept = 10_000

export function readCheck(spec: CheckSpec, names: Names): Check | ExpressionFault {
  const text = (spec.expr ?? '').trim()
  const expression = compileOnce(text, names)
  if (isFaulty(expression)) return expression
  const budget = budgetOf(spec)
  const key = spec.max_increase === undefined ? 'max_decrease' : 'max_increase'
  if (budget && expression.kind === 'flag')
    return { code: 'check/budget-of-comparison', params: { expr: text, budget: key } }
  if (!budget && expression.kind === 'number') return { code: 'check/not-a-comparison', params: { expr: text } }
  const { severity, reason = '' } = spec
  const common = { severity, reason, expression }
  return budget ? { ...common, budget, text: budgetText(text, budget) } : { ...common, text: oneLine(text) }
}

function compileOnce(text: string, names: Names): Expression | ExpressionFault {
  const known = compiled.get(names) ?? new Map<string, Expression | ExpressionFault>()
  compiled.set(names, known)
  const old = known.get(text)
  if (old) return old
  if (known.size >= mostKept) known.clear()
  const made = compileExpression(text, names)
  known.set(text, made)
  return made
}

function budgetOf({ max_increase: increase, max_decrease: decrease }: CheckSpec): Budget | undefined {
  if (increase === undefined && decrease === undefined) return undefined
  return { increase: increase ?? Number.POSITIVE_INFINITY, decrease: decrease ?? Number.POSITIVE_INFINITY }
}

function budgetText(text: string, { increase, decrease }: Budget): string {
  const share = (part: number) => `${Number((part * 100).toPrecision(4))} %`
  const limits = [
    ...(Number.isFinite(increase) ? [`+${share(increase)}`] : []),
    ...(Number.isFinite(decrease) ? [`−${share(decrease)}`] : []),
  ]
  return `${oneLine(text)} at most ${limits.join(', ')} against the baseline`
}

/** A block of YAML has line ends. */
const oneLine = (text: string): string => text.replace(/\s+/gu, ' ')
