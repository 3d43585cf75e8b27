import type { Playable } from './schedule.ts'

/** All forward passes, then all backward passes. */
export const gpipe: Playable = {
  source: 'Huang et al. 2018, arXiv:1811.06965',
  splitsBackward: false,
  placement: 'loop',
  copies: 1,
  order: ({ microBatches }) => Int32Array.from({ length: 2 * microBatches }, (_, pass) => pass),
  seconds: ({ pp, microBatches }, { forward, backward, weight }) =>
    (microBatches + pp - 1) * (forward + backward + weight),
  inFlight: ({ microBatches }) => microBatches,
}
