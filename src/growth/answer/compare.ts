/** `compare-paradigms`: same FLOP, better model? And how many chips each family keeps busy. */
import { optimizerFor } from '../../engine/optimizer/kinds.ts'
import { estimate } from '../../engine/simulate.ts'
import { type Claim, claimsOf } from '../claims.ts'
import { type Comparison, compareParadigms, type Rates } from '../compare.ts'
import { type ArchitectureName, computers } from '../computer.ts'
import { effective } from '../data-limit.ts'
import type { Utilized } from '../frontier.ts'
import { objectives } from '../objective.ts'
import type { OptimizerName } from '../optimizer.ts'
import type { Recipe } from '../recipe.ts'
import { type Point, type Settled, settle } from '../settle.ts'
import type { Sought } from '../sought.ts'
import { usualSettled } from '../sought.ts'
import { classicSvm, type SvmComputer, svmComputer } from '../svm.ts'
import { type ParadigmComputer, paradigmComputer } from '../useful-chips.ts'

export interface Compared {
  readonly sought: Sought
  readonly standard: Point
  readonly rows: readonly Comparison[]
  readonly epochs: readonly EpochRow[]
  readonly computers: readonly ParadigmComputer[]
  /** What the engine finds for each family at its own best size, on as many chips as anyone has shown. */
  readonly utilization: Readonly<Record<ArchitectureName, Utilized>>
  readonly svm: SvmComputer
  /** Where they are asked for. */
  readonly claims?: readonly Claim[]
  readonly sizes: {
    readonly layers: number
    readonly hidden: number
    readonly seqLen: number
    readonly batchTokens: number
  }
}

export interface EpochRow {
  readonly epochs: number
  /** What all tokens read so far are worth in fresh ones, and what the next one is. */
  readonly ofFresh: number
  readonly atTheMargin: number
}

/** Of the family picture, as in the literature: 16 M tokens a step. */
const FAMILY_BATCH = 16e6
const FAMILY_ACTIVE = 0.05

/** The largest published run: Llama 3, arXiv:2407.21783. */
const MOST_CHIPS = 16_384

const families = Object.keys(computers) as ArchitectureName[]

/** Of the best model of a family on that many chips, at the batch of the family picture. */
function utilizationOf({ question }: Sought, settled: Settled, architecture: ArchitectureName): Utilized {
  const recipe = { ...settled.recipe, architecture, activeFraction: architecture === 'moe' ? FAMILY_ACTIVE : 1 }
  const machine = { ...settled.machine, chips: Math.min(settled.machine.chips, MOST_CHIPS) }
  const { usedChips: chips, parameters, shape } = settle({ ...settled, machine, recipe })
  const { seqLen, datatype } = recipe
  const batchTokens = FAMILY_BATCH
  return question.utilization({ machine, recipe, chips, parameters, ...shape, batchTokens, seqLen, datatype })
}

export function answerCompare(sought: Sought, rates: Rates, claims = false): Compared {
  const settled = usualSettled(sought)
  const standard = settle(settled)
  const utilization = Object.fromEntries(
    families.map((name) => [name, utilizationOf(sought, settled, name)]),
  ) as Compared['utilization']
  const yardstick = utilization[settled.recipe.architecture].mfu
  const optimizers = optimizerSpeeds(utilization[settled.recipe.architecture])
  const speeds = ({ architecture, optimizer }: Recipe) =>
    (utilization[architecture].mfu / yardstick) * optimizers(optimizer)
  const { recipe, machine } = settled
  const { layers, hidden } = standard.shape
  const sizes = { layers, hidden, seqLen: recipe.seqLen, batchTokens: FAMILY_BATCH }
  return {
    sought,
    standard,
    rows: compareParadigms(settled, rates, speeds),
    epochs: epochRows(settled),
    utilization,
    computers: families.map((name) => paradigmComputer(name, machine, { ...sizes, activeFraction: FAMILY_ACTIVE })),
    svm: svmComputer(machine, classicSvm),
    sizes,
    ...(claims && { claims: claimsOf(settled, rates) }),
  }
}

/** The standard's own run, with another optimizer's step after it. */
function optimizerSpeeds({ simulation }: Utilized): (name: OptimizerName) => number {
  if (!simulation) return () => 1
  const { job, strategy, metrics } = simulation
  return (name) => {
    if (name === job.optimizer.kind) return 1
    const other = { ...job, optimizer: optimizerFor(name, job.optimizer.numberBytes) }
    return metrics['step.time'] / estimate(other, strategy).metrics['step.time']
  }
}

const READINGS = [1, 4, 15, 40] as const

/** Any stock will do: only how often it is read matters to the tokens. */
const STOCK = 1e9

function epochRows({ recipe }: Settled): readonly EpochRow[] {
  const { tokenHalfLife, parameterHalfLife } = objectives[recipe.objective].repetition
  const stock = { uniqueTokens: STOCK, tokenHalfLife, parameterHalfLife }
  const seen = (epochs: number) => effective(recipe.surface, stock, 1, epochs * STOCK).tokens
  return READINGS.map((epochs) => ({
    epochs,
    ofFresh: seen(epochs) / (epochs * STOCK),
    atTheMargin: (seen(epochs * 1.001) - seen(epochs)) / (epochs * 0.001 * STOCK),
  }))
}
