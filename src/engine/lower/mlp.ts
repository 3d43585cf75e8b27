/** The feed-forward block as operations. */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { linear } from './build.ts'
import { activation, norm, quantize, residual } from './elementwise.ts'
import type { LocalShape } from './shape.ts'
import { enterBlock, leaveBlock } from './tensor-parallel.ts'

export function lowerMlp(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const { model, tokens, ownTokens, ffn } = shape
  const { hidden } = model
  return [
    ...norm('mlp.norm', job, ownTokens * hidden),
    ...quantize('mlp.quantize', job, ownTokens * hidden),
    ...enterBlock('mlp', job, shape, sharding),
    ...gatedMatmuls('mlp', job, tokens, ffn),
    ...leaveBlock('mlp.down', job, shape, sharding),
    ...(model.normsPerLayer > 2 ? norm('mlp.postNorm', job, ownTokens * hidden) : []),
    ...residual('mlp.residual', job, ownTokens * hidden),
  ]
}

/** Up, activation, down. */
export function gatedMatmuls(name: string, job: Job, tokens: number, ffn: number): Operation[] {
  const { hidden, gated } = job.model
  return [
    ...linear(job, `${name}.up`, { tokens, n: (gated ? 2 : 1) * ffn, k: hidden }),
    ...activation(`${name}.activation`, job, tokens * ffn),
    ...quantize(`${name}.down.quantize`, job, tokens * ffn),
    ...linear(job, `${name}.down`, { tokens, n: hidden, k: ffn }),
  ]
}
