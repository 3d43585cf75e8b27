/** A formula is said twice, to people and to the machine, and a test holds the two equal. */
import type { Unit } from '../units/unit.ts'

/** The part for people: what `explain` prints. */
export interface Statement {
  readonly id: string
  readonly unit: Unit
  /** In mathjs syntax; its names are those of the inputs. */
  readonly text: string
  /** Where the formula comes from. */
  readonly source: string
}

export interface Formula<Inputs> extends Statement {
  readonly compute: (inputs: Inputs) => number
}

/** Names the inputs' type once: `formula<RingInputs>({ … })`. */
export function formula<Inputs>(definition: Formula<Inputs>): Formula<Inputs> {
  return definition
}
