/** How fast things grow, what they cost, what they draw. */
import { type Cited, exactly, type Span } from './cited.ts'

export interface Trend extends Cited {
  /** Factor per year. */
  readonly perYear: Span
}

const EPOCH = 'Epoch AI, epoch.ai/data-insights and epoch.ai/trends'
const PILZ = 'Pilz et al. 2025, arXiv:2504.16026'
const GHOLAMI = 'Gholami et al. 2024, arXiv:2403.14123: factors per two years'

export const trends = {
  'training-compute': trend(
    'compute of notable models',
    { low: 4, central: 4.6, high: 5 },
    EPOCH,
    'since 2010',
    'abstract',
  ),
  algorithms: trend(
    'compute saved at equal loss by better methods',
    { low: 1.8, central: 2.8, high: 6.3 },
    'Ho et al. 2024, arXiv:2403.05812: halves in 8.4 months (95 % interval 4.5 to 14.3)',
    '2012 to 2023; depends on scale: Gundlach et al. 2025, arXiv:2511.21622',
    'abstract',
  ),
  'chip-flop': trend('16-bit FLOP/s of a chip', exactly(1.29), EPOCH, 'doubles in 2.7 years', 'abstract'),
  'flop-per-usd': trend(
    'FLOP/s per dollar',
    { low: 1.26, central: 1.3, high: 1.39 },
    EPOCH,
    'doubles in 2.1 to 3 years',
    'abstract',
  ),
  'flop-per-joule': trend(
    'FLOP per joule of leading chips',
    { low: 1.28, central: 1.4, high: 1.5 },
    EPOCH,
    'long run 1.28',
    'abstract',
  ),
  memory: trend('memory of a chip', exactly(2 ** (1 / 4)), EPOCH, 'doubles in 4 years', 'abstract'),
  'memory-bandwidth': trend(
    'memory bandwidth of a chip',
    exactly(2 ** (1 / 4.1)),
    EPOCH,
    'doubles in 4.1 years',
    'abstract',
  ),
  'server-flop': trend('peak FLOP/s of servers', exactly(3 ** 0.5), GHOLAMI, '20 years to 2023', 'abstract'),
  dram: trend('bandwidth of memory', exactly(1.6 ** 0.5), GHOLAMI, '20 years to 2023', 'abstract'),
  interconnect: trend('bandwidth of interconnect', exactly(1.4 ** 0.5), GHOLAMI, '20 years to 2023', 'abstract'),
  'cluster-flop': trend('FLOP/s of the largest cluster', exactly(2.5), PILZ, '2019 to 2025', 'abstract'),
  'cluster-chips': trend('chips of the largest cluster', exactly(1.6), PILZ, '2019 to 2025', 'abstract'),
  'cluster-cost': trend('price of the largest cluster', exactly(1.9), PILZ, '2019 to 2025', 'abstract'),
  'cluster-power': trend('power of the largest cluster', exactly(2), PILZ, '2019 to 2025', 'abstract'),
  'run-length': trend('length of a frontier run', exactly(1.2), EPOCH, 'rarely above half a year', 'abstract'),
  text: trend(
    'public text',
    exactly(1.03),
    'Villalobos et al. 2024, arXiv:2211.04325v2',
    'against 4 for compute',
    'abstract',
  ),
} as const satisfies Record<string, Trend>

function trend(label: string, perYear: Span, source: string, validity: string, confidence: Trend['confidence']): Trend {
  return { label, perYear, source, validity, confidence }
}

const HOUR = 3600

export interface Price extends Cited {
  readonly usd: Span
}

export const chipPrices = {
  h100: {
    label: 'H100-class chip with its share of server and network',
    usd: { low: 34_000, central: 45_000, high: 56_000 },
    source:
      'Epoch AI, price data of machine learning hardware: 33.7k to 44k USD per GPU inside a DGX; network 19 % of a cluster',
    validity: '2022 to 2024; ± a quarter; the total is our reading',
    confidence: 'unverified',
  },
  b200: {
    label: 'B200-class chip with its share of server and network',
    usd: { low: 45_000, central: 57_500, high: 72_000 },
    source: 'as for H100, scaled by list prices',
    validity: 'from memory; ± a quarter',
    confidence: 'unverified',
  },
} as const satisfies Record<string, Price>

/** Per GPU and second. */
export const rents = {
  h100: {
    label: 'rented H100',
    usd: { low: 1.5 / HOUR, central: 2.5 / HOUR, high: 3.5 / HOUR },
    source: 'cloud list prices of 2023 to 2025: 2 to 5, later 2 to 3 USD per hour',
    validity: '± 40 %',
    confidence: 'secondary',
  },
  b200: {
    label: 'rented B200',
    usd: { low: 2.4 / HOUR, central: 4 / HOUR, high: 5.6 / HOUR },
    source: 'cloud list prices of 2025',
    validity: '± 40 %',
    confidence: 'secondary',
  },
} as const satisfies Record<string, Price>

const COST_MODEL =
  'Cottier et al. 2024, arXiv:2405.21015, and its code at github.com/epoch-research/training-cost-trends'

export const costFacts = {
  serverOverChip: {
    label: 'server over GPU price',
    value: 1.64,
    source: COST_MODEL,
    validity: 'DGX H100',
    confidence: 'primary',
  },
  networkShare: {
    label: 'network in the price of a cluster',
    value: 0.19,
    source: COST_MODEL,
    validity: '2023',
    confidence: 'primary',
  },
  medianMfu: {
    label: 'median utilization of frontier runs',
    value: 0.375,
    source: COST_MODEL,
    validity: 'to 2024',
    confidence: 'primary',
  },
  serverWatts: {
    label: 'watts of a server per H100',
    value: 1275,
    source: COST_MODEL,
    validity: 'DGX H100',
    confidence: 'primary',
  },
  pue: {
    label: 'power of a site over its servers',
    value: 1.1,
    source: COST_MODEL,
    validity: 'hyperscalers; 1.25 elsewhere',
    confidence: 'primary',
  },
  drawShare: {
    label: 'draw in training over rated power',
    value: 0.75,
    source: COST_MODEL,
    validity: 'average',
    confidence: 'primary',
  },
  usdPerJoule: {
    label: 'industrial electricity',
    value: 0.08 / 3.6e6,
    source: COST_MODEL,
    validity: 'US, 2023',
    confidence: 'primary',
  },
} as const satisfies Record<string, Cited & { readonly value: number }>

/** What others hold feasible by 2030, to compare with. */
export const feasibleBy2030 = {
  label: 'largest run held feasible by 2030, bound by power',
  flop: 2e29,
  source: 'Epoch AI 2024, Can AI scaling continue through 2030?',
  validity: 'one campus of 1 to 5 GW: 1e28 to 3e29',
  confidence: 'abstract',
} as const satisfies Cited & { readonly flop: number }
