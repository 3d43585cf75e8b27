/** What an optimizer computes on one matrix, or one block of it, in each step. */
import type { Datatype, Job } from '../job.ts'
import type { Communication, Decomposition, Matmul } from '../operation.ts'
import { decompositionFlop } from './decomposition.ts'
import type { Pool } from './homes.ts'
import type { WeightMatrix } from './matrices.ts'

/** An operation and how often a step runs it: below 1 where only some steps do. */
export type Work = readonly [operation: Matmul | Decomposition | Communication, times: number]

/** Jordan et al. 2024, kellerjordan.github.io/posts/muon: five iterations of the quintic. */
const NEWTON_SCHULZ_ITERATIONS = 5

/** On each rank of a team. */
export function workOnMatrix(job: Job, unit: WeightMatrix, team: Pool['team']): readonly Work[] {
  switch (job.optimizer.kind) {
    case 'muon':
      return newtonSchulz(job, unit, team)
    case 'shampoo':
      return sides(job, unit).flatMap((side) => shampooSide(job, side))
    case 'soap':
      return sides(job, unit).flatMap((side) => soapSide(job, side))
    default:
      return []
  }
}

/**
 * A = X Xᵀ, then A², then (b A + c A²) X: over the shorter side. A team splits the longer one and sums A; A² is done by
 * each of its ranks.
 */
function newtonSchulz(job: Job, { rows, columns }: WeightMatrix, { ranks, dimension }: Pool['team']): Work[] {
  const [short, long] = rows < columns ? [rows, columns] : [columns, rows]
  const part = long / ranks
  const narrow = firstKnown(job, ['bf16', 'fp16'])
  const elementBytes = job.optimizer.numberBytes / 2
  const product = (name: string, n: number, k: number): Work => [
    matmul(`optimizer.newtonSchulz.${name}`, [short, n, k], narrow, elementBytes),
    NEWTON_SCHULZ_ITERATIONS,
  ]
  const sum = {
    kind: 'collective',
    name: 'optimizer.newtonSchulz.sum',
    phase: 'step',
    collective: 'all-reduce',
    dimension,
    bytes: elementBytes * short ** 2,
    hidden: 0,
    rate: 1,
  } as const
  return [
    product('gram', short, part),
    ...(ranks > 1 ? [[sum, NEWTON_SCHULZ_ITERATIONS] as const] : []),
    product('square', short, short),
    product('apply', part, short),
  ]
}

interface Side {
  readonly size: number
  readonly other: number
  /** A square has two alike. */
  readonly times: number
}

function sides({ optimizer }: Job, { rows, columns }: WeightMatrix): Side[] {
  const both =
    rows === columns
      ? [{ size: rows, other: columns, times: 2 }]
      : [
          { size: rows, other: columns, times: 1 },
          { size: columns, other: rows, times: 1 },
        ]
  return both.filter(({ size }) => size <= optimizer.block)
}

/** The factor gains G Gᵀ, its inverse root is applied; every so often the root is taken anew from the eigenvectors. */
function shampooSide(job: Job, { size, other, times }: Side): Work[] {
  const wide = widerDatatype(job)
  const { every, numberBytes } = job.optimizer
  return [
    [matmul('optimizer.shampoo.statistics', [size, size, other], wide, numberBytes), times],
    [matmul('optimizer.shampoo.apply', [size, other, size], wide, numberBytes), times],
    [decompose('optimizer.shampoo.eigen', 'eigen', [size, numberBytes], wide), times / every],
    [matmul('optimizer.shampoo.root', [size, size, size], wide, numberBytes), times / every],
  ]
}

/** Gradient and momentum are turned into the eigenbasis, the update back; the basis follows by one power iteration. */
function soapSide(job: Job, { size, other, times }: Side): Work[] {
  const wide = widerDatatype(job)
  const { every, numberBytes } = job.optimizer
  return [
    [matmul('optimizer.soap.statistics', [size, size, other], wide, numberBytes), times],
    [matmul('optimizer.soap.rotate', [size, other, size], wide, numberBytes), 3 * times],
    [matmul('optimizer.soap.power', [size, size, size], wide, numberBytes), times / every],
    [decompose('optimizer.soap.qr', 'qr', [size, numberBytes], wide), times / every],
  ]
}

export function flopOfWork(operation: Work[0]): number {
  switch (operation.kind) {
    case 'matmul':
      return 2 * operation.m * operation.n * operation.k
    case 'decomposition':
      return decompositionFlop(operation)
    case 'collective':
      return 0
  }
}

/** fp32 as PyTorch multiplies it at high precision; fp64 where all is. */
function widerDatatype(job: Job): Datatype {
  return job.precision.matmul === 'fp64' ? 'fp64' : firstKnown(job, ['tf32', 'fp32'])
}

function firstKnown({ cluster, precision }: Job, wanted: readonly Datatype[]): Datatype {
  return wanted.find((datatype) => cluster.device.peakFlopPerSecond[datatype] > 0) ?? precision.activation
}

type Sizes = readonly [m: number, n: number, k: number]

function matmul(name: string, [m, n, k]: Sizes, datatype: Datatype, elementBytes: number): Matmul {
  return {
    kind: 'matmul',
    name,
    phase: 'step',
    m,
    n,
    k,
    datatype,
    inputBytes: elementBytes,
    outputBytes: elementBytes,
    groups: 1,
    rate: 1,
  }
}

type Decomposed = readonly [size: number, elementBytes: number]

function decompose(
  name: string,
  method: Decomposition['method'],
  [size, elementBytes]: Decomposed,
  datatype: Datatype,
): Decomposition {
  return { kind: 'decomposition', name, phase: 'step', method, size, datatype, elementBytes }
}
