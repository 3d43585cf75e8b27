/** Chance that can be had again: the same seed, the same inputs. */
export interface Dice {
  /** A whole number from 0 up to, but not including, `sides`. */
  roll(sides: number): number
  pick<T>(choices: readonly T[]): T
  chance(share: number): boolean
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for picking test inputs. */
export function diceFor(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const roll = (sides: number): number => Math.floor(next() * sides)
  return {
    roll,
    pick: (choices) => choices[roll(choices.length)] as (typeof choices)[number],
    chance: (share) => next() < share,
  }
}
