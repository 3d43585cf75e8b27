import type { Pass, Schedule } from './schedule.ts'

/** All forward passes, then all backward passes. */
export const gpipe: Schedule = {
  source: 'Huang et al. 2018, arXiv:1811.06965',
  splitsBackward: false,
  order({ microBatches }) {
    const all = Array.from({ length: microBatches }, (_, microBatch) => microBatch)
    return [
      ...all.map((microBatch): Pass => ({ kind: 'forward', chunk: 0, microBatch })),
      ...all.map((microBatch): Pass => ({ kind: 'backward', chunk: 0, microBatch })),
    ]
  },
  seconds: ({ pp, microBatches }, { forward, backward, weight }) =>
    (microBatches + pp - 1) * (forward + backward + weight),
  inFlight: ({ microBatches }) => microBatches,
}
