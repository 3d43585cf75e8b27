/** Two searches over positive numbers, on a logarithmic axis. */

const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * Where a function with one valley is lowest: a parabola through the three best points where it lands well inside, else a
 * golden section. As narrow as so many golden sections; sixty narrow a range of e¹⁴ to one part in 10¹¹. Brent 1973,
 * Algorithms for Minimization without Derivatives, chapter 5.
 */
export function lowest(low: number, high: number, height: (x: number) => number, steps = 60): number {
  let [left, right] = [Math.log(low), Math.log(high)]
  const least = ((right - left) * GOLDEN ** steps) / 2
  const heightAt = (log: number) => height(Math.exp(log))
  let best = right - GOLDEN * (right - left)
  let bestHeight = heightAt(best)
  let [second, third] = [best, best]
  let [secondHeight, thirdHeight] = [bestHeight, bestHeight]
  let [step, before] = [0, 0]
  while (right - left > 4 * least) {
    const middle = (left + right) / 2
    const r = (best - second) * (bestHeight - thirdHeight)
    const q = (best - third) * (bestHeight - secondHeight)
    const parabola = ((best - third) * q - (best - second) * r) / (2 * (r - q))
    const isInside = best + parabola > left + least && best + parabola < right - least
    if (isInside && Math.abs(parabola) < Math.abs(before) / 2) [before, step] = [step, parabola]
    else {
      before = best < middle ? right - best : left - best
      step = (1 - GOLDEN) * before
    }
    const next = best + (Math.abs(step) > least ? step : Math.sign(middle - best) * least)
    const nextHeight = heightAt(next)
    if (nextHeight <= bestHeight) {
      if (next < best) right = best
      else left = best
      ;[third, second, best] = [second, best, next]
      ;[thirdHeight, secondHeight, bestHeight] = [secondHeight, bestHeight, nextHeight]
    } else {
      if (next < best) left = next
      else right = next
      if (nextHeight <= secondHeight || second === best) {
        ;[third, second] = [second, next]
        ;[thirdHeight, secondHeight] = [secondHeight, nextHeight]
      } else if (nextHeight <= thirdHeight || third === best || third === second) {
        third = next
        thirdHeight = nextHeight
      }
    }
  }
  return Math.exp(best)
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
