import type { Schedule } from './schedule.ts'

/** As many forward passes as there are stages behind, then forward and backward in turn. */
export const oneForwardOneBackward: Schedule = {
  source: 'Narayanan et al. 2019, doi:10.1145/3341301.3359646 (PipeDream); 2021, arXiv:2104.04473 §2.2.1',
  splitsBackward: false,
  order({ pp, microBatches }, stage, tell) {
    const ahead = Math.min(microBatches, pp - stage - 1)
    for (let i = 0; i < microBatches + ahead; i++) {
      if (i < microBatches) tell('forward', 0, i)
      if (i >= ahead) tell('backward', 0, i - ahead)
    }
  },
  seconds: ({ pp, microBatches }, { forward, backward, weight }) =>
    (microBatches + pp - 1) * (forward + backward + weight),
  inFlight: ({ pp, microBatches }, stage) => Math.min(microBatches, pp - stage),
}
