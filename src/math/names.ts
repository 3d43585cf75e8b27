/** What an expression may speak of, and what was meant by a name that is none. */
import { nearest } from '../base/nearest.ts'
import type { Unit } from '../units/unit.ts'
import { percent, unitSymbols } from './symbols.ts'

/** A number of a unit, yes or no, or a word: words have names here so that the refusal can say why. */
export type NameKind = Unit | 'flag' | 'word'

export type Names = ReadonlyMap<string, NameKind>

/** The closest name: misspelt, with its words in another order, or cut short. After a number a unit is likelier. */
export function meantBy(name: string, names: Names, afterNumber: boolean): string | undefined {
  const numbers = [...names].filter(([, kind]) => kind !== 'word').map(([known]) => known)
  const symbols = name.includes('.') ? [] : [...unitSymbols.keys()].filter((symbol) => symbol !== percent)
  const spelt = nearest(name, afterNumber ? [...symbols, ...numbers] : [...numbers, ...symbols])
  return spelt ?? shuffled(name, numbers) ?? part(name, numbers)
}

const sortedWords = (name: string): string => name.split(/[._]/u).sort().join('.')

/** `cost.run` for `run.cost`. */
function shuffled(name: string, names: readonly string[]): string | undefined {
  const words = sortedWords(name.slice(0, 80))
  return names.find((known) => sortedWords(known) === words)
}

/** `gpu.hbm` for `cluster.gpu.hbm.capacity`, `peak` for `memory.peak`. */
function part(name: string, names: readonly string[]): string | undefined {
  return names.find((known) => known.endsWith(`.${name}`)) ?? names.find((known) => `.${known}.`.includes(`.${name}.`))
}
