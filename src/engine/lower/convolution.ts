/**
 * A convolution along the sequence as operations: a product whose inner dimension is channels × taps (implicit matmul,
 * Chetlur et al. 2014, arXiv:1410.0759), alone (Gehring et al. 2017, arXiv:1705.03122) or between two pointwise products
 * (ByteNet: Kalchbrenner et al. 2016, arXiv:1610.10099 §3.6). A depthwise one only moves its channels.
 */
import type { ConvolutionShape, Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import type { Sharding } from '../strategy.ts'
import { exchange, linear, traffic } from './build.ts'
import { activation, norm, quantize, residual } from './elementwise.ts'
import { convolutionOf } from './pattern.ts'
import type { LocalShape } from './shape.ts'
import { enterBlock, leaveBlock } from './tensor-parallel.ts'

export function lowerConvolution(job: Job, shape: LocalShape, sharding: Sharding): Operation[] {
  const { model, ownTokens } = shape
  const { hidden } = model
  const convolution = convolutionOf(model)
  return [
    ...norm('convolution.norm', job, ownTokens * hidden),
    ...quantize('convolution.quantize', job, ownTokens * hidden),
    ...enterBlock('convolution', job, shape, sharding),
    ...halo(job, shape, sharding, convolution),
    ...(convolution.channels === 0
      ? alone(job, shape, sharding, convolution)
      : between(job, shape, sharding, convolution)),
    ...residual('convolution.residual', job, ownTokens * hidden),
  ]
}

/** Each rank makes a part of the channels, which all ranks then share. */
function alone(job: Job, { model, tokens }: LocalShape, { tp, sp }: Sharding, said: ConvolutionShape): Operation[] {
  const bytes = job.precision.activationBytes * tokens * model.hidden
  // Channels are traded for tokens where the stream is split by tokens.
  const traded = { forward: 'all-to-all', backward: 'all-to-all', hidden: 0 } as const
  const shared = sp
    ? exchange('convolution.share', 'tp', bytes / tp, traded)
    : exchange('convolution.share', 'tp', bytes, { forward: 'all-gather', hidden: 0 })
  return [...filters(job, tokens, model.hidden, tp, said), ...(tp > 1 ? shared : [])]
}

/** Between a product that is split by columns and one that is split by rows; a filter over all channels wants them gathered. */
function between(job: Job, shape: LocalShape, sharding: Sharding, said: ConvolutionShape): Operation[] {
  const { model, tokens } = shape
  const { hidden, normsPerLayer } = model
  const { channels, groups } = said
  const { tp } = sharding
  const width = channels / tp
  const inner = Math.max(0, normsPerLayer / 2 - 1)
  const bytes = job.precision.activationBytes * tokens * channels
  const gathered = exchange('convolution.channels', 'tp', bytes, {
    forward: 'all-gather',
    backward: 'reduce-scatter',
    hidden: 0,
  })
  return [
    ...linear(job, 'convolution.up', { tokens, n: width, k: hidden }),
    ...(inner > 0 ? norm('convolution.innerNorm', job, inner * tokens * width) : []),
    ...activation('convolution.activation', job, tokens * width),
    ...(tp > 1 && groups === 1 ? gathered : []),
    ...filters(job, tokens, channels, tp, said),
    ...linear(job, 'convolution.down', { tokens, n: hidden, k: width }),
    ...leaveBlock('convolution.output', job, shape, sharding),
  ]
}

function filters(job: Job, tokens: number, channels: number, tp: number, said: ConvolutionShape): Operation[] {
  const { kernel, groups, gated } = said
  if (groups === channels) return depthwise(job, tokens, channels / tp, gated)
  const made = (gated ? 2 : 1) * channels
  const product =
    groups === 1
      ? { tokens, n: made / tp, k: kernel * channels }
      : { tokens, n: made / groups, k: (kernel * channels) / groups, groups: groups / tp }
  return [...linear(job, 'convolution.filters', product), ...gate(job, (tokens * channels) / tp, gated)]
}

/** Read and written once; backward reads input and gradient and writes the gradient of the input, filters in a second kernel. */
function depthwise(job: Job, tokens: number, channels: number, gated: boolean): Operation[] {
  const bytes = job.precision.activationBytes * tokens * channels * (gated ? 1.5 : 1)
  return [
    ...traffic('convolution.filters', { forward: 2 * bytes, backward: 5 * bytes, kernels: [1, 2] }),
    ...gate(job, tokens * channels, gated),
  ]
}

/** Twice as much in as out, or what follows any other product. */
function gate(job: Job, elements: number, gated: boolean): Operation[] {
  if (!gated) return activation('convolution.gate', job, elements)
  const bytes = job.precision.activationBytes * elements
  return traffic('convolution.gate', { forward: 3 * bytes, backward: 5 * bytes })
}

/** The last tokens of a part of the sequence are the first that the next rank's filters look at. */
function halo(job: Job, shape: LocalShape, { cp, tp }: Sharding, { kernel, channels }: ConvolutionShape): Operation[] {
  if (cp === 1) return []
  const width = channels > 0 ? channels / tp : shape.model.hidden
  const bytes = job.precision.activationBytes * shape.sequences * (kernel - 1) * width
  return exchange('convolution.halo', 'cp', bytes, { forward: 'point-to-point', backward: 'point-to-point', hidden: 0 })
}
