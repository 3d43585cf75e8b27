/**
 * Bytes per element of the operators between the matmuls, in units of one activation: a norm reads and writes once
 * forward (2), and backward reads input and gradient, writes the gradient and adds the residual's (Ivanov et al. 2021,
 * arXiv:2007.00072, Table A.1, counted again for fused kernels).
 */
import type { Job } from '../job.ts'
import type { Operation } from '../operation.ts'
import { traffic } from './build.ts'

/** One kernel per operator costs the traffic of every intermediate result. */
function passes(job: Job): number {
  return job.precision.activationBytes * (job.software.elementwise === 'eager' ? job.calibration.eagerTraffic : 1)
}

export function norm(name: string, job: Job, elements: number): Operation[] {
  const bytes = passes(job) * elements
  return traffic(name, { forward: 2 * bytes, backward: 4 * bytes, kernels: [1, 2] })
}

/** Adds the block's result to the stream; dropout reads or writes its mask too. */
export function residual(name: string, job: Job, elements: number): Operation[] {
  const bytes = passes(job) * elements
  const mask = job.model.dropout ? 0.5 : 0
  return traffic(name, { forward: (3 + mask) * bytes, backward: (2 + mask) * bytes })
}

export function rotary(name: string, job: Job, elements: number): Operation[] {
  const bytes = passes(job) * elements
  return traffic(name, { forward: 2 * bytes, backward: 2 * bytes })
}

/** GELU, or the product of gate and up. */
export function activation(name: string, job: Job, elements: number): Operation[] {
  const bytes = passes(job) * elements
  return job.model.gated
    ? traffic(name, { forward: 3 * bytes, backward: 5 * bytes })
    : traffic(name, { forward: 2 * bytes, backward: 3 * bytes })
}

/** An fp8 or fp4 matmul wants its input scaled and, for the weight gradient, transposed; a 16-bit one wants nothing. */
export function quantize(name: string, job: Job, elements: number): Operation[] {
  const bytes = job.precision.quantizeBytes * elements
  if (bytes === 0) return []
  return traffic(name, { forward: bytes, backward: bytes })
}
