/** Surfaces L(N, D) = E + A/N^α + B/D^β: their best allocation of compute, and the way back, what compute a loss is worth. */
import { type Formula, formula } from '../engine/formula.ts'
import type { AllocationLaw } from './allocation.ts'

/** In nats per token; counts of parameters and of tokens. */
export interface SurfaceConstants {
  readonly irreducibleNats: number
  readonly parameterScale: number
  readonly parameterExponent: number
  readonly tokenScale: number
  readonly tokenExponent: number
}

/** FLOP per parameter and token of training: forward once, backward twice. Kaplan et al. 2020, arXiv:2001.08361 §2.1. */
export const FLOP_PER_PARAMETER_TOKEN = 6

export interface AtModel extends SurfaceConstants {
  readonly parameters: number
  readonly tokens: number
}

export interface AtFlop extends SurfaceConstants {
  readonly flop: number
}

const LAGRANGE = 'Hoffmann et al. 2022, arXiv:2203.15556 §3.3: lowest L(N, D) under C = 6 N D'

export const surfaceLoss: Formula<AtModel> = formula<AtModel>({
  id: 'surfaceLoss',
  unit: 'ratio',
  text: 'irreducibleNats + parameterScale / parameters ^ parameterExponent + tokenScale / tokens ^ tokenExponent',
  source: 'Hoffmann et al. 2022, arXiv:2203.15556 eq. 10; nats per token',
  compute: (s) =>
    s.irreducibleNats +
    s.parameterScale / s.parameters ** s.parameterExponent +
    s.tokenScale / s.tokens ** s.tokenExponent,
})

export const lossExponent: Formula<SurfaceConstants> = formula<SurfaceConstants>({
  id: 'lossExponent',
  unit: 'ratio',
  text: 'parameterExponent * tokenExponent / (parameterExponent + tokenExponent)',
  source: `${LAGRANGE}; reducible loss falls as C to minus this`,
  compute: ({ parameterExponent: a, tokenExponent: b }) => (a * b) / (a + b),
})

export const optimalParameters: Formula<AtFlop> = formula<AtFlop>({
  id: 'optimalParameters',
  unit: 'count',
  text: '(parameterExponent * parameterScale / (tokenExponent * tokenScale)) ^ (1 / (parameterExponent + tokenExponent)) * (flop / 6) ^ (tokenExponent / (parameterExponent + tokenExponent))',
  source: LAGRANGE,
  compute: ({ flop, parameterExponent: a, parameterScale: A, tokenExponent: b, tokenScale: B }) =>
    ((a * A) / (b * B)) ** (1 / (a + b)) * (flop / FLOP_PER_PARAMETER_TOKEN) ** (b / (a + b)),
})

interface TokensAtFlop {
  readonly flop: number
  readonly parameters: number
}

export const tokensFor: Formula<TokensAtFlop> = formula<TokensAtFlop>({
  id: 'tokensFor',
  unit: 'tokens',
  text: 'flop / (6 * parameters)',
  source: 'Kaplan et al. 2020, arXiv:2001.08361 §2.1: C = 6 N D',
  compute: ({ flop, parameters }) => flop / (FLOP_PER_PARAMETER_TOKEN * parameters),
})

export const frontierScale: Formula<SurfaceConstants> = formula<SurfaceConstants>({
  id: 'frontierScale',
  unit: 'ratio',
  text: '(parameterExponent + tokenExponent) * (parameterScale / tokenExponent) ^ (tokenExponent / (parameterExponent + tokenExponent)) * (tokenScale / parameterExponent) ^ (parameterExponent / (parameterExponent + tokenExponent))',
  source: LAGRANGE,
  compute: ({ parameterExponent: a, parameterScale: A, tokenExponent: b, tokenScale: B }) =>
    (a + b) * (A / b) ** (b / (a + b)) * (B / a) ** (a / (a + b)),
})

interface FrontierInputs {
  readonly flop: number
  readonly irreducibleNats: number
  readonly frontierScale: number
  readonly lossExponent: number
}

export const optimalLoss: Formula<FrontierInputs> = formula<FrontierInputs>({
  id: 'optimalLoss',
  unit: 'ratio',
  text: 'irreducibleNats + frontierScale * (flop / 6) ^ -lossExponent',
  source: LAGRANGE,
  compute: ({ flop, irreducibleNats, frontierScale: scale, lossExponent: exponent }) =>
    irreducibleNats + scale * (flop / FLOP_PER_PARAMETER_TOKEN) ** -exponent,
})

interface EquivalentInputs {
  readonly reducibleNats: number
  readonly frontierScale: number
  readonly lossExponent: number
}

export const equivalentFlop: Formula<EquivalentInputs> = formula<EquivalentInputs>({
  id: 'equivalentFlop',
  unit: 'flop',
  text: '6 * (frontierScale / reducibleNats) ^ (1 / lossExponent)',
  source: 'optimalLoss solved for C: the least compute that reaches this loss on this surface',
  compute: ({ reducibleNats, frontierScale: scale, lossExponent: exponent }) =>
    FLOP_PER_PARAMETER_TOKEN * (scale / reducibleNats) ** (1 / exponent),
})

/**
 * The surface with another optimum and the same frontier: exponents γ/a and γ/b give N* ∝ C^a and D* ∝ C^b at an
 * unchanged γ, and the scales follow from the law's coefficient and an unchanged K.
 */
export function withAllocation(law: AllocationLaw, frontier: SurfaceConstants): SurfaceConstants {
  const ofTokens = law.of === 'tokens'
  const b = ofTokens ? law.exponent : 1 - law.exponent
  const a = 1 - b
  const gamma = lossExponent.compute(frontier)
  const [alpha, beta] = [gamma / a, gamma / b]
  // N* = G (C/6)^a.
  const G = ofTokens ? 6 ** -b / law.coefficient : law.coefficient * 6 ** a
  const ratio = G ** (alpha + beta)
  const tokenScale = (alpha * frontierScale.compute(frontier)) / ((alpha + beta) * ratio ** a)
  return {
    irreducibleNats: frontier.irreducibleNats,
    parameterScale: (ratio * beta * tokenScale) / alpha,
    parameterExponent: alpha,
    tokenScale,
    tokenExponent: beta,
  }
}

export interface Allocation {
  readonly parameters: number
  readonly tokens: number
  readonly lossNats: number
}

/** The best model that this much compute buys on this surface, with nothing in the way. */
export function bestAllocation(surface: SurfaceConstants, flop: number): Allocation {
  const parameters = optimalParameters.compute({ ...surface, flop })
  const tokens = tokensFor.compute({ flop, parameters })
  return { parameters, tokens, lossNats: surfaceLoss.compute({ ...surface, parameters, tokens }) }
}

/** What a reducible loss is worth in compute. */
export function flopWorth(surface: SurfaceConstants, reducibleNats: number): number {
  return equivalentFlop.compute({
    reducibleNats,
    frontierScale: frontierScale.compute(surface),
    lossExponent: lossExponent.compute(surface),
  })
}

/** Compute spent over the least compute for the same loss: 1 on the best allocation, more off it. */
export function spentOverWorth(surface: SurfaceConstants, parameters: number, tokens: number): number {
  const reducible = surfaceLoss.compute({ ...surface, parameters, tokens }) - surface.irreducibleNats
  return (FLOP_PER_PARAMETER_TOKEN * parameters * tokens) / flopWorth(surface, reducible)
}
