/** Whole numbers. */

export function ceilDiv(n: number, by: number): number {
  return Math.ceil(n / by)
}

/** Rising. */
export function divisorsOf(whole: number): readonly number[] {
  const low: number[] = []
  for (let n = 1; n * n <= whole; n++) if (whole % n === 0) low.push(n)
  const high = low.map((n) => whole / n).filter((n) => n * n > whole)
  return [...low, ...high.toReversed()]
}
