/** Which input matters: each a little less and a little more, and how far one must go for a goal. */

export interface Swing {
  readonly path: string
  readonly value: number
  readonly less: number
  readonly more: number
  /** d ln(metric) / d ln(input), over both sides. */
  readonly elasticity: number
}

/** undefined: such a plan cannot run. */
export type Ask = (path: string, value: number) => number | undefined

/** Largest effect first; inputs that do nothing are left out. */
export function swingsOf(inputs: ReadonlyMap<string, number>, now: number, part: number, ask: Ask): readonly Swing[] {
  const swings = [...inputs].flatMap(([path, value]): readonly Swing[] => {
    if (value === 0) return []
    const less = ask(path, value * (1 - part))
    const more = ask(path, value * (1 + part))
    if (less === undefined || more === undefined || (less === now && more === now)) return []
    const elasticity = Math.log(more / less) / Math.log((1 + part) / (1 - part))
    return [{ path, value, less, more, elasticity }]
  })
  const effect = ({ less, more }: Swing) => Math.max(Math.abs(less - now), Math.abs(more - now))
  return swings.sort((a, b) => effect(b) - effect(a) || (a.path < b.path ? -1 : 1))
}

export type Sought =
  | { readonly kind: 'found'; readonly value: number; readonly holdsNow: boolean }
  /** As far as was looked, nothing changes. */
  | { readonly kind: 'never' | 'always'; readonly from: number; readonly to: number }

/** Doublings tried in either direction. */
const farthest = 14

/**
 * The value nearest to the present one at which the goal is reached, or, where it holds, at which it would be lost. For
 * counts the last whole number that keeps it.
 */
export function seek(now: number, holds: (value: number) => boolean, whole: boolean): Sought {
  const holdsNow = holds(now)
  const tidy = (value: number) => (whole ? Math.round(value) : value)
  let [low, high] = [now, now]
  for (let step = 1; step <= farthest; step++) {
    const [down, up] = [tidy(now / 2 ** step), tidy(now * 2 ** step)]
    if (holds(up) !== holdsNow) return { kind: 'found', holdsNow, value: bisect(high, up, holds, whole) }
    if (down > 0 && holds(down) !== holdsNow) return { kind: 'found', holdsNow, value: bisect(low, down, holds, whole) }
    low = Math.max(down, whole ? 1 : Number.MIN_VALUE)
    high = up
  }
  return { kind: holdsNow ? 'always' : 'never', from: low, to: high }
}

/** Between a value on this side and one beyond, the last that holds. */
function bisect(here: number, there: number, holds: (value: number) => boolean, whole: boolean): number {
  const first = holds(here)
  let [near, far] = [here, there]
  for (let round = 0; round < 60; round++) {
    const middle = whole ? Math.round((near + far) / 2) : Math.sqrt(near * far)
    if (middle === near || middle === far || Math.abs(far / near - 1) < 1e-9) break
    if (holds(middle) === first) near = middle
    else far = middle
  }
  return first ? near : far
}
