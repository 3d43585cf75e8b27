import type { Playable } from './schedule.ts'

/** As many forward passes as there are stages behind, then forward and backward in turn. */
export const oneForwardOneBackward: Playable = {
  source: 'Narayanan et al. 2019, doi:10.1145/3341301.3359646 (PipeDream); 2021, arXiv:2104.04473 §2.2.1',
  splitsBackward: false,
  placement: 'loop',
  copies: 1,
  order({ pp, microBatches }, stage) {
    const ahead = Math.min(microBatches, pp - stage - 1)
    const passes = new Int32Array(2 * microBatches)
    let count = 0
    for (let i = 0; i < microBatches + ahead; i++) {
      if (i < microBatches) passes[count++] = i
      if (i >= ahead) passes[count++] = microBatches + i - ahead
    }
    return passes
  },
  seconds: ({ pp, microBatches }, { forward, backward, weight }) =>
    (microBatches + pp - 1) * (forward + backward + weight),
  inFlight: ({ pp, microBatches }, stage) => Math.min(microBatches, pp - stage),
}
