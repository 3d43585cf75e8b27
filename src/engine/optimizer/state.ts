/** Bytes that an optimizer keeps on one rank, without the master copy of the weights. */
import { formula } from '../formula.ts'
import type { Job } from '../job.ts'
import { scheduleTable } from '../schedule/table.ts'
import type { Stage } from '../stages.ts'
import type { Strategy } from '../strategy.ts'
import { dealt, poolsOf } from './homes.ts'
import { ruleOf } from './kinds.ts'
import { trainedMatrices, type WeightMatrix, weightsIn } from './matrices.ts'

interface SideInputs {
  readonly rows: number
  readonly columns: number
  readonly rowSide: number
  readonly columnSide: number
  readonly numberBytes: number
}

export const preconditionerBytes = formula<SideInputs>({
  id: 'preconditionerBytes',
  unit: 'bytes',
  text: 'numberBytes * 2 * (rowSide * rows ^ 2 + columnSide * columns ^ 2)',
  source:
    'Gupta et al. 2018, arXiv:1802.09568 (a factor and its inverse root per side); Vyas et al. 2024, arXiv:2409.11321 (a factor and its eigenvectors per side); a side is 1 where it has them, else 0',
  compute: ({ rows, columns, rowSide, columnSide, numberBytes }) =>
    numberBytes * 2 * (rowSide * rows ** 2 + columnSide * columns ** 2),
})

interface FactoredInputs {
  readonly rows: number
  readonly columns: number
  readonly numberBytes: number
}

export const factoredBytes = formula<FactoredInputs>({
  id: 'factoredBytes',
  unit: 'bytes',
  text: 'numberBytes * (rows + columns)',
  source: 'Shazeer and Stern 2018, arXiv:1804.04235 §3: one sum per row and one per column of a matrix',
  compute: ({ rows, columns, numberBytes }) => numberBytes * (rows + columns),
})

/** Weights on this rank whose state it keeps. */
interface Held {
  readonly parameters: number
  readonly expertParameters: number
}

/** Weights whose optimizer state a rank keeps: with ZeRO a share of them, over the copies that a schedule makes too. */
export function shardsOf({ zero, shardRanks, tp, cp, dp, ep, etp, schedule }: Strategy, { trained }: Stage): Held {
  if (zero === 0) return trained
  const { copies } = scheduleTable[schedule]
  const expertShards = (copies * tp * cp * dp) / (ep * etp)
  return {
    parameters: trained.parameters / (copies * shardRanks),
    expertParameters: trained.expertParameters / expertShards,
  }
}

/** Of what is read and written number by number, all a rank's weights together. */
export function momentBytes(job: Job, strategy: Strategy, stage: Stage): number {
  const { optimizer } = job
  const { parameters, expertParameters } = shardsOf(strategy, stage)
  if (optimizer.stateBytes === optimizer.plainStateBytes) return (parameters + expertParameters) * optimizer.stateBytes
  const plain = parameters * plainShare(job, strategy, stage)
  return (parameters - plain + expertParameters) * optimizer.stateBytes + plain * optimizer.plainStateBytes
}

/** Of the weights beside experts, those in no matrix that the optimizer treats as one. */
function plainShare(job: Job, strategy: Strategy, stage: Stage): number {
  const inMatrices = weightsIn(trainedMatrices(job, stage, strategy.ep).dense) / strategy.tp
  const ends = ruleOf(job.optimizer).matrices === 'factored' ? tables(job, stage) / strategy.tp : 0
  return Math.max(0, 1 - (inMatrices + ends) / stage.trained.parameters)
}

/** Embedding and output matrix. */
function tables({ model, adapter }: Job, { embedding, head }: Stage): number {
  return adapter ? 0 : countOfTables(model.tiedEmbeddings, embedding, head) * model.vocabulary * model.hidden
}

/** A stage with both ends holds a tied table once. */
const countOfTables = (tied: boolean, embedding: number, head: number): number =>
  tied ? Math.max(embedding, head) : embedding + head

/** Preconditioners, or the sums that stand for second moments. */
export function matrixStateBytes(job: Job, strategy: Strategy, stage: Stage): number {
  const { optimizer } = job
  const { matrices } = ruleOf(optimizer)
  if (optimizer.stated) return 0
  if (matrices === 'factored') return sumBytes(job, strategy, stage)
  if (optimizer.block === 0) return 0
  return poolsOf(job, strategy, stage)
    .flatMap(dealt)
    .reduce((sum, [unit, times]) => sum + times * preconditionerBytes.compute(sidesOf(job, unit)), 0)
}

/** A side beyond the widest block goes without a preconditioner. */
export function sidesOf({ optimizer }: Job, { rows, columns }: WeightMatrix): SideInputs {
  const has = (side: number) => (side <= optimizer.block ? 1 : 0)
  return { rows, columns, rowSide: has(rows), columnSide: has(columns), numberBytes: optimizer.numberBytes }
}

function sumBytes(job: Job, strategy: Strategy, stage: Stage): number {
  const { model, optimizer, adapter } = job
  const { tp, cp, dp, ep, etp, zero, shardRanks } = strategy
  const { dense, experts } = trainedMatrices(job, stage, ep)
  const count = adapter ? 0 : countOfTables(model.tiedEmbeddings, stage.embedding, stage.head)
  const ends = { rows: model.vocabulary, columns: model.hidden, count }
  const bytes = (matrices: readonly WeightMatrix[]) =>
    matrices.reduce(
      (sum, { rows, columns, count }) =>
        sum + count * factoredBytes.compute({ rows, columns, numberBytes: optimizer.numberBytes }),
      0,
    )
  const [shards, expertShards] = zero > 0 ? [shardRanks, (tp * cp * dp) / (ep * etp)] : [1, 1]
  return bytes([...dense, ends]) / shards + bytes(experts) / expertShards
}

/** All of it. */
export function optimizerStateBytes(job: Job, strategy: Strategy, stage: Stage): number {
  const { parameters, expertParameters } = shardsOf(strategy, stage)
  const master = (parameters + expertParameters) * job.precision.masterBytes
  return master + momentBytes(job, strategy, stage) + matrixStateBytes(job, strategy, stage)
}

/** Per parameter of one matrix, of which every rank keeps a share: for laws that know no cluster. */
export function stateBytesPerParameter(
  job: Pick<Job, 'optimizer'>,
  { rows, columns }: Pick<WeightMatrix, 'rows' | 'columns'>,
): number {
  const { optimizer } = job
  const { numberBytes, block } = optimizer
  const { matrices } = ruleOf(optimizer)
  const weights = rows * columns
  if (matrices === 'factored')
    return optimizer.stateBytes + factoredBytes.compute({ rows, columns, numberBytes }) / weights
  if (block === 0 || optimizer.stated) return optimizer.stateBytes
  // A block of Shampoo is at most as wide as the matrix.
  const unit =
    optimizer.kind === 'shampoo'
      ? { rows: Math.min(rows, block), columns: Math.min(columns, block), count: 1 }
      : { rows, columns, count: 1 }
  const sides = sidesOf(job as Job, unit)
  return optimizer.stateBytes + preconditionerBytes.compute(sides) / (unit.rows * unit.columns)
}
