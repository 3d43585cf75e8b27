/** A search in pieces: what several workers share out among themselves. */
import { divisorsOf } from '../base/integers.ts'
import type { Strategy } from '../engine/strategy.ts'
import type { Question } from './question.ts'
import { type Space, spaceOf } from './space.ts'

/** Shardings that share what hangs on no micro-batch. */
export interface Piece {
  readonly tp: number
  readonly ep: number
  readonly etp: number
  readonly cp: number
  readonly cpMode: Strategy['cpMode']
  readonly sp: boolean
}

export function piecesOf(question: Question): readonly Piece[] {
  return piecesIn(spaceOf(question.job, question.given, question.fixed))
}

function piecesIn({ job, fixed, tp: tps, ep: eps, etp: etps, cpModes }: Space): readonly Piece[] {
  const pieces: Piece[] = []
  for (const tp of tps)
    for (const ep of eps)
      for (const etp of etps)
        for (const cp of fixed.cp ?? divisorsOf(job.cluster.gpus / tp))
          for (const cpMode of cp === 1 ? cpModes.slice(0, 1) : cpModes)
            for (const sp of tp === 1 ? [false] : (fixed.sp ?? [false, true]))
              pieces.push({ tp, ep, etp, cp, cpMode, sp })
  return pieces
}
