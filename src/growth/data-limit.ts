/** What repeated data is worth, how much data there is, and how much compute one stock of it can take in. */
import { formula } from '../engine/formula.ts'
import { type Cited, exactly, type Span } from './cited.ts'
import {
  type Allocation,
  FLOP_PER_PARAMETER_TOKEN,
  flopWorth,
  optimalParameters,
  type SurfaceConstants,
  surfaceLoss,
} from './loss-law.ts'
import { lowest } from './solve.ts'

interface RepeatInputs {
  readonly unique: number
  readonly repeats: number
  readonly halfLife: number
}

export const repeatedWorth = formula<RepeatInputs>({
  id: 'repeatedWorth',
  unit: 'count',
  text: 'unique * (1 + halfLife * (1 - exp(-repeats / halfLife)))',
  source: 'Muennighoff et al. 2023, arXiv:2305.16264 eq. 5: fresh tokens (or parameters) that repeated ones are worth',
  compute: ({ unique, repeats, halfLife }) => unique * (1 + halfLife * (1 - Math.exp(-repeats / halfLife))),
})

interface EpochInputs {
  readonly repeats: number
  readonly halfLife: number
}

export const repeatMargin = formula<EpochInputs>({
  id: 'repeatMargin',
  unit: 'ratio',
  text: 'exp(-repeats / halfLife)',
  source: 'derivative of repeatedWorth: what one more repeated token adds, as a share of a fresh one',
  compute: ({ repeats, halfLife }) => Math.exp(-repeats / halfLife),
})

interface MatchedInputs {
  readonly parameterExponent: number
  readonly parameterScale: number
  readonly tokenExponent: number
  readonly tokenScale: number
  readonly tokens: number
}

export const matchedParameters = formula<MatchedInputs>({
  id: 'matchedParameters',
  unit: 'count',
  text: '(parameterExponent * parameterScale / (tokenExponent * tokenScale)) ^ (1 / parameterExponent) * tokens ^ (tokenExponent / parameterExponent)',
  source: 'Hoffmann et al. 2022, arXiv:2203.15556 §3.3: both terms of the surface fall at the same rate per FLOP',
  compute: ({ parameterExponent: a, parameterScale: A, tokenExponent: b, tokenScale: B, tokens }) =>
    ((a * A) / (b * B)) ** (1 / a) * tokens ** (b / a),
})

/** How fast repetition wears out. */
export interface Repetition extends Cited {
  readonly tokenHalfLife: number
  readonly parameterHalfLife: number
}

export const repetitions = {
  autoregressive: {
    label: 'next-token loss, standard recipe',
    tokenHalfLife: 15.387756,
    parameterHalfLife: 5.309743,
    source:
      'Muennighoff et al. 2023, arXiv:2305.16264, README of github.com/huggingface/datablations; standard error of the first 7.3',
    validity:
      'runs up to 9B parameters and 900B tokens; the law is monotone: runs that over-fitted were left out of the fit',
    confidence: 'primary',
  },
  diffusion: {
    label: 'masked diffusion',
    tokenHalfLife: 512.85,
    parameterHalfLife: 5.309743,
    source:
      'Prabhudesai et al. 2025, arXiv:2507.15857: 512.85 against 31.93 for next tokens in their own fit; useful to about a hundred epochs',
    validity:
      'small models, at most 100 epochs; the half-life is quoted second-hand; other versions say 494 or about 500',
    confidence: 'secondary',
  },
} as const satisfies Record<string, Repetition>

/** Ways to make a stock worth more. `worth` multiplies the unique tokens. */
export interface DataPolicy extends Cited {
  readonly worth: Span
}

export const dataPolicies = {
  standard: {
    label: 'standard weight decay, one model',
    worth: exactly(1),
    source: 'Muennighoff et al. 2023, arXiv:2305.16264',
    validity: 'as the repetition law',
    confidence: 'primary',
  },
  regularized: {
    label: '30 × weight decay and ensembles',
    worth: { low: 1, central: 5.17, high: 5.17 },
    source: 'Kim et al. 2025, arXiv:2509.14786: the asymptote equals 5.17 × more data',
    validity: 'measured at 200M tokens; at trillions it is an upper bound',
    confidence: 'abstract',
  },
} as const satisfies Record<string, DataPolicy>

export const stocks = {
  'public-text': {
    label: 'effective public human text',
    tokens: { low: 1e14, central: 3e14, high: 1e15 },
    source: 'Villalobos et al. 2024, arXiv:2211.04325v2: 300T tokens, 90 % interval 100T to 1000T',
    validity: 'quality-adjusted stock of 2024, grows about 3 % a year',
    confidence: 'secondary',
  },
  multimodal: {
    label: 'text, images and video by 2030',
    tokens: { low: 4e14, central: 2.8e15, high: 2e16 },
    source: 'Epoch AI 2024, Can AI scaling continue through 2030?: 400T to 20,000T token equivalents',
    validity: 'the centre is the geometric mean of the ends; that such tokens are worth text is assumed',
    confidence: 'secondary',
  },
} as const satisfies Record<string, Cited & { readonly tokens: Span }>

/** What a model may be fed with. */
export interface Stock {
  /** Infinity: no end of data. */
  readonly uniqueTokens: number
  readonly tokenHalfLife: number
  readonly parameterHalfLife: number
}

export interface Effective {
  readonly parameters: number
  readonly tokens: number
  /** Share of a fresh token that one more token adds. */
  readonly margin: number
}

/** Parameters and tokens as the surface should see them once data repeats. */
export function effective(surface: SurfaceConstants, stock: Stock, parameters: number, tokens: number): Effective {
  if (stock.uniqueTokens === Number.POSITIVE_INFINITY) return { parameters, tokens, margin: 1 }
  const unique = Math.min(tokens, stock.uniqueTokens)
  const repeats = tokens / unique - 1
  const matched = Math.min(parameters, matchedParameters.compute({ ...surface, tokens: unique }))
  const excess = parameters / matched - 1
  return {
    parameters: repeatedWorth.compute({ unique: matched, repeats: excess, halfLife: stock.parameterHalfLife }),
    tokens: repeatedWorth.compute({ unique, repeats, halfLife: stock.tokenHalfLife }),
    margin: repeatMargin.compute({ repeats, halfLife: stock.tokenHalfLife }),
  }
}

export function stockLoss(surface: SurfaceConstants, stock: Stock, parameters: number, tokens: number): number {
  const worth = effective(surface, stock, parameters, tokens)
  return surfaceLoss.compute({ ...surface, parameters: worth.parameters, tokens: worth.tokens })
}

/** The best model that this much compute buys from this stock: size and number of epochs are free. */
export function bestUnderStock(surface: SurfaceConstants, stock: Stock, flop: number): Allocation {
  const free = optimalParameters.compute({ ...surface, flop })
  const tokensOf = (parameters: number) => flop / (FLOP_PER_PARAMETER_TOKEN * parameters)
  const height = (n: number) => stockLoss(surface, stock, n, tokensOf(n))
  const unlimited = stock.uniqueTokens === Number.POSITIVE_INFINITY
  const parameters = unlimited ? free : lowest(free / 1e3, free * 1e3, height)
  return { parameters, tokens: tokensOf(parameters), lossNats: height(parameters) }
}

export interface Digestion {
  readonly allocation: Allocation
  readonly epochs: number
  readonly equivalentFlop: number
  /** Compute-equivalent over compute. */
  readonly absorption: number
  /** The same at the margin. */
  readonly marginal: number
}

/** How much of this compute the stock takes in. */
export function digest(surface: SurfaceConstants, stock: Stock, flop: number): Digestion {
  const allocation = bestUnderStock(surface, stock, flop)
  const { parameters, tokens, lossNats } = allocation
  const worth = flopWorth(surface, lossNats - surface.irreducibleNats)
  return {
    allocation,
    epochs: tokens / Math.min(tokens, stock.uniqueTokens),
    equivalentFlop: worth,
    absorption: worth / flop,
    marginal: marginalOfTokens(surface, stock, parameters, tokens),
  }
}

interface MarginalInputs {
  readonly parameterExponent: number
  readonly tokenExponent: number
  readonly tokenNats: number
  readonly reducibleNats: number
  readonly tokens: number
  readonly effectiveTokens: number
  readonly margin: number
}

/** At the best size the loss changes with compute as it changes with tokens alone (the envelope theorem). */
export const marginalAbsorption = formula<MarginalInputs>({
  id: 'marginalAbsorption',
  unit: 'ratio',
  text: '(parameterExponent + tokenExponent) / parameterExponent * tokenNats / reducibleNats * tokens / effectiveTokens * margin',
  source: 'd ln C_eq / d ln C = -dL/d ln C / (γ (L - E)), with L(N, D) of Muennighoff et al. 2023, arXiv:2305.16264',
  compute: (x) =>
    ((((x.parameterExponent + x.tokenExponent) / x.parameterExponent) * x.tokenNats) / x.reducibleNats) *
    (x.tokens / x.effectiveTokens) *
    x.margin,
})

export function marginalOfTokens(surface: SurfaceConstants, stock: Stock, parameters: number, tokens: number): number {
  const worth = effective(surface, stock, parameters, tokens)
  const tokenNats = surface.tokenScale / worth.tokens ** surface.tokenExponent
  const reducibleNats = tokenNats + surface.parameterScale / worth.parameters ** surface.parameterExponent
  const { parameterExponent, tokenExponent } = surface
  const { margin, tokens: effectiveTokens } = worth
  return marginalAbsorption.compute({
    parameterExponent,
    tokenExponent,
    tokenNats,
    reducibleNats,
    tokens,
    effectiveTokens,
    margin,
  })
}

/** Compute at which the stock has been read exactly once by the model that fits it: C₁. */
export function onceThroughFlop(surface: SurfaceConstants, uniqueTokens: number): number {
  return FLOP_PER_PARAMETER_TOKEN * matchedParameters.compute({ ...surface, tokens: uniqueTokens }) * uniqueTokens
}

/** The loss that no amount of compute gets below with this stock and recipe. */
export function floorNats(surface: SurfaceConstants, stock: Stock): number {
  const unique = stock.uniqueTokens
  const matched = matchedParameters.compute({ ...surface, tokens: unique })
  return surfaceLoss.compute({
    ...surface,
    parameters: matched * (1 + stock.parameterHalfLife),
    tokens: unique * (1 + stock.tokenHalfLife),
  })
}
