import type { PipelineShape, Schedule } from './schedule.ts'

/** Each stage holds several chunks of the model, so that the pipeline fills in steps of a chunk. */
export const interleaved: Schedule = {
  source: 'Narayanan et al. 2021, arXiv:2104.04473 §2.2.2; order as in Megatron-LM schedules.py',
  splitsBackward: false,
  order(shape, stage, tell) {
    const total = shape.microBatches * shape.vpp
    const ahead = passesAhead(shape, stage)
    for (let i = 0; i < total + ahead; i++) {
      if (i < total) tell('forward', chunkAt(shape, i), microBatchAt(shape, i))
      if (i < ahead) continue
      const chunk = shape.vpp - 1 - chunkAt(shape, i - ahead)
      tell('backward', chunk, microBatchAt(shape, i - ahead))
    }
  },
  seconds: ({ pp, vpp, microBatches }, { forward, backward, weight }) =>
    (microBatches + (pp - 1) / vpp) * (forward + backward + weight),
  inFlight: (shape, stage) => Math.min(shape.microBatches * shape.vpp, passesAhead(shape, stage) + 1) / shape.vpp,
}

function passesAhead({ pp, vpp, microBatches }: PipelineShape, stage: number): number {
  return Math.min(microBatches * vpp, 2 * (pp - stage - 1) + (vpp - 1) * pp)
}

/** Micro-batches go in groups of pp, each group through all chunks before the next one enters. */
function chunkAt({ pp, vpp }: PipelineShape, index: number): number {
  return Math.floor((index % (pp * vpp)) / pp)
}

function microBatchAt({ pp, vpp }: PipelineShape, index: number): number {
  return Math.floor(index / (pp * vpp)) * pp + (index % pp)
}
