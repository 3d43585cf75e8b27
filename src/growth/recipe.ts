/** All choices that are not the cluster: the paradigm. */
import type { Datatype } from '../engine/job.ts'
import { architectures } from './architecture.ts'
import type { Pick as End } from './cited.ts'
import type { ArchitectureName } from './computer.ts'
import { type BatchLawName, batchLaws, batchOverhead, criticalBatch } from './critical-batch.ts'
import { dataPolicies, effective, type Stock, stocks } from './data-limit.ts'
import { type EffortName, efforts } from './hyper-parameter.ts'
import { bestAllocation, flopWorth, lossExponent, type SurfaceConstants, surfaceLoss } from './loss-law.ts'
import { type ObjectiveName, objectives, signalWorth } from './objective.ts'
import { type OptimizerName, optimizers } from './optimizer.ts'
import { precisionSpan } from './precision.ts'
import type { ShapeRuleName } from './shape.ts'
import { DEFAULT_SURFACE, type Surface } from './surfaces.ts'

/** A member of an ensemble has no law of allocation and refuses nothing. */
export type ChosenSurface = SurfaceConstants & Pick<Surface, 'allocation' | 'refusal'>

export interface Recipe {
  readonly surface: ChosenSurface
  readonly architecture: ArchitectureName
  /** Of a mixture's parameters; 1 if dense. */
  readonly activeFraction: number
  readonly optimizer: OptimizerName
  readonly datatype: Datatype
  readonly objective: ObjectiveName
  /** Infinity: no end of data. */
  readonly uniqueTokens: number
  /** How often the stock may be read; Infinity: as often as pays. */
  readonly mostEpochs: number
  readonly dataPolicy: keyof typeof dataPolicies
  readonly effort: EffortName
  readonly batchLaw: BatchLawName
  /** Factor on what the law says; 1 but for counterfactuals. */
  readonly batchWorth: number
  readonly shape: ShapeRuleName
  readonly seqLen: number
  /** Given, or Infinity: as large as the chips ask for. */
  readonly batchTokens: number
  /** Which end of the evidence to take for every factor. */
  readonly pick: End
}

/** Today's: dense, AdamW, bf16, next token, one reading of public text at most as the law finds best. */
export const standardRecipe: Recipe = {
  surface: DEFAULT_SURFACE,
  architecture: 'transformer',
  activeFraction: 1,
  optimizer: 'adamw',
  datatype: 'bf16',
  objective: 'next-token',
  uniqueTokens: stocks['public-text'].tokens.central,
  mostEpochs: Number.POSITIVE_INFINITY,
  dataPolicy: 'standard',
  effort: 'laws',
  batchLaw: 'power-lines',
  batchWorth: 1,
  shape: 'aspect',
  seqLen: 8192,
  batchTokens: Number.POSITIVE_INFINITY,
  pick: 'central',
}

/** What each choice is worth, 1 for the standard one. They are composed as if independent, which no law says. */
export interface Worths {
  /** On compute: intercept of the whole surface. */
  readonly architecture: number
  /** On tokens. */
  readonly optimizer: number
  readonly objective: number
  /** On parameters. */
  readonly precision: number
  /** On compute. */
  readonly settings: number
  readonly stock: Stock
}

/** At this compute, of which nothing is wasted. */
function worthsOf(recipe: Recipe, flop: number): Worths {
  const { pick } = recipe
  const objective = objectives[recipe.objective]
  const { tokenHalfLife, parameterHalfLife } = objective.repetition
  // Taken at the model that this compute would get without limits: it does not move with the size that is tried.
  const { parameters } = bestAllocation(recipe.surface, flop)
  return {
    architecture: architectureWorth(recipe, flop),
    optimizer: optimizers[recipe.optimizer].worth({ flop, parameters })[pick],
    objective: signalWorth.compute({ signalDensity: objective.signalDensity }) * objective.worth[pick],
    precision: precisionSpan(recipe.datatype)[pick],
    settings: efforts[recipe.effort].worth[pick],
    stock: {
      uniqueTokens: recipe.uniqueTokens * dataPolicies[recipe.dataPolicy].worth[pick],
      tokenHalfLife,
      parameterHalfLife,
    },
  }
}

function architectureWorth({ architecture, activeFraction, pick }: Recipe, flop: number): number {
  return architectures[architecture].worth({ flop, activeFraction })[pick]
}

/** Product of what is claimed above 1: beyond 5 it deserves suspicion, for no joint law exists. */
export function composedGain(recipe: Recipe, flop: number): number {
  const { architecture, optimizer, objective } = worthsOf(recipe, flop)
  const batch = optimizers[recipe.optimizer].batchWorth[recipe.pick] * recipe.batchWorth
  const data = dataPolicies[recipe.dataPolicy].worth[recipe.pick]
  return [architecture, optimizer, objective, batch, data].reduce((all, gain) => all * Math.max(1, gain), 1)
}

export const SUSPICIOUS_GAIN = 5

export interface Candidate {
  readonly flop: number
  readonly parameters: number
  readonly tokens: number
  readonly batchTokens: number
}

export interface Weighed {
  readonly worths: Worths
  readonly reducibleNats: number
  readonly criticalTokens: number
  /** Tokens needed over the fewest. */
  readonly overhead: number
  /** Tokens that the surface sees before repetition takes its share. */
  readonly learnedTokens: number
}

/** The critical batch of a candidate under its recipe. */
export function criticalTokensOf(recipe: Recipe, { flop, parameters, tokens }: Candidate): number {
  const law = batchLaws[recipe.batchLaw]
  const lossNats = law.of === 'lossNats' ? bestAllocation(recipe.surface, flop).lossNats : Number.NaN
  const worth = optimizers[recipe.optimizer].batchWorth[recipe.pick] * recipe.batchWorth
  return criticalBatch(law, { flop, parameters, tokens, lossNats }) * worth
}

/** The loss of one candidate: overhead, then repetition, then precision; architecture and settings on the whole. */
export function weigh(recipe: Recipe, candidate: Candidate): Weighed {
  const { surface } = recipe
  const { batchTokens } = candidate
  const criticalTokens = criticalTokensOf(recipe, candidate)
  const overhead = batchOverhead.compute({ batchTokens, criticalTokens })
  const useful = worthsOf(recipe, candidate.flop / overhead)
  const learnedTokens = (useful.optimizer * useful.objective * candidate.tokens) / overhead
  const seen = effective(surface, useful.stock, candidate.parameters, learnedTokens)
  const parameters = seen.parameters * useful.precision
  const plain = surfaceLoss.compute({ ...surface, parameters, tokens: seen.tokens }) - surface.irreducibleNats
  // An architecture is worth what it is worth at the scale that was reached, not at the compute that was burnt.
  const worths = { ...useful, architecture: architectureWorth(recipe, flopWorth(surface, plain)) }
  const gain = (worths.architecture * worths.settings) ** -lossExponent.compute(surface)
  return { worths, reducibleNats: plain * gain, criticalTokens, overhead, learnedTokens }
}

/** Compute-equivalent of a reducible loss on the recipe's own surface. */
export function worthOf(recipe: Recipe, reducibleNats: number): number {
  return flopWorth(recipe.surface, reducibleNats)
}
