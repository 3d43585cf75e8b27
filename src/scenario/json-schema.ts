/** The schema for editors: draft 7, which is what the YAML language server documents. */
import * as z from 'zod'
import { numberPattern } from '../units/quantity.ts'
import { scalesOf } from '../units/scales.ts'
import { type Unit, units } from '../units/unit.ts'
import { dimensions, type FieldMeta, type Limits } from './fields.ts'
import { scenarioSchema } from './schema.ts'

type Json = Record<string, unknown>

/** Rules between fields cannot be said here: they are checked when a scenario is read. */
export function scenarioJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(scenarioSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Called again for each wrapper (optional, default) around a field.
      if ('unit' in jsonSchema && !('anyOf' in jsonSchema))
        writeQuantity(jsonSchema as Json, jsonSchema as unknown as FieldMeta)
      if ('shorthand' in jsonSchema) writeShorthand(jsonSchema as Json)
      // A section that is left out is filled with its defaults: nothing that an editor need insert.
      if (jsonSchema.type === 'object') delete jsonSchema.default
    },
  })
  return { $schema, title: 'clusterwise scenario', ...rest, definitions: wordsOfUnits() }
}

/** A number in words, bare where the unit allows it, or with its source. */
function writeQuantity(field: Json, { unit, word, ...limits }: FieldMeta): void {
  for (const key of ['from', 'above', 'to', 'whole', 'word']) delete field[key]
  const plain = [
    { $ref: `#/definitions/${unit}` },
    ...(scalesOf(unit).has('') ? [bareNumber(limits)] : []),
    ...(word === undefined ? [] : [{ const: word }]),
  ]
  const cited = {
    type: 'object',
    properties: { value: { anyOf: plain }, source: { type: 'string' } },
    required: ['value'],
    additionalProperties: false,
  }
  Object.assign(field, { anyOf: [...plain, cited], examples: [dimensions[unit].example] })
}

/** The whole section, or the text of its one key. */
function writeShorthand(field: Json): void {
  const { shorthand: key, ...long } = field
  for (const name of Object.keys(field)) delete field[name]
  const { [String(key)]: text } = (long['properties'] ?? {}) as Json
  Object.assign(field, { anyOf: [text, long] })
}

function bareNumber({ from, above, to, whole }: Limits): Json {
  return {
    type: whole ? 'integer' : 'number',
    ...(from !== undefined && { minimum: from }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    ...(to !== undefined && { maximum: to }),
  }
}

function wordsOfUnits(): Json {
  const names = Object.keys(units) as Unit[]
  return Object.fromEntries(names.map((unit) => [unit, { type: 'string', pattern: patternOf(unit) }]))
}

/** Every way to write a quantity of this unit: `80 GB`, `$2.5/h`. */
function patternOf(unit: Unit): string {
  const symbols = [...scalesOf(unit).keys()]
  const after = symbols.map(escaped).join('|')
  const dollars = symbols.filter((symbol) => symbol.startsWith('$')).map((symbol) => escaped(symbol.slice(1)))
  const before = dollars.length > 0 ? `|\\$${numberPattern}\\s*(${dollars.join('|')})` : ''
  return `^\\s*(${numberPattern}\\s*(${after})${before})\\s*$`
}

/** Spaces within a unit are free: `15.6 T tokens`. */
const escaped = (symbol: string): string => symbol.replace(/[$/]/gu, '\\$&').replace(/tokens/u, '\\s*tokens')
