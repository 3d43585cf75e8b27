/** One value of a scenario by itself: a sweep reads a thousand of them, and the whole scenario would take its time. */
import * as z from 'zod'
import type { Path } from '../base/problem.ts'
import { fieldAt } from './describe.ts'

/** As the scenario holds it; undefined where the field takes no such value, or nothing is known of it. */
export function valueFrom(path: Path, written: string): unknown {
  const field = fieldAt(path)
  const parsed = field && z.safeParse(field, written)
  return parsed?.success ? parsed.data : undefined
}
