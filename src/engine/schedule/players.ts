/** Players by the shape that they play: strategies that differ elsewhere share one. */
import type { ScheduleKind } from '../strategy.ts'
import { Player } from './play.ts'
import type { PipelineShape, Playable } from './schedule.ts'

/** Passes of all players kept: some 30 MB. */
const mostPasses = 1_000_000

export class Players {
  private readonly made = new Map<string, Player>()
  private passes = 0

  of(kind: ScheduleKind, schedule: Playable, shape: PipelineShape): Player {
    const { pp, vpp, microBatches } = shape
    const key = `${kind} ${pp} ${vpp} ${microBatches}`
    const known = this.made.get(key)
    if (known) return known
    const player = new Player(schedule, shape)
    if (this.passes + player.passes > mostPasses) {
      this.made.clear()
      this.passes = 0
    }
    this.made.set(key, player)
    this.passes += player.passes
    return player
  }
}
