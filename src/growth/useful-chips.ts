/** How many chips a model family can keep busy on a cluster, and what stops it. */
import { formula } from '../engine/formula.ts'
import { architectures } from './architecture.ts'
import { type ArchitectureName, type Sizes, stepSecondsOf } from './computer.ts'
import { flopPerToken } from './family.ts'
import type { Machine } from './machine.ts'
import { type SplitLimit, splitBounds } from './parallel-limit.ts'

interface ChainInputs {
  readonly flopPerToken: number
  readonly batchTokens: number
  readonly peakFlopPerSecond: number
  readonly chain: number
  readonly stepSeconds: number
}

export const chainChips = formula<ChainInputs>({
  id: 'chainChips',
  unit: 'count',
  text: 'flopPerToken * batchTokens / (peakFlopPerSecond * chain * stepSeconds)',
  source:
    'Brent 1974, doi:10.1145/321812.321815: work over depth; beyond it the chain of dependent steps outlasts the work',
  compute: (x) => (x.flopPerToken * x.batchTokens) / (x.peakFlopPerSecond * x.chain * x.stepSeconds),
})

export type ChipLimit = SplitLimit | 'latency of the chain'

export interface ParadigmComputer {
  readonly name: ArchitectureName
  readonly label: string
  /** All of them; a mixture's active ones are fewer. */
  readonly parameters: number
  readonly activeParameters: number
  readonly flopPerToken: number
  /** Dependent steps of one training step. */
  readonly chain: number
  readonly chainSaid: string
  /** Pieces of the batch that may run at once. */
  readonly pool: { readonly of: 'tokens' | 'sequences'; readonly size: number }
  readonly width: number
  readonly depth: number
  /** Largest degree of tensor parallelism, and what bounds it. */
  readonly tp: number
  readonly tpLimit: SplitLimit
  /** Slots that data, context and pipeline parallelism share. */
  readonly slots: number
  readonly usefulChips: number
  readonly limit: ChipLimit
}

export function paradigmComputer(name: ArchitectureName, machine: Machine, sizes: Sizes): ParadigmComputer {
  const { label, computer } = architectures[name]
  const { layers, hidden, seqLen, batchTokens } = sizes
  const activeFraction = name === 'moe' ? sizes.activeFraction : 1
  const bounds = splitBounds(machine, sizes, { pool: computer.pool, seqLen, activeFraction, fill: 1 })
  const work = flopPerToken(name, sizes)
  const chain = computer.chain(sizes)
  const { peakFlopPerSecond } = machine
  const stepSeconds = stepSecondsOf(computer, machine)
  const byChain = chainChips.compute({ flopPerToken: work, batchTokens, peakFlopPerSecond, chain, stepSeconds })
  const bySplit = bounds.chipsPerToken * batchTokens
  const activeParameters = computer.perLayer * layers * hidden ** 2
  return {
    name,
    label,
    parameters: activeParameters / activeFraction,
    activeParameters,
    flopPerToken: work,
    chain,
    chainSaid: computer.chainSaid,
    pool: { of: computer.pool, size: computer.pool === 'tokens' ? batchTokens : batchTokens / seqLen },
    width: hidden,
    depth: layers,
    tp: bounds.tp,
    tpLimit: bounds.tpLimit,
    slots: bySplit / bounds.tp,
    usefulChips: Math.max(1, Math.min(bySplit, byChain)),
    limit: byChain < bySplit ? 'latency of the chain' : bounds.limit,
  }
}
