/** Whole numbers. */

export function ceilDiv(n: number, by: number): number {
  return Math.ceil(n / by)
}
