/** A precision recipe by its name: the datatypes it computes in and the bytes it keeps. */
import type { Datatype, Optimizer, Precision } from '../engine/job.ts'
import { optimizerFor } from '../engine/optimizer/kinds.ts'
import type { Scenario } from './schema.ts'

type Training = Scenario['training']

/** Without scales of its own. */
const plain = { matmulRate: 1, quantizeBytes: 0 } as const

/**
 * Mixed precision keeps 16-bit weights, fp32 gradients and an fp32 master copy (Micikevicius et al. 2018, arXiv:1710.03740;
 * Megatron-LM's distributed optimizer). Narrow recipes run the matmuls of the layers in fp8 or fp4 and keep the rest in
 * bf16 (NVIDIA Transformer Engine, fp8 primer). Full precision needs no second copy.
 */
export const recipes: Record<Training['precision'], Precision> = {
  bf16: mixed('bf16', 'bf16'),
  // Loss scaling lets gradients stay in fp16: ZeRO (arXiv:1910.02054 §3.1), and Megatron-LM unless told otherwise.
  fp16: { ...mixed('fp16', 'fp16'), gradientBytes: 2, gradientWireBytes: 2 },
  // One scale per tensor, found first: two reads, rows and columns written (6 bytes per element).
  fp8: { ...mixed('fp8', 'bf16'), matmulBytes: 1, quantizeBytes: 6 },
  // One scale per 1 × 128 piece, applied between accumulations (DeepSeek-V3, arXiv:2412.19437 §3.3).
  'fp8-blockwise': { ...mixed('fp8', 'bf16'), matmulBytes: 1, quantizeBytes: 4.1, matmulRate: 0.85 },
  // One 8-bit scale per 32 elements, in hardware (OCP Microscaling Formats 1.0).
  mxfp8: { ...mixed('fp8', 'bf16'), matmulBytes: 1.03, quantizeBytes: 4.2, matmulRate: 0.92 },
  // Four bits and an 8-bit scale per 16 elements (NVIDIA, NVFP4 training recipe, arXiv:2509.25149).
  nvfp4: { ...mixed('fp4', 'bf16'), matmulBytes: 0.5625, quantizeBytes: 5 },
  tf32: full('tf32', 4),
  fp32: full('fp32', 4),
  fp64: full('fp64', 8),
}

function mixed(matmul: Datatype, activation: Datatype): Precision {
  const bytes = { weightBytes: 2, gradientBytes: 4, gradientWireBytes: 4, masterBytes: 4, activationBytes: 2 }
  return { matmul, activation, matmulBytes: 2, ...bytes, ...plain }
}

function full(datatype: Datatype, size: number): Precision {
  const bytes = {
    weightBytes: size,
    gradientBytes: size,
    gradientWireBytes: size,
    masterBytes: 0,
    activationBytes: size,
  }
  return { matmul: datatype, activation: datatype, matmulBytes: size, ...bytes, ...plain }
}

export function precisionOf({ precision, bytes }: Training): Precision {
  const recipe = recipes[precision]
  const gradientBytes = bytes.gradients ?? recipe.gradientBytes
  const activationBytes = bytes.activations ?? recipe.activationBytes
  return {
    matmul: recipe.matmul,
    activation: recipe.activation,
    weightBytes: bytes.weights ?? recipe.weightBytes,
    gradientBytes,
    // Sent as kept, unless said otherwise.
    gradientWireBytes: bytes.gradients_on_wire ?? gradientBytes,
    masterBytes: bytes.master ?? recipe.masterBytes,
    activationBytes,
    // Inputs of the linear layers are activations, unless they are kept in a narrower format.
    matmulBytes: recipe.matmul === recipe.activation ? activationBytes : recipe.matmulBytes,
    matmulRate: recipe.matmulRate,
    quantizeBytes: recipe.quantizeBytes,
  }
}

export function optimizerOf(training: Training): Optimizer {
  const { optimizer, precision, bytes, preconditioner } = training
  const own = optimizerFor(optimizer, precision === 'fp64' ? 8 : 4)
  const stated = bytes.optimizer_state
  return {
    ...own,
    // Bytes that are said are all that a weight has.
    ...(stated !== undefined && { stateBytes: stated, plainStateBytes: stated, stated: true }),
    ...(own.block > 0 && preconditioner.block && { block: preconditioner.block }),
    ...(own.block > 0 && preconditioner.every && { every: preconditioner.every }),
  }
}
