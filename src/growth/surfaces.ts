/**
 * Published loss surfaces to choose from. Losses of different papers are not comparable (tokenizer, corpus): exponents,
 * ratios and compute-equivalents are.
 */
import { type AllocationLawName, allocationLaws } from './allocation.ts'
import type { Cited } from './cited.ts'
import { type SurfaceConstants, withAllocation } from './loss-law.ts'

export interface Surface extends SurfaceConstants, Cited {
  /** The law that shares compute between model and data, where the surface was built from it. */
  readonly allocation?: AllocationLawName
  /** Why an absolute loss cannot be read off it. */
  readonly refusal?: string
}

const CHINCHILLA_RUNS = 'N 57M to 16B, D 0.25B to 320B tokens, C 1.4e18 to 1.3e22 FLOP; above 1e23 it is extrapolation'

const chinchillaRefit = {
  irreducibleNats: 1.8172,
  parameterScale: 482.01,
  parameterExponent: 0.3478,
  tokenScale: 2085.43,
  tokenExponent: 0.3658,
} as const satisfies SurfaceConstants

export const surfaces = {
  besiroglu: {
    label: 'Chinchilla form, refitted by Besiroglu et al.',
    ...chinchillaRefit,
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
  'llama-3': sharedBy('llama-3', 'Llama 3'),
  deepseek: sharedBy('deepseek', 'DeepSeek LLM'),
} as const satisfies Record<string, Surface>

/**
 * A laboratory that publishes how it shares compute, and no losses. Its share of model and data is laid over the frontier
 * of the default surface: compute-equivalents hold, an absolute loss would be another corpus's.
 */
function sharedBy(allocation: AllocationLawName, whose: string): Surface {
  const law = allocationLaws[allocation]
  return {
    ...withAllocation(law, chinchillaRefit),
    label: `${whose}: its share of model and data, on the frontier of Besiroglu et al.`,
    source: `${law.source}; frontier: Besiroglu et al. 2024, arXiv:2404.10102`,
    validity: `${law.validity}; compute-equivalents and what is lost off the optimum only`,
    confidence: 'derived',
    allocation,
    refusal: `${whose} publishes how to share compute between model and data, and no loss in nats per token`,
  }
}

export type SurfaceName = keyof typeof surfaces

export const DEFAULT_SURFACE: Surface = surfaces.besiroglu
