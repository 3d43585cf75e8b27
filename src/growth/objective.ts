/** What is asked of the model, and on how many of the tokens it gets an answer. */
import { formula } from '../engine/formula.ts'
import { type Cited, exactly, type Span } from './cited.ts'
import { type Repetition, repetitions } from './data-limit.ts'

interface SignalInputs {
  readonly signalDensity: number
}

export const signalWorth = formula<SignalInputs>({
  id: 'signalWorth',
  unit: 'ratio',
  text: 'signalDensity ^ 0.7',
  source: 'exponent such that 15 % of the tokens cost the 4 × that ELECTRA saves: Clark et al. 2020, arXiv:2003.10555',
  compute: ({ signalDensity }) => signalDensity ** 0.7,
})

export interface Objective extends Cited {
  /** Share of tokens that carry a loss. */
  readonly signalDensity: number
  /** Tokens worth per token, beyond the density. */
  readonly worth: Span
  readonly repetition: Repetition
}

export const objectives = {
  'next-token': {
    label: 'next token',
    signalDensity: 1,
    worth: exactly(1),
    repetition: repetitions.autoregressive,
    source: 'every token is predicted: Radford et al. 2018; the yardstick of all surfaces here',
    validity: 'as the surface',
    confidence: 'primary',
  },
  masked: {
    label: 'masked tokens',
    signalDensity: 0.15,
    worth: exactly(1),
    repetition: repetitions.autoregressive,
    source: 'Devlin et al. 2019, arXiv:1810.04805 §3.1: 15 % of the tokens; worth as the exponent of signalWorth',
    validity: 'BERT-sized models; how fast it wears out under repetition was not fitted',
    confidence: 'derived',
  },
  'replaced-token': {
    label: 'replaced-token detection',
    signalDensity: 1,
    worth: { low: 0.8, central: 1, high: 1 },
    repetition: repetitions.autoregressive,
    source: 'Clark et al. 2020, arXiv:2003.10555: matches RoBERTa and XLNet with less than a quarter of their compute',
    validity: 'encoders of 14M to 335M parameters',
    confidence: 'abstract',
  },
  diffusion: {
    label: 'masked diffusion',
    signalDensity: 1,
    worth: { low: 1 / 16, central: 1 / 16, high: 0.5 },
    repetition: repetitions.diffusion,
    source: 'behind by 16 × at one epoch: Nie et al. 2024, arXiv:2410.18514; ahead where data binds: arXiv:2507.15857',
    validity: 'up to about 1B parameters; both figures quoted second-hand',
    confidence: 'secondary',
  },
} as const satisfies Record<string, Objective>

export type ObjectiveName = keyof typeof objectives
