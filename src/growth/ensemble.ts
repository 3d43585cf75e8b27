/**
 * How uncertain the default surface is. Its five constants are correlated along a ridge, so independent errors would be
 * wrong: these are sixteen whole draws whose means and covariances match those of a bootstrap of 2000.
 */
import type { Cited } from './cited.ts'
import type { SurfaceConstants } from './loss-law.ts'

/** ln A, ln B, ln E, α, β. */
type Draw = readonly [number, number, number, number, number]

const draws: readonly Draw[] = [
  [6.349, 7.4081, 0.5976, 0.35856, 0.35383],
  [6.2127, 7.8221, 0.6073, 0.35015, 0.37502],
  [6.3515, 7.6337, 0.599, 0.35777, 0.3649],
  [6.2746, 7.1191, 0.5827, 0.35455, 0.33895],
  [6.3597, 6.7682, 0.5764, 0.35933, 0.3225],
  [6.4941, 7.4499, 0.6022, 0.36659, 0.35591],
  [6.4034, 8.1824, 0.6208, 0.36071, 0.39232],
  [6.1373, 8.4575, 0.6159, 0.34486, 0.40599],
  [5.8077, 8.2767, 0.5952, 0.32633, 0.39571],
  [6.2746, 7.7797, 0.6059, 0.35335, 0.37271],
  [5.8506, 7.6783, 0.5839, 0.32835, 0.36798],
  [5.7647, 7.5234, 0.5757, 0.32353, 0.36019],
  [6.5263, 8.0908, 0.6211, 0.36753, 0.38816],
  [5.9335, 7.8586, 0.5881, 0.33252, 0.37657],
  [5.8469, 7.6024, 0.5804, 0.32826, 0.3639],
  [5.8014, 8.0872, 0.5922, 0.32556, 0.38753],
]

export const ensembleFacts = {
  label: 'sixteen draws of the Chinchilla surface',
  source:
    'bootstrap of the 240 runs of github.com/epoch-research/analyzing-chinchilla (Huber loss on ln L, as Besiroglu et al. 2024, arXiv:2404.10102)',
  validity: 'as the surface itself; E alone is uncertain by .04 nats, more than 1e28 to 1e31 FLOP is worth',
  confidence: 'derived',
} as const satisfies Cited

export const ensemble: readonly SurfaceConstants[] = draws.map(([lnA, lnB, lnE, alpha, beta]) => ({
  irreducibleNats: Math.exp(lnE),
  parameterScale: Math.exp(lnA),
  parameterExponent: alpha,
  tokenScale: Math.exp(lnB),
  tokenExponent: beta,
}))

/** The value below which this share of the values lies, interpolated between ranks. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? below
  return below === above ? below : below + (above - below) * (at - Math.floor(at))
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/** From the 5th to the 95th hundredth. */
export function interval(values: readonly number[]): Interval {
  return { low: quantile(values, 0.05), high: quantile(values, 0.95) }
}
