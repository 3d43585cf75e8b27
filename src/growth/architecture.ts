/** Model families, as what a FLOP of theirs is worth against a dense Transformer on the next token. */
import { formula } from '../engine/formula.ts'
import { type Cited, exactly, type Span } from './cited.ts'
import { type ArchitectureName, type Computer, computers } from './computer.ts'
import { leverage, moeFacts } from './moe.ts'

interface LstmInputs {
  readonly flop: number
  readonly growth: number
}

export const lstmHandicap = formula<LstmInputs>({
  id: 'lstmHandicap',
  unit: 'ratio',
  text: '6.28 * max(1, flop / 1e16) ^ growth',
  source:
    'Gundlach et al. 2025, arXiv:2511.21622: 6.28 × at small scale, 725 to 846 × at the frontier of 2023; power through both, its ends from memory',
  compute: ({ flop, growth }) => 6.28 * Math.max(1, flop / 1e16) ** growth,
})

export interface ArchitectureState {
  readonly flop: number
  readonly activeFraction: number
}

export interface Architecture extends Cited {
  readonly computer: Computer
  readonly worth: (at: ArchitectureState) => Span
  /** What it does to the road: a cheaper walk to the same ceiling, or another ceiling. */
  readonly said: string
}

const lstm = ({ flop }: ArchitectureState): Span => ({
  low: 1 / lstmHandicap.compute({ flop, growth: 0.25 }),
  central: 1 / lstmHandicap.compute({ flop, growth: 0.22 }),
  high: 1 / lstmHandicap.compute({ flop, growth: 0 }),
})

export const architectures = {
  transformer: {
    label: 'Transformer (GPT)',
    computer: computers.transformer,
    worth: () => exactly(1),
    said: 'the yardstick',
    source: 'Vaswani et al. 2017, arXiv:1706.03762; Radford et al. 2018',
    validity: 'as the surface',
    confidence: 'primary',
  },
  encoder: {
    label: 'bidirectional encoder (BERT)',
    computer: computers.encoder,
    worth: () => exactly(1),
    said: 'the same computer; the masked objective is what costs',
    source: 'Devlin et al. 2019, arXiv:1810.04805; a whole square of scores instead of half',
    validity: 'losses of encoders and decoders are not the same quantity',
    confidence: 'derived',
  },
  moe: {
    label: 'mixture of experts',
    computer: computers.moe,
    worth: ({ activeFraction, flop }) => leverage(activeFraction, flop),
    said: 'cheaper, by a factor that grows with compute: the one known way that lifts more the further one goes',
    source: moeFacts.source,
    validity: moeFacts.validity,
    confidence: moeFacts.confidence,
  },
  convolution: {
    label: 'convolutions (CNN)',
    computer: computers.convolution,
    worth: () => ({ low: 0.1, central: 0.5, high: 1 }),
    said: 'as parallel as a Transformer, with a window instead of a memory',
    source:
      'Gehring et al. 2017, arXiv:1705.03122; long filters come near par: Poli et al. 2023, arXiv:2302.10866; the centre is a guess',
    validity: 'up to 355M parameters',
    confidence: 'unverified',
  },
  lstm: {
    label: 'LSTM',
    computer: computers.lstm,
    worth: lstm,
    said: 'a worse exponent: the gap widens with compute',
    source: lstmHandicap.source,
    validity: 'measured at small scale, extrapolated to the frontier',
    confidence: 'unverified',
  },
  mamba: {
    label: 'Mamba-2',
    computer: computers.mamba,
    worth: () => ({ low: 0.8, central: 1, high: 1.05 }),
    said: 'on a par in loss, behind in recall from the context: another cost of length, the same ceiling',
    source: 'Waleffe et al. 2024, arXiv:2406.07887: 8B, 3.5T tokens',
    validity: '8B parameters; span is our reading',
    confidence: 'abstract',
  },
  hybrid: {
    label: 'Mamba-2 with 7 % attention',
    computer: computers.hybrid,
    worth: () => ({ low: 0.95, central: 1, high: 1.2 }),
    said: 'cheaper at length, the same ceiling',
    source:
      'Waleffe et al. 2024, arXiv:2406.07887: 2.65 points above the Transformer on twelve tasks, on a par in loss',
    validity: '8B parameters, 3.5T tokens; span is our reading',
    confidence: 'abstract',
  },
} as const satisfies Record<ArchitectureName, Architecture>
