/**
 * What tensor parallelism says at the doors of attention and MLP. Without sequence parallelism the results are summed
 * by an all-reduce (Shoeybi et al. 2019, arXiv:1909.08053 §3); with it, gathered before and scattered after
 * (Korthikanti et al. 2022, arXiv:2205.05198 §4.2.2), and the saved input is gathered once more for the weight gradient.
 */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange } from './build.ts'
import type { LocalShape } from './shape.ts'

/** Before the first matmul of a block. */
export function enterBlock(block: string, job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  if (sharding.tp === 1) return []
  const { tpBackwardHidden } = job.calibration
  const hidden = hiddenOf(job, sharding)
  const backwardHidden = sharding.overlapTp || job.adapter ? hidden : tpBackwardHidden
  const bytes = job.precision.activationBytes * shape.tokens * shape.model.hidden
  const rate = job.software.tensorParallelRate
  if (!sharding.sp)
    return exchange(`${block}.allReduce`, 'tp', bytes, { backward: 'all-reduce', hidden: backwardHidden, rate })
  return [
    ...exchange(`${block}.gather`, 'tp', bytes, {
      forward: 'all-gather',
      backward: 'reduce-scatter',
      hidden,
      backwardHidden,
      rate,
    }),
    ...exchange(`${block}.regather`, 'tp', bytes, { backward: 'all-gather', hidden: backwardHidden, rate }),
  ]
}

/** After its last matmul. */
export function leaveBlock(block: string, job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  if (sharding.tp === 1) return []
  const hidden = hiddenOf(job, sharding)
  const bytes = job.precision.activationBytes * shape.tokens * shape.model.hidden
  const rate = job.software.tensorParallelRate
  return sharding.sp
    ? exchange(`${block}.scatter`, 'tp', bytes, { forward: 'reduce-scatter', backward: 'all-gather', hidden, rate })
    : exchange(`${block}.allReduce`, 'tp', bytes, { forward: 'all-reduce', hidden, rate })
}

/**
 * An adapter reads the gathered input too, and a frozen weight has no gradient behind which a collective could hide: recipes
 * for LoRA leave the overlap off (NVIDIA NeMo, scripts/performance/llm/finetune_llama3_70b.py).
 */
function hiddenOf({ adapter, calibration }: Job, { overlapTp }: Sharding): number {
  return overlapTp && !adapter ? calibration.tpHidden : 0
}
