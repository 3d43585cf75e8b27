import type { PipelineShape, Playable } from './schedule.ts'

/** Each stage holds several chunks of the model, so that the pipeline fills in steps of a chunk. */
export const interleaved: Playable = {
  source: 'Narayanan et al. 2021, arXiv:2104.04473 §2.2.2; order as in Megatron-LM schedules.py',
  splitsBackward: false,
  placement: 'loop',
  copies: 1,
  order(shape, stage) {
    const total = shape.microBatches * shape.vpp
    const ahead = passesAhead(shape, stage)
    const passes = new Int32Array(2 * total)
    let count = 0
    for (let i = 0; i < total + ahead; i++) {
      if (i < total) passes[count++] = slotAt(shape, i, false)
      if (i >= ahead) passes[count++] = total + slotAt(shape, i - ahead, true)
    }
    return passes
  },
  seconds: ({ pp, vpp, microBatches }, { forward, backward, weight }) =>
    (microBatches + (pp - 1) / vpp) * (forward + backward + weight),
  inFlight: (shape, stage) => Math.min(shape.microBatches * shape.vpp, passesAhead(shape, stage) + 1) / shape.vpp,
}

function passesAhead({ pp, vpp, microBatches }: PipelineShape, stage: number): number {
  return Math.min(microBatches * vpp, 2 * (pp - stage - 1) + (vpp - 1) * pp)
}

/** Micro-batches go in groups of pp, each group through all chunks before the next one enters; backward from the last. */
function slotAt({ pp, vpp, microBatches }: PipelineShape, index: number, backward: boolean): number {
  const round = Math.floor(index / (pp * vpp))
  const within = index % (pp * vpp)
  const chunk = Math.floor(within / pp)
  return (backward ? vpp - 1 - chunk : chunk) * microBatches + round * pp + (within % pp)
}
