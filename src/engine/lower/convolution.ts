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
  const { model, tokens, ownTokens } = shape
  const { hidden } = model
  const convolution = convolutionOf(model)
  const width = convolution.channels / sharding.tp
  return [
    ...norm('convolution.norm', job, ownTokens * hidden),
    ...quantize('convolution.quantize', job, ownTokens * hidden),
    ...enterBlock('convolution', job, shape, sharding),
    ...halo(job, shape, sharding, convolution),
    ...(width === 0
      ? alone(job, shape, sharding, convolution)
      : [
          ...linear(job, 'convolution.up', { tokens, n: width, k: hidden }),
          ...activation('convolution.activation', job, tokens * width),
          ...between(job, shape, sharding, convolution),
          ...linear(job, 'convolution.down', { tokens, n: hidden, k: width }),
        ]),
    ...leaveBlock('convolution.output', job, shape, sharding),
    ...residual('convolution.residual', job, ownTokens * hidden),
  ]
}

/** Each rank takes a part of the channels; what they make of it is summed when the block is left. */
function alone(job: Job, { model, tokens }: LocalShape, { tp }: Sharding, said: ConvolutionShape): Operation[] {
  const { hidden } = model
  const { kernel, groups, gated } = said
  const made = (gated ? 2 : 1) * hidden
  if (groups === hidden) return depthwise(job, tokens, hidden / tp, gated)
  const filters =
    groups === 1
      ? { tokens, n: made, k: (kernel * hidden) / tp }
      : { tokens, n: made / groups, k: (kernel * hidden) / groups, groups: groups / tp }
  return [...linear(job, 'convolution.filters', filters), ...gate(job, tokens * hidden, gated)]
}

/** Groups stay on their rank; a filter over all channels needs them gathered. */
function between(job: Job, { tokens }: LocalShape, { tp }: Sharding, said: ConvolutionShape): Operation[] {
  const { kernel, channels, groups, gated } = said
  const made = (gated ? 2 : 1) * channels
  if (groups === channels) return depthwise(job, tokens, channels / tp, gated)
  const gathered = exchange('convolution.channels', 'tp', job.precision.activationBytes * tokens * channels, {
    forward: 'all-gather',
    backward: 'reduce-scatter',
    hidden: 0,
  })
  const filters =
    groups === 1
      ? { tokens, n: made / tp, k: kernel * channels }
      : { tokens, n: made / groups, k: (kernel * channels) / groups, groups: groups / tp }
  return [
    ...(tp > 1 && groups === 1 ? gathered : []),
    ...linear(job, 'convolution.filters', filters),
    ...gate(job, (tokens * channels) / tp, gated),
  ]
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
