/** Mixtures of experts: how much dense compute one unit of theirs replaces. */
import { formula } from '../engine/formula.ts'
import type { Cited, Span } from './cited.ts'

interface LeverageInputs {
  readonly activeFraction: number
  readonly flop: number
  readonly growth: number
}

export const moeLeverage = formula<LeverageInputs>({
  id: 'moeLeverage',
  unit: 'ratio',
  text: '(activeFraction >= 0.125 ? activeFraction ^ -0.754 : 4.8 * (0.125 / activeFraction) ^ 0.3) * (flop / 1e22) ^ growth',
  source:
    'interpolation, ± 40 %, through 7 × at 3.5 % active (Ling team 2025, arXiv:2507.17702) and the sparsity steps of Kimi K2, arXiv:2507.20534',
  compute: ({ activeFraction: a, flop, growth }) =>
    (a >= 0.125 ? a ** -0.754 : 4.8 * (0.125 / a) ** 0.3) * (flop / 1e22) ** growth,
})

export const moeFacts = {
  label: 'leverage of a mixture of experts',
  source:
    'Ling team 2025, arXiv:2507.17702: above 7 × at 3.5 % activation; 0.85B active as good as 6.1B dense at 1T tokens',
  validity: 'about 1e22 FLOP; it grows with compute by a power between 0 and .05, from memory; routing perfect',
  confidence: 'derived',
} as const satisfies Cited

/** 40 % either way; only the high end lets the leverage grow with compute. */
export function leverage(activeFraction: number, flop: number): Span {
  if (activeFraction >= 1) return { low: 1, central: 1, high: 1 }
  const at = (growth: number) => moeLeverage.compute({ activeFraction, flop, growth })
  return { low: Math.max(1, 0.6 * at(0)), central: at(0), high: 1.4 * Math.max(at(0), at(0.05)) }
}

/** Published alternatives, to compare: loss of a dense model and of a mixture of granularity G on the authors' corpus. */
interface KrajewskiInputs {
  readonly parameters: number
  readonly tokens: number
  readonly granularity: number
}

export const krajewskiLoss = formula<KrajewskiInputs>({
  id: 'krajewskiLoss',
  unit: 'ratio',
  text: '0.47 + (2.1 / granularity ^ 0.58 + 18.1) / parameters ^ 0.115 + 30.8 / tokens ^ 0.147',
  source:
    'Krajewski et al. 2024, arXiv:2402.07871 eq. 4: 64 experts, active parameters; the gap to dense widens with compute',
  compute: ({ parameters, tokens, granularity }) =>
    0.47 + (2.1 / granularity ** 0.58 + 18.1) / parameters ** 0.115 + 30.8 / tokens ** 0.147,
})
