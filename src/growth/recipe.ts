/** All choices that are not the cluster: the paradigm. */
import type { Datatype } from '../engine/job.ts'
import { architectures } from './architecture.ts'
import type { Pick } from './cited.ts'
import type { ArchitectureName } from './computer.ts'
import { type BatchLawName, batchLaws, criticalBatch } from './critical-batch.ts'
import { dataPolicies, effective, type Stock, stocks } from './data-limit.ts'
import { type EffortName, efforts } from './hyper-parameter.ts'
import {
  bestAllocation,
  DEFAULT_SURFACE,
  flopWorth,
  lossExponent,
  type SurfaceConstants,
  surfaceLoss,
} from './loss-law.ts'
import { type ObjectiveName, objectives, signalWorth } from './objective.ts'
import { type OptimizerName, optimizers } from './optimizer.ts'
import { factorOfDatatype } from './precision.ts'
import type { ShapeRuleName } from './shape.ts'

export interface Recipe {
  readonly surface: SurfaceConstants
  readonly architecture: ArchitectureName
  /** Of a mixture's parameters; 1 if dense. */
  readonly activeFraction: number
  readonly optimizer: OptimizerName
  readonly datatype: Datatype
  readonly objective: ObjectiveName
  /** Infinity: no end of data. */
  readonly uniqueTokens: number
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
  readonly pick: Pick
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
  dataPolicy: 'standard',
  effort: 'laws',
  batchLaw: 'power-lines',
  batchWorth: 1,
  shape: 'aspect',
  seqLen: 8192,
  batchTokens: Number.POSITIVE_INFINITY,
  pick: 'central',
}

/** What each choice is worth at a compute, 1 for the standard one. They are composed as if independent, which no law says. */
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
  readonly searchFraction: number
  readonly criticalBatch: number
  readonly stock: Stock
}

/** Factors are taken at the model that this compute would get without limits: they do not move with its size. */
export function worthsOf(recipe: Recipe, flop: number): Worths {
  const { pick, activeFraction } = recipe
  const { parameters } = bestAllocation(recipe.surface, flop)
  const optimizer = optimizers[recipe.optimizer]
  const objective = objectives[recipe.objective]
  const effort = efforts[recipe.effort]
  const { tokenHalfLife, parameterHalfLife } = objective.repetition
  return {
    architecture: architectures[recipe.architecture].worth({ flop, activeFraction })[pick],
    optimizer: optimizer.worth({ flop, parameters })[pick],
    objective: signalWorth.compute({ signalDensity: objective.signalDensity }) * objective.worth[pick],
    precision: factorOfDatatype(recipe.datatype),
    settings: effort.worth[pick],
    searchFraction: effort.searchFraction,
    criticalBatch: optimizer.batchWorth[pick] * recipe.batchWorth,
    stock: {
      uniqueTokens: recipe.uniqueTokens * dataPolicies[recipe.dataPolicy].worth[pick],
      tokenHalfLife,
      parameterHalfLife,
    },
  }
}

/** Product of what is claimed above 1: beyond 5 it deserves suspicion, for no joint law exists. */
export function composedGain(recipe: Recipe, flop: number): number {
  const { architecture, optimizer, objective, criticalBatch, stock } = worthsOf(recipe, flop)
  const data = Number.isFinite(recipe.uniqueTokens) ? stock.uniqueTokens / recipe.uniqueTokens : 1
  return [architecture, optimizer, objective, criticalBatch, data].reduce((all, gain) => all * Math.max(1, gain), 1)
}

export const SUSPICIOUS_GAIN = 5

export interface Candidate {
  readonly flop: number
  readonly parameters: number
  readonly tokens: number
  readonly batchTokens: number
}

export interface Weighed {
  readonly reducibleNats: number
  readonly criticalTokens: number
  /** Tokens needed over the fewest. */
  readonly overhead: number
  /** Tokens that the surface sees before repetition takes its share. */
  readonly learnedTokens: number
}

/** The critical batch of a candidate under its recipe. */
export function criticalTokensOf(recipe: Recipe, worths: Worths, candidate: Candidate): number {
  const { flop, parameters, tokens } = candidate
  const law = batchLaws[recipe.batchLaw]
  const lossNats = law.of === 'lossNats' ? bestAllocation(recipe.surface, flop).lossNats : Number.NaN
  return criticalBatch(law, { flop, parameters, tokens, lossNats }) * worths.criticalBatch
}

/** The loss of one candidate: overhead, then repetition, then precision; architecture and settings on the whole. */
export function weigh(recipe: Recipe, worths: Worths, candidate: Candidate): Weighed {
  const { surface } = recipe
  const criticalTokens = criticalTokensOf(recipe, worths, candidate)
  const overhead = 1 + candidate.batchTokens / criticalTokens
  const learnedTokens = (worths.optimizer * worths.objective * candidate.tokens) / overhead
  const seen = effective(surface, worths.stock, candidate.parameters, learnedTokens)
  const parameters = seen.parameters * worths.precision
  const plain = surfaceLoss.compute({ ...surface, parameters, tokens: seen.tokens }) - surface.irreducibleNats
  const gain = (worths.architecture * worths.settings) ** -lossExponent.compute(surface)
  return { reducibleNats: plain * gain, criticalTokens, overhead, learnedTokens }
}

/** Compute-equivalent of a reducible loss on the recipe's own surface. */
export function worthOf(recipe: Recipe, reducibleNats: number): number {
  return flopWorth(recipe.surface, reducibleNats)
}
