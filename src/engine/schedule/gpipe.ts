import type { Schedule } from './schedule.ts'

/** All forward passes, then all backward passes. */
export const gpipe: Schedule = {
  source: 'Huang et al. 2018, arXiv:1811.06965',
  splitsBackward: false,
  order({ microBatches }, _, tell) {
    for (let i = 0; i < microBatches; i++) tell('forward', 0, i)
    for (let i = 0; i < microBatches; i++) tell('backward', 0, i)
  },
  seconds: ({ pp, microBatches }, { forward, backward, weight }) =>
    (microBatches + pp - 1) * (forward + backward + weight),
  inFlight: ({ microBatches }) => microBatches,
}
