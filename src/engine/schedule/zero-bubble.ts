import type { Playable } from './schedule.ts'

/**
 * ZB-H1: 1F1B with the weight gradients split off and put off, on stage s by s micro-batches, so that input gradients
 * reach earlier stages sooner and every stage holds as much as the first of 1F1B.
 */
export const zeroBubble: Playable = {
  source: 'Qi et al. 2023, arXiv:2401.10241 §3 (ZB-H1)',
  splitsBackward: true,
  placement: 'loop',
  copies: 1,
  order({ pp, microBatches }, stage) {
    const ahead = Math.min(microBatches, pp - stage - 1)
    const passes = new Int32Array(3 * microBatches)
    let count = 0
    for (let i = 0; i < microBatches + ahead + stage; i++) {
      const backward = i - ahead
      const weight = backward - stage
      if (i < microBatches) passes[count++] = i
      if (backward >= 0 && backward < microBatches) passes[count++] = microBatches + backward
      if (weight >= 0) passes[count++] = 2 * microBatches + weight
    }
    return passes
  },
  seconds: ({ pp, microBatches }, { forward, backward, weight }) =>
    (microBatches + pp - 1) * (forward + backward) + Math.max(1, microBatches - pp + 1) * weight,
  inFlight: ({ pp, microBatches }) => Math.min(microBatches, pp),
}
