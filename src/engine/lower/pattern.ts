/**
 * The letters of a model whose layers are one block each. M, *, - and E are those of Megatron-LM
 * (`--hybrid-override-pattern`, megatron/core/ssm/mamba_hybrid_layer_allocation.py) and of the `config.json` of Nemotron-H
 * (arXiv:2504.03624); L and C are ours.
 */
import { invariant } from '../../base/problem.ts'
import type { ConvolutionShape, LstmShape, MambaShape, ModelShape } from '../job.ts'

/** What carries information from token to token. */
export type Mixer = 'attention' | 'mamba' | 'lstm' | 'convolution'

export interface Block {
  readonly name: string
  readonly mixer: Mixer | 'none'
  readonly feedForward: boolean
  readonly experts: boolean
}

export const blocks = {
  M: { name: 'mamba', mixer: 'mamba', feedForward: false, experts: false },
  '*': { name: 'attention', mixer: 'attention', feedForward: false, experts: false },
  '-': { name: 'mlp', mixer: 'none', feedForward: true, experts: false },
  E: { name: 'moe', mixer: 'none', feedForward: true, experts: true },
  L: { name: 'lstm', mixer: 'lstm', feedForward: false, experts: false },
  C: { name: 'convolution', mixer: 'convolution', feedForward: false, experts: false },
} as const satisfies Readonly<Record<string, Block>>

const table: Readonly<Record<string, Block>> = blocks

export function blockOf(letter: string): Block {
  const block = table[letter]
  invariant(block, `no kind of layer is called ${letter}`)
  return block
}

/** Asked of a model that has such layers: then it says what they are. */
export function mambaOf({ mamba }: ModelShape): MambaShape {
  invariant(mamba, 'a model with Mamba layers has no shape for them')
  return mamba
}

export function lstmOf({ lstm }: ModelShape): LstmShape {
  invariant(lstm, 'a model with LSTM layers has no shape for them')
  return lstm
}

export function convolutionOf({ convolution }: ModelShape): ConvolutionShape {
  invariant(convolution, 'a model with convolutions has no shape for them')
  return convolution
}
