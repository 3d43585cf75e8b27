/** A precision recipe by its name: the datatypes it computes in and the bytes it keeps. */
import type { Datatype, Optimizer, Precision } from '../engine/job.ts'
import type { Scenario } from './schema.ts'

type Training = Scenario['training']

/**
 * Mixed precision keeps 16-bit weights, fp32 gradients and an fp32 master copy (Micikevicius et al. 2018, arXiv:1710.03740;
 * Megatron-LM's distributed optimizer). fp8 recipes run the matmuls of the layers in fp8 and keep the rest in bf16
 * (Transformer Engine). Full precision needs no second copy.
 */
export const recipes = {
  bf16: mixed('bf16', 'bf16', 2),
  fp16: mixed('fp16', 'fp16', 2),
  fp8: mixed('fp8', 'bf16', 1),
  tf32: full('tf32', 4),
  fp32: full('fp32', 4),
  fp64: full('fp64', 8),
} satisfies Record<Training['precision'], Precision>

function mixed(matmul: Datatype, activation: Datatype, matmulBytes: number): Precision {
  const bytes = { weightBytes: 2, gradientBytes: 4, gradientWireBytes: 4, masterBytes: 4, activationBytes: 2 }
  return { matmul, activation, matmulBytes, ...bytes }
}

function full(datatype: Datatype, size: number): Precision {
  const bytes = {
    weightBytes: size,
    gradientBytes: size,
    gradientWireBytes: size,
    masterBytes: 0,
    activationBytes: size,
  }
  return { matmul: datatype, activation: datatype, matmulBytes: size, ...bytes }
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
  }
}

/** Numbers of optimizer state per parameter: AdamW has two moments, momentum SGD and Lion one. */
const stateNumbers = { adamw: 2, sgd: 1, lion: 1 } as const satisfies Record<Training['optimizer'], number>

export function optimizerOf({ optimizer, precision, bytes }: Training): Optimizer {
  const size = precision === 'fp64' ? 8 : 4
  return { kind: optimizer, stateBytes: bytes.optimizer_state ?? size * stateNumbers[optimizer] }
}
