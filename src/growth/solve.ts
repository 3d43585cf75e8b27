/** Two searches over positive numbers, on a logarithmic axis. */

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Where a function with one valley is lowest. Sixty steps narrow a range of e¹⁴ to one part in 10¹¹. */
export function lowest(low: number, high: number, height: (x: number) => number, steps = 60): number {
  let [left, right] = [Math.log(low), Math.log(high)]
  let a = right - GOLDEN * (right - left)
  let b = left + GOLDEN * (right - left)
  let [atA, atB] = [height(Math.exp(a)), height(Math.exp(b))]
  for (let step = 0; step < steps; step++) {
    if (atA <= atB) {
      right = b
      b = a
      atB = atA
      a = right - GOLDEN * (right - left)
      atA = height(Math.exp(a))
    } else {
      left = a
      a = b
      atA = atB
      b = left + GOLDEN * (right - left)
      atB = height(Math.exp(b))
    }
  }
  return Math.exp((left + right) / 2)
}

/** Where a predicate turns from true to false; the nearer end where it never turns. */
export function turningPoint(low: number, high: number, holds: (x: number) => boolean, steps = 50): number {
  if (!holds(low)) return low
  if (holds(high)) return high
  let [left, right] = [Math.log(low), Math.log(high)]
  for (let step = 0; step < steps; step++) {
    const middle = (left + right) / 2
    if (holds(Math.exp(middle))) left = middle
    else right = middle
  }
  return Math.exp((left + right) / 2)
}
