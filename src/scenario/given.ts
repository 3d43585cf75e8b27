/** What `complete.ts` and the rules have seen to. */
import { invariant } from '../base/problem.ts'

export function given<T>(value: T | undefined, name: string): T {
  invariant(value !== undefined, `${name} is not asked for`)
  return value
}
