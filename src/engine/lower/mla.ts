/** The projections of multi-head latent attention: down to a narrow vector and up again (DeepSeek-V2, arXiv:2405.04434 §2.1). */
import type { Job, MlaShape } from '../job.ts'
import type { Operation } from '../operation.ts'
import { linear } from './build.ts'
import { norm, quantize, rotary } from './elementwise.ts'
import type { LocalShape } from './shape.ts'

/** The way down is not split over tensor-parallel ranks: each computes all of it, on its own tokens. */
export function latentProjections(job: Job, shape: LocalShape, mla: MlaShape): Operation[] {
  const { model, tokens, ownTokens, queryWidth, heads } = shape
  const { queryRank, keyValueRank, plainHeadDim, rotaryHeadDim, valueHeadDim } = mla
  const expanded = heads * (plainHeadDim + valueHeadDim)
  const query =
    queryRank > 0
      ? [
          ...linear(job, 'attention.query.down', { tokens: ownTokens, n: queryRank, k: model.hidden }),
          ...norm('attention.query.norm', job, ownTokens * queryRank),
          ...quantize('attention.query.quantize', job, ownTokens * queryRank),
          ...linear(job, 'attention.query.up', { tokens, n: queryWidth, k: queryRank }),
        ]
      : linear(job, 'attention.query', { tokens, n: queryWidth, k: model.hidden })
  return [
    ...query,
    ...linear(job, 'attention.keyValue.down', { tokens: ownTokens, n: keyValueRank + rotaryHeadDim, k: model.hidden }),
    ...norm('attention.keyValue.norm', job, ownTokens * keyValueRank),
    ...linear(job, 'attention.keyValue.up', { tokens, n: expanded, k: keyValueRank }),
    // Plain and rotary channels are written side by side for every head, of queries and of keys.
    ...rotary('attention.rotary', job, 2 * tokens * queryWidth),
  ]
}
