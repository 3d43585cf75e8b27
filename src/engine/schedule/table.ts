/** All schedules by name. */
import type { ScheduleKind } from '../strategy.ts'
import { dualPipe } from './dual-pipe.ts'
import { vHalf, vMin, zeroBubbleV } from './folded.ts'
import { gpipe } from './gpipe.ts'
import { interleaved } from './interleaved.ts'
import { oneForwardOneBackward } from './one-f-one-b.ts'
import type { Schedule } from './schedule.ts'
import { zeroBubble } from './zero-bubble.ts'

export const scheduleTable: Readonly<Record<ScheduleKind, Schedule>> = {
  gpipe,
  '1f1b': oneForwardOneBackward,
  interleaved,
  'zero-bubble': zeroBubble,
  'v-min': vMin,
  'v-half': vHalf,
  'zb-v': zeroBubbleV,
  dualpipe: dualPipe,
}
