/** Published rules for sharing compute between model and data, each a power of the compute. They differ by a factor of two. */
import { formula } from '../engine/formula.ts'
import type { Cited } from './cited.ts'

export interface AllocationLaw extends Cited {
  /** What the power gives; the other follows from C = 6 N D, or C = M D where the law counts FLOP per token. */
  readonly of: 'tokens' | 'parameters'
  readonly coefficient: number
  readonly exponent: number
}

/** FLOP of one petaflop-day. */
export const PETAFLOP_DAY = 8.64e19

export const allocationLaws = {
  'llama-3': {
    label: 'Llama 3',
    of: 'tokens',
    coefficient: 0.299,
    exponent: 0.537,
    source: 'Dubey et al. 2024, arXiv:2407.21783 §3.2.1, legend of figure 3 (the text rounds to .29 and .53)',
    validity: 'iso-FLOP curves from 6e18 to 1e22 FLOP; others who fitted its 133 points found .2994 and .5368',
    confidence: 'secondary',
  },
  'llama-3-printed': {
    label: 'Llama 3, as the text rounds it',
    of: 'tokens',
    coefficient: 0.29,
    exponent: 0.53,
    source: 'Dubey et al. 2024, arXiv:2407.21783 §3.2.1',
    validity: 'rounding alone takes a third of the tokens at 4e25 FLOP',
    confidence: 'secondary',
  },
  deepseek: {
    label: 'DeepSeek LLM',
    of: 'tokens',
    coefficient: 5.8316,
    exponent: 0.4757,
    source: 'Bi et al. 2024, arXiv:2401.02954 §3.2 eq. 4; the exponent moves with the quality of the data',
    validity: '1e17 to 3e20 FLOP; counts FLOP per token, embeddings left out',
    confidence: 'secondary',
  },
  moonlight: {
    label: 'Moonlight',
    of: 'tokens',
    coefficient: 3.4480927,
    exponent: 0.4887316,
    source: 'Liu et al. 2025, arXiv:2502.16982, appendix',
    validity: '0.4B to 1.5B parameters, 8k context',
    confidence: 'primary',
  },
  kaplan: {
    label: 'Kaplan et al., superseded',
    of: 'parameters',
    coefficient: 1.3e9 / PETAFLOP_DAY ** 0.73,
    exponent: 0.73,
    source:
      'Kaplan et al. 2020, arXiv:2001.08361 appendix A, table 6 (1.3e9 C^.73, C in petaflop-days); why it is off: Porian et al. 2024, arXiv:2406.19146',
    validity: 'historical: the days of GPT-3; parameters without embedding',
    confidence: 'secondary',
  },
} as const satisfies Record<string, AllocationLaw>

export type AllocationLawName = keyof typeof allocationLaws

interface PowerInputs {
  readonly coefficient: number
  readonly flop: number
  readonly exponent: number
}

export const powerOfFlop = formula<PowerInputs>({
  id: 'powerOfFlop',
  unit: 'count',
  text: 'coefficient * flop ^ exponent',
  source: 'form of the allocation laws: Kaplan et al. 2020, arXiv:2001.08361; Dubey et al. 2024, arXiv:2407.21783',
  compute: ({ coefficient, flop, exponent }) => coefficient * flop ** exponent,
})

export function allocate(law: AllocationLaw, flop: number): { readonly parameters: number; readonly tokens: number } {
  const { of, coefficient, exponent } = law
  const given = powerOfFlop.compute({ coefficient, flop, exponent })
  const other = flop / (6 * given)
  return of === 'tokens' ? { parameters: other, tokens: given } : { parameters: given, tokens: other }
}

interface KaplanInputs {
  readonly parameters: number
  readonly tokens: number
}

/** Kept to compare: it has no irreducible loss, so it promises gains without end. */
export const kaplanLoss = formula<KaplanInputs>({
  id: 'kaplanLoss',
  unit: 'ratio',
  text: '((8.8e13 / parameters) ^ (0.076 / 0.095) + 5.4e13 / tokens) ^ 0.095',
  source: 'Kaplan et al. 2020, arXiv:2001.08361 eq. 1.5; nats per token of WebText2, parameters without embedding',
  compute: ({ parameters, tokens }) => ((8.8e13 / parameters) ** (0.076 / 0.095) + 5.4e13 / tokens) ** 0.095,
})

interface OverTraining {
  readonly irreducibleNats: number
  readonly parameterScale: number
  readonly tokenScale: number
  readonly tokensPerParameter: number
  readonly halfExponent: number
  readonly flop: number
}

/** Off the best ratio on purpose, to serve cheaply: with α = β a surface is this in C and M = D/N. */
export const overTrainedLoss = formula<OverTraining>({
  id: 'overTrainedLoss',
  unit: 'ratio',
  text: 'irreducibleNats + (parameterScale * tokensPerParameter ^ halfExponent + tokenScale * tokensPerParameter ^ -halfExponent) * flop ^ -halfExponent',
  source: 'Gadre et al. 2024, arXiv:2403.08540 eq. 4; up to 640 tokens per parameter',
  compute: (x) =>
    x.irreducibleNats +
    (x.parameterScale * x.tokensPerParameter ** x.halfExponent +
      x.tokenScale * x.tokensPerParameter ** -x.halfExponent) *
      x.flop ** -x.halfExponent,
})
