/** Every constant of this room says whence it comes, where it holds, and how far it was checked. */

/** From best to worst: the paper or its data; its abstract; another text that quotes it; worked out from such; from memory. */
export const confidences = ['primary', 'abstract', 'secondary', 'derived', 'unverified'] as const
export type Confidence = (typeof confidences)[number]

export interface Cited {
  readonly label: string
  readonly source: string
  /** Where it was fitted or measured; beyond that it is an extrapolation. */
  readonly validity: string
  readonly confidence: Confidence
}

/** A factor with the span of its evidence. */
export interface Span {
  readonly low: number
  readonly central: number
  readonly high: number
}

export type Pick = keyof Span

export function exactly(value: number): Span {
  return { low: value, central: value, high: value }
}
