import type { Schedule } from './schedule.ts'

/**
 * Micro-batches enter at both ends, so that every stage has a forward pass of one to lay over a backward pass of another.
 * A closed form alone is published: a bubble of (pp / 2 − 1) (F&B + B − 3W), where F&B is a forward and a backward pass laid
 * over each other and B a whole backward pass; weights twice; activations of pp + 1 micro-batches.
 */
export const dualPipe: Schedule = {
  source: 'DeepSeek-AI 2024, arXiv:2412.19437 §3.2.1, table 2',
  splitsBackward: true,
  placement: 'loop',
  copies: 2,
  seconds: ({ pp, microBatches }, { forward, backward, weight }) => {
    const whole = backward + weight
    return microBatches * (forward + whole) + (pp / 2 - 1) * Math.max(0, forward + 2 * whole - 3 * weight)
  },
  inFlight: ({ pp, microBatches }) => Math.min(microBatches, pp + 1),
}
