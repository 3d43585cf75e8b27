/**
 * Loss surfaces L(N, D) = E + A/N^α + B/D^β, their best allocation of compute, and the way back: what compute a loss is
 * worth. Losses of different papers are not comparable (tokenizer, corpus): exponents, ratios and compute-equivalents are.
 */
import { type Formula, formula } from '../engine/formula.ts'
import type { Cited } from './cited.ts'

/** In nats per token; counts of parameters and of tokens. */
export interface SurfaceConstants {
  readonly irreducibleNats: number
  readonly parameterScale: number
  readonly parameterExponent: number
  readonly tokenScale: number
  readonly tokenExponent: number
}

export interface Surface extends SurfaceConstants, Cited {}

const CHINCHILLA_RUNS = 'N 57M to 16B, D 0.25B to 320B tokens, C 1.4e18 to 1.3e22 FLOP; above 1e23 it is extrapolation'

export const surfaces = {
  besiroglu: {
    label: 'Chinchilla form, refitted by Besiroglu et al.',
    irreducibleNats: 1.8172,
    parameterScale: 482.01,
    parameterExponent: 0.3478,
    tokenScale: 2085.43,
    tokenExponent: 0.3658,
    source: 'Besiroglu et al. 2024, arXiv:2404.10102: standard errors .03, 124.58, .02, 1293.23, .02',
    validity: CHINCHILLA_RUNS,
    confidence: 'secondary',
  },
  hoffmann: {
    label: 'Chinchilla, approach 3, at full precision',
    irreducibleNats: 1.6934,
    parameterScale: 406.4,
    parameterExponent: 0.33917,
    tokenScale: 410.7,
    tokenExponent: 0.28491,
    source:
      'Hoffmann et al. 2022, arXiv:2203.15556, TeX source, read in github.com/epoch-research/analyzing-chinchilla',
    validity: CHINCHILLA_RUNS,
    confidence: 'primary',
  },
  'hoffmann-printed': {
    label: 'Chinchilla, approach 3, as printed',
    irreducibleNats: 1.69,
    parameterScale: 406.4,
    parameterExponent: 0.34,
    tokenScale: 410.7,
    tokenExponent: 0.28,
    source:
      'Hoffmann et al. 2022, arXiv:2203.15556 §D.2: exponents rounded to two digits, which moves the optimum by a quarter',
    validity: CHINCHILLA_RUNS,
    confidence: 'secondary',
  },
  muennighoff: {
    label: 'Muennighoff et al. on C4, equal exponents',
    irreducibleNats: Math.exp(0.6254804),
    parameterScale: Math.exp(6.255414),
    parameterExponent: 0.3526596,
    tokenScale: Math.exp(7.3049974),
    tokenExponent: 0.3526596,
    source: 'Muennighoff et al. 2023, arXiv:2305.16264, constants in the README of github.com/huggingface/datablations',
    validity: '400 runs up to 9B parameters and 900B tokens of C4',
    confidence: 'primary',
  },
} as const satisfies Record<string, Surface>

export type SurfaceName = keyof typeof surfaces

export const DEFAULT_SURFACE: Surface = surfaces.besiroglu

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
