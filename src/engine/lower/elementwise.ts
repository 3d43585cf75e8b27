/**
 * What moves between the matmuls, in units of one activation per element. Fused: one kernel reads its inputs and writes
 * its result (Ivanov et al. 2021, arXiv:2007.00072, Table A.1). Eager: one kernel per PyTorch operator, each with its
 * own traffic, counted from the operators as public models write them.
 */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import { traffic } from './build.ts'

interface Cost {
  readonly forward: number
  readonly backward: number
  readonly kernels: readonly [forward: number, backward: number]
}

const FUSED = {
  layernorm: { forward: 2, backward: 4, kernels: [1, 2] },
  rmsnorm: { forward: 2, backward: 4, kernels: [1, 2] },
  residual: { forward: 3, backward: 2, kernels: [1, 1] },
  dropout: { forward: 0.5, backward: 0.5, kernels: [0, 0] },
  rotary: { forward: 2, backward: 2, kernels: [1, 1] },
  gelu: { forward: 2, backward: 3, kernels: [1, 1] },
  swiglu: { forward: 3, backward: 5, kernels: [1, 1] },
} as const satisfies Record<string, Cost>

/**
 * RMSNorm was written out until torch 2.4: to fp32, square, mean, rsqrt, two products and back. Rotary: two products, a
 * negation and concatenation, a sum, for queries and keys. The others are single kernels of PyTorch, but for what comes
 * with them: casts, copies, gradients of biases (`calibration.eagerTraffic`).
 */
const ROTARY_WRITTEN_OUT: Cost = { forward: 12, backward: 12, kernels: [10, 10] }

const WRITTEN_OUT: Partial<Record<keyof typeof FUSED, Cost>> = {
  rmsnorm: { forward: 17, backward: 30, kernels: [7, 12] },
  rotary: ROTARY_WRITTEN_OUT,
  dropout: { forward: 2.5, backward: 2.5, kernels: [1, 1] },
}

const isNorm = (what: keyof typeof FUSED): boolean => what === 'layernorm' || what === 'rmsnorm'

function moved(name: string, job: Job, what: keyof typeof FUSED, elements: number): Operation[] {
  const eager = (isNorm(what) ? job.software.norms : job.software.elementwise) === 'eager'
  const writtenOut = eager ? WRITTEN_OUT[what] : undefined
  const cost = writtenOut ?? FUSED[what]
  const bytes = job.precision.activationBytes * elements * (eager && !writtenOut ? job.calibration.eagerTraffic : 1)
  return traffic(name, { forward: cost.forward * bytes, backward: cost.backward * bytes, kernels: cost.kernels })
}

export function norm(name: string, job: Job, elements: number): Operation[] {
  return moved(name, job, job.model.norm, elements)
}

/** Adds the block's result to the stream, after dropout where there is any. */
export function residual(name: string, job: Job, elements: number): Operation[] {
  return [
    ...moved(name, job, 'residual', elements),
    ...(job.model.dropout ? moved(`${name}.dropout`, job, 'dropout', elements) : []),
  ]
}

export function rotary(name: string, job: Job, elements: number): Operation[] {
  return moved(name, job, 'rotary', elements)
}

/** Transformer Engine's kernel knows no factor on the amplitude, so Megatron-Core writes it out (rope_utils.py, mscale). */
export function scaledRotary(name: string, job: Job, elements: number): Operation[] {
  const { forward, backward, kernels } = ROTARY_WRITTEN_OUT
  const bytes = job.precision.activationBytes * elements
  return traffic(name, { forward: forward * bytes, backward: backward * bytes, kernels })
}

/** GELU, or the product of gate and up. */
export function activation(name: string, job: Job, elements: number): Operation[] {
  return moved(name, job, job.model.gated ? 'swiglu' : 'gelu', elements)
}

/**
 * An fp8 or fp4 matmul wants its input scaled and, for the weight gradient, transposed; a 16-bit one wants nothing.
 * Backward it is a gradient that is scaled, which may be as wide as what the product before it gave.
 */
export function quantize(name: string, job: Job, elements: number, gradients: number = elements): Operation[] {
  const { quantizeBytes } = job.precision
  if (quantizeBytes === 0) return []
  return traffic(name, { forward: quantizeBytes * elements, backward: quantizeBytes * gradients })
}
