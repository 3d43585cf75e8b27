/** Every law and constant of this room by name, read off the modules that declare them: for whoever asks why. */
import type { Statement } from '../engine/formula.ts'
import * as allocation from './allocation.ts'
import * as architecture from './architecture.ts'
import * as computer from './computer.ts'
import * as criticalBatch from './critical-batch.ts'
import * as dataLimit from './data-limit.ts'
import * as ensemble from './ensemble.ts'
import * as hyperParameter from './hyper-parameter.ts'
import * as lossLaw from './loss-law.ts'
import * as machine from './machine.ts'
import * as moe from './moe.ts'
import * as objective from './objective.ts'
import * as optimizer from './optimizer.ts'
import * as parallelLimit from './parallel-limit.ts'
import * as precision from './precision.ts'
import * as reliability from './reliability.ts'
import * as shape from './shape.ts'
import * as surfaces from './surfaces.ts'
import * as svm from './svm.ts'
import * as trends from './trends.ts'
import * as usefulChips from './useful-chips.ts'
import * as walls from './walls.ts'

export interface Constant {
  readonly name: string
  readonly label: string
  readonly source: string
  readonly validity: string
  readonly confidence: string
  /** Its numbers, by path. */
  readonly numbers: readonly (readonly [path: string, value: number])[]
}

const modules: readonly object[] = [
  allocation,
  architecture,
  computer,
  criticalBatch,
  dataLimit,
  ensemble,
  hyperParameter,
  lossLaw,
  machine,
  moe,
  objective,
  optimizer,
  parallelLimit,
  precision,
  reliability,
  shape,
  surfaces,
  svm,
  trends,
  usefulChips,
  walls,
]

const exported = (): readonly (readonly [string, unknown])[] => modules.flatMap((module) => Object.entries(module))

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const isStatement = (value: unknown): value is Statement => isFields(value) && 'text' in value && 'compute' in value

export function laws(): readonly Statement[] {
  const found = exported().flatMap(([, value]) => (isStatement(value) ? [value] : []))
  return [...new Map(found.map((law) => [law.id, law])).values()]
}

const isCited = (value: unknown): value is Fields => isFields(value) && 'validity' in value && 'confidence' in value

/** `optimizers/muon`, `surfaces/besiroglu`; a constant that stands alone has the name of its export. */
export function constants(): readonly Constant[] {
  return exported().flatMap(([name, value]) => {
    if (isCited(value)) return [constantOf(name, value)]
    if (!isFields(value) || Array.isArray(value)) return []
    return Object.entries(value).flatMap(([key, entry]) =>
      isCited(entry) ? [constantOf(`${name}/${key}`, entry)] : [],
    )
  })
}

function constantOf(name: string, fields: Fields): Constant {
  const say = (key: string) => String(fields[key])
  return {
    name,
    label: say('label'),
    source: say('source'),
    validity: say('validity'),
    confidence: say('confidence'),
    numbers: numbersIn(fields, []),
  }
}

function numbersIn(fields: Fields, path: readonly string[]): Constant['numbers'] {
  return Object.entries(fields).flatMap(([key, value]): Constant['numbers'] => {
    if (typeof value === 'number') return [[[...path, key].join('.'), value]]
    return isFields(value) && !isCited(value) ? numbersIn(value, [...path, key]) : []
  })
}
