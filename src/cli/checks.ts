/** Checks of a scenario, and the questions a gate asks of it. Loaded only where a scenario has checks: it brings mathjs. */
import { type LocatedProblem, type Path, type Place, type Problem, problem, ScenarioError } from '../base/problem.ts'
import { type Check, readCheck } from '../check/check.ts'
import type { Answer, Assignment, InputValue, WhatIf } from '../check/plan.ts'
import { catalogue } from '../engine/catalogue.ts'
import { metricNames } from '../engine/metrics.ts'
import { live } from '../engine/phases/life.ts'
import { simulate } from '../engine/simulate.ts'
import type { ExpressionFault, Names } from '../math/expression.ts'
import { lifeFields } from '../report/compose/life.ts'
import type { Field } from '../report/report.ts'
import type { Files } from '../scenario/files.ts'
import { inputKinds, inputNumbers, inputsOf } from '../scenario/inputs.ts'
import { type Loaded, readScenario } from '../scenario/read.ts'
import { formatQuantity } from '../units/format.ts'
import { parseQuantity } from '../units/quantity.ts'
import { units } from '../units/unit.ts'

let names: Names | undefined

/** Metrics, then inputs: the same for every scenario without phases. */
function allNames(): Names {
  names ??= new Map([...metricNames.map((name) => [name, catalogue[name].unit] as const), ...inputKinds()])
  return names
}

const lives = new WeakMap<Loaded, readonly Field[]>()

/** `life.energy`, `phases.pretraining.time`: of a scenario that lists phases. */
function lifeOf(loaded: Loaded): readonly Field[] {
  const known = lives.get(loaded) ?? (loaded.phases ? lifeFields(live(loaded.phases)) : [])
  lives.set(loaded, known)
  return known
}

function namesFor(loaded: Loaded): Names {
  const own = lifeOf(loaded)
  return own.length === 0 ? allNames() : new Map([...allNames(), ...own.map(({ name, unit }) => [name, unit] as const)])
}

export interface PlacedCheck {
  readonly check: Check
  readonly place?: Place
}

export interface Checks {
  readonly checks: readonly PlacedCheck[]
  readonly problems: readonly LocatedProblem[]
}

export function checksOf(loaded: Loaded): Checks {
  const specs = loaded.scenario.checks ?? []
  const values = specs.length > 0 ? numbersOf(loaded) : new Map<string, number>()
  const known = specs.length > 0 ? namesFor(loaded) : allNames()
  const ofLife = new Set(specs.length > 0 ? lifeOf(loaded).map(({ name }) => name) : [])
  const read = specs.map((spec, index) => {
    const path = pathOf(index, loaded)
    const check = readCheck(spec, known)
    if ('code' in check) return { problems: [faultAt(check, path, spec.expr ?? '', loaded)] }
    const lacking = check.expression.names.filter((name) => !values.has(name) && !isMetric(name) && !ofLife.has(name))
    const problems = lacking.map((name) => loaded.origin.locate(problem('check/no-value', path, { name })))
    const place = loaded.origin.placeOf(path)
    return { problems, checks: [{ check, ...(place && { place }) }] }
  })
  return {
    checks: read.flatMap(({ checks = [] }) => checks),
    problems: read.flatMap(({ problems }) => problems),
  }
}

const numbers = new WeakMap<Loaded, ReturnType<typeof inputNumbers>>()

/** Asked for by the checks and again by the answer. */
function numbersOf(loaded: Loaded): ReturnType<typeof inputNumbers> {
  const known = numbers.get(loaded) ?? inputNumbers(loaded)
  numbers.set(loaded, known)
  return known
}

const isMetric = (name: string): boolean => name in catalogue

/** Of the long form the expression, of the short one the whole entry. */
function pathOf(index: number, { origin }: Loaded): Path {
  const long: Path = ['checks', index, 'expr']
  return origin.placeOf(long) ? long : ['checks', index]
}

function faultAt({ code, params, at }: ExpressionFault, path: Path, text: string, { origin }: Loaded): LocatedProblem {
  const found: Problem = problem(code, path, params)
  const located = origin.locate(found)
  const { place } = located
  if (!place || !at || !standsAt(place, text)) return located
  return { ...located, place: { ...place, column: place.column + at.start, length: Math.max(1, at.length) } }
}

/** Quotes and blocks of YAML shift the text: then the whole of it is marked. */
function standsAt({ line, column, frame }: Place, text: string): boolean {
  const shown = frame.find((each) => each.line === line)?.text ?? ''
  return shown.slice(column - 1, column - 1 + text.length) === text
}

export function answerOf(loaded: Loaded): Answer {
  const simulation = simulate(loaded.job, loaded.strategy)
  const { metrics } = simulation
  return {
    simulation,
    inputs: inputsOf(loaded.scenario),
    metrics,
    scope: new Map([
      ...numbersOf(loaded),
      ...lifeOf(loaded).map(({ name, value }) => [name, Number(value)] as const),
      ...Object.entries(metrics),
    ]),
  }
}

/** Values are said as with --set, so a what-if goes through every rule that a file goes through. */
export function whatIfOf(file: string, files: Files, sets: readonly string[]): WhatIf {
  const known = new Map<string, Answer | undefined>()
  return (assignments) => {
    const said = assignments.map(settingOf)
    const key = said.join('\n')
    if (!known.has(key)) known.set(key, attempt(file, files, [...sets, ...said]))
    return known.get(key)
  }
}

function attempt(file: string, files: Files, sets: readonly string[]): Answer | undefined {
  try {
    return answerOf(readScenario(file, files, { sets }))
  } catch (error) {
    if (error instanceof ScenarioError) return undefined
    throw error
  }
}

/** `training.tokens=15600000000000`: exact, and read back by the schema. */
export function settingOf({ path, value }: Assignment): string {
  return `${path}=${value === undefined ? '' : exact(path, value)}`
}

function exact(path: string, value: InputValue): string {
  const kind = inputKinds().get(path)
  if (typeof value !== 'number' || kind === undefined || kind === 'flag' || kind === 'word')
    return JSON.stringify(value)
  const { symbol } = units[kind]
  return symbol === '' ? String(value) : `${value} ${symbol}`
}

/** As people write it, where that says the same: `80 GB`. */
export function written(path: string, value: InputValue | undefined): string {
  if (value === undefined) return 'unset'
  const kind = inputKinds().get(path)
  if (typeof value !== 'number' || kind === undefined || kind === 'flag' || kind === 'word')
    return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
  if (kind === 'ratio' || kind === 'count')
    return kind === 'ratio' ? String(Number(value.toPrecision(6))) : String(value)
  const short = formatQuantity(value, kind)
  return parseQuantity(short, kind) === value ? short : exact(path, Number(value.toPrecision(6)))
}
