/**
 * How many tokens a step can use. Laws differ in what they call critical, so each carries its definition; between laws
 * the answer spreads by a factor of 20 to 200, the largest single doubt about the walls.
 */
import { formula } from '../engine/formula.ts'
import type { Cited } from './cited.ts'

/**
 * `double`: at this batch a run takes twice the fewest steps and twice the fewest tokens (McCandlish).
 * `fifth`: at this batch it takes a fifth more tokens (Zhang).
 * `best`: the batch of the lowest loss at given model and tokens. `assumed`: an author's premise.
 */
export type BatchDefinition = 'double' | 'fifth' | 'best' | 'assumed'

export interface BatchLaw extends Cited {
  readonly definition: BatchDefinition
  readonly of: 'tokens' | 'flop' | 'parameters' | 'lossNats'
  readonly coefficient: number
  readonly exponent: number
}

export const batchLaws = {
  'power-lines': {
    label: 'Power Lines',
    definition: 'double',
    of: 'tokens',
    coefficient: 96.5,
    exponent: 0.462,
    source: 'Bergsma et al. 2025, arXiv:2505.13738: B_crit as D^.462; coefficient .0471 sequences of 2048 tokens',
    validity:
      '0.1B to 3.3B parameters; × or ÷ 2; its coefficient stands in no public text at hand, and lies within 60 % of the data of Zhang et al.',
    confidence: 'unverified',
  },
  zhang: {
    label: 'Zhang et al., 20 % overhead',
    definition: 'fifth',
    of: 'tokens',
    coefficient: 18.05,
    exponent: 0.468,
    source: 'Zhang et al. 2024, arXiv:2410.21676, notebook of github.com/hlzhang109/critical-batch-size',
    validity: '85M to 1.2B parameters, 1.7B to 25B tokens of C4; standard error of the exponent .012',
    confidence: 'primary',
  },
  'zhang-noise': {
    label: 'Zhang et al., raw data as a hyperbola',
    definition: 'double',
    of: 'tokens',
    coefficient: 2.24,
    exponent: 0.619,
    source: 'fit of the hyperbola of McCandlish et al. 2018 to the raw data of Zhang et al. 2024, arXiv:2410.21676',
    validity: '85M to 1.2B parameters; standard error of the exponent .031',
    confidence: 'derived',
  },
  'step-law': {
    label: 'Step Law',
    definition: 'best',
    of: 'tokens',
    coefficient: 0.58,
    exponent: 0.571,
    source: 'Li et al. 2025, arXiv:2503.04715, published sweep',
    validity: '0.06B to 1.07B parameters, up to 100B tokens; deviation of the exponent .030',
    confidence: 'primary',
  },
  deepseek: {
    label: 'DeepSeek LLM',
    definition: 'best',
    of: 'flop',
    coefficient: 0.292,
    exponent: 0.3271,
    source: 'Bi et al. 2024, arXiv:2401.02954 §3.1',
    validity: '1e17 to 2e19 FLOP',
    confidence: 'secondary',
  },
  moonlight: {
    label: 'Moonlight',
    definition: 'best',
    of: 'flop',
    coefficient: 0.0065202,
    exponent: 0.4137915,
    source: 'Liu et al. 2025, arXiv:2502.16982, appendix',
    validity: '0.4B to 1.5B parameters, 8k context',
    confidence: 'primary',
  },
  'cube-root': {
    label: '4M tokens at 300B parameters, as N^(1/3)',
    definition: 'assumed',
    of: 'parameters',
    coefficient: 4e6 / 3e11 ** (1 / 3),
    exponent: 1 / 3,
    source: 'Erdil and Schneider-Joseph 2024, arXiv:2411.01137: batch grows as the inverse of the reducible loss',
    validity: 'an assumption of theirs; anchor and exponent from memory',
    confidence: 'unverified',
  },
  kaplan: {
    label: 'Kaplan et al.',
    definition: 'double',
    of: 'lossNats',
    coefficient: 2e8,
    exponent: -1 / 0.21,
    source: 'Kaplan et al. 2020, arXiv:2001.08361 eq. 1.4',
    validity: 'up to 1.5B parameters, losses of WebText2',
    confidence: 'secondary',
  },
  constant: {
    label: '16M tokens, whatever the size',
    definition: 'assumed',
    of: 'tokens',
    coefficient: 16e6,
    exponent: 0,
    source: 'batch of Llama 3 405B: Dubey et al. 2024, arXiv:2407.21783 §3.4.1',
    validity: 'a counterfactual: no growth at all',
    confidence: 'derived',
  },
} as const satisfies Record<string, BatchLaw>

export type BatchLawName = keyof typeof batchLaws

/** High, low and lowest of the published laws at the frontier: the spread that intervals carry. */
export const batchSpread = ['power-lines', 'step-law', 'cube-root'] as const satisfies readonly BatchLawName[]

/** What a law may depend on. */
export interface BatchState {
  readonly tokens: number
  readonly flop: number
  readonly parameters: number
  readonly lossNats: number
}

interface BatchPower {
  readonly coefficient: number
  readonly quantity: number
  readonly exponent: number
}

export const batchPower = formula<BatchPower>({
  id: 'batchPower',
  unit: 'tokens',
  text: 'coefficient * quantity ^ exponent',
  source: 'form shared by the batch laws: Kaplan et al. 2020, arXiv:2001.08361; Bergsma et al. 2025, arXiv:2505.13738',
  compute: ({ coefficient, quantity, exponent }) => coefficient * quantity ** exponent,
})

/** What the law says, by its own definition. */
export function batchOf(law: BatchLaw, state: BatchState): number {
  return batchPower.compute({ coefficient: law.coefficient, quantity: state[law.of], exponent: law.exponent })
}

/** A fifth more tokens at B means B / B_crit = 1/5. The other definitions are taken at their word. */
const toDouble: Readonly<Record<BatchDefinition, number>> = { double: 1, fifth: 5, best: 1, assumed: 1 }

/** The batch at which a run takes twice the fewest tokens: what `batchOverhead` needs. */
export function criticalBatch(law: BatchLaw, state: BatchState): number {
  return batchOf(law, state) * toDouble[law.definition]
}

interface OverheadInputs {
  readonly batchTokens: number
  readonly criticalTokens: number
}

export const batchOverhead = formula<OverheadInputs>({
  id: 'batchOverhead',
  unit: 'ratio',
  text: '1 + batchTokens / criticalTokens',
  source:
    'McCandlish et al. 2018, arXiv:1812.06162 eq. 2.11: tokens needed over the fewest, E = E_min (1 + B / B_crit)',
  compute: ({ batchTokens, criticalTokens }) => 1 + batchTokens / criticalTokens,
})

interface StepInputs extends OverheadInputs {
  readonly fewestSteps: number
}

export const stepsAtBatch = formula<StepInputs>({
  id: 'stepsAtBatch',
  unit: 'count',
  text: 'fewestSteps * (1 + criticalTokens / batchTokens)',
  source: 'McCandlish et al. 2018, arXiv:1812.06162 eq. 2.11: steps needed, S = S_min (1 + B_crit / B)',
  compute: ({ fewestSteps, criticalTokens, batchTokens }) => fewestSteps * (1 + criticalTokens / batchTokens),
})

interface ZhangInputs {
  readonly parameters: number
}

export const zhangSequences = formula<ZhangInputs>({
  id: 'zhangSequences',
  unit: 'count',
  text: '93.197 * (parameters / 1e6) ^ 0.46828',
  source:
    'Zhang et al. 2024, arXiv:2410.21676: sequences of 512 tokens at 20 % overhead, about 20 tokens per parameter',
  compute: ({ parameters }) => 93.197 * (parameters / 1e6) ** 0.46828,
})
