import type { Pass, PipelineShape, Schedule } from './schedule.ts'

/** Each stage holds several chunks of the model, so that the pipeline fills in steps of a chunk. */
export const interleaved: Schedule = {
  source: 'Narayanan et al. 2021, arXiv:2104.04473 §2.2.2; order as in Megatron-LM schedules.py',
  splitsBackward: false,
  order(shape, stage) {
    const total = shape.microBatches * shape.vpp
    const ahead = passesAhead(shape, stage)
    const passes: Pass[] = []
    for (let i = 0; i < total + ahead; i++) {
      if (i < total) passes.push({ kind: 'forward', chunk: chunkAt(shape, i), microBatch: microBatchAt(shape, i) })
      if (i < ahead) continue
      const chunk = shape.vpp - 1 - chunkAt(shape, i - ahead)
      passes.push({ kind: 'backward', chunk, microBatch: microBatchAt(shape, i - ahead) })
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

/** Micro-batches go in groups of pp, each group through all chunks before the next one enters. */
function chunkAt({ pp, vpp }: PipelineShape, index: number): number {
  return Math.floor((index % (pp * vpp)) / pp)
}

function microBatchAt({ pp, vpp }: PipelineShape, index: number): number {
  return Math.floor(index / (pp * vpp)) * pp + (index % pp)
}
