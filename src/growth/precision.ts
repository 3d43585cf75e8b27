/** What fewer bits cost in quality. What they gain in speed is the chip's affair. */

import { formula } from '../engine/formula.ts'
import type { Datatype } from '../engine/job.ts'
import type { Cited, Span } from './cited.ts'

interface BitsInputs {
  readonly weightBits: number
  readonly activationBits: number
  readonly cacheBits: number
}

/** Factor on the parameters: a model of fewer bits counts as a smaller one. */
export const precisionFactor = formula<BitsInputs>({
  id: 'precisionFactor',
  unit: 'ratio',
  text: '(1 - exp(-weightBits / 2.6745)) * (1 - exp(-activationBits / 2.2102)) * (1 - exp(-cacheBits / 0.9578))',
  source: 'Kumar et al. 2024, arXiv:2411.04330 eq. 3: N_eff = N Π (1 - e^(-P/γ))',
  compute: ({ weightBits, activationBits, cacheBits }) =>
    (1 - Math.exp(-weightBits / 2.6745)) *
    (1 - Math.exp(-activationBits / 2.2102)) *
    (1 - Math.exp(-cacheBits / 0.9578)),
})

export const precisionFacts = {
  label: 'bits as parameters',
  source: 'Kumar et al. 2024, arXiv:2411.04330: 465 runs; the constants γ quoted second-hand',
  validity: 'up to 1.7B parameters and 26B tokens, integers; block-scaled fp8 and fp4 do no worse (see recipes)',
  confidence: 'secondary',
} as const satisfies Cited

/** Bits that carry a number. tf32 rounds to ten bits of fraction, eight of exponent and a sign. */
const bits: Readonly<Record<Datatype, number>> = { fp64: 64, fp32: 32, tf32: 19, bf16: 16, fp16: 16, fp8: 8, fp4: 4 }

export function factorOfBits(count: number): number {
  return precisionFactor.compute({ weightBits: count, activationBits: count, cacheBits: count })
}

export function factorOfDatatype(datatype: Datatype): number {
  return factorOfBits(bits[datatype])
}

/** The law, and above it the hope that scales per block make eight and four bits as good as sixteen. */
export function precisionSpan(datatype: Datatype): Span {
  const central = factorOfDatatype(datatype)
  return { low: central, central, high: Math.max(central, factorOfBits(16)) }
}

/** Measured gaps of block-scaled recipes, as a share of the loss: upper bounds to hold the law against. */
export const blockScaledGaps = {
  fp8: {
    label: 'fp8 with scales per tile and block',
    ofLoss: 0.0025,
    source: 'DeepSeek-AI 2024, arXiv:2412.19437 §3.3: within .25 % of bf16',
    validity: '16B and 230B parameters, about 1T tokens',
    confidence: 'secondary',
  },
  fp4: {
    label: 'NVFP4',
    ofLoss: 0.015,
    source: 'NVIDIA 2025, arXiv:2509.25149: within 1.5 % of fp8',
    validity: '12B parameters, 10T tokens',
    confidence: 'abstract',
  },
} as const satisfies Record<string, Cited & { readonly ofLoss: number }>
