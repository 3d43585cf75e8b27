/** On what an answer stands: every law and factor that its recipe draws on, with source, range and confidence. */
import { architectures } from './architecture.ts'
import type { Cited } from './cited.ts'
import { batchLaws } from './critical-batch.ts'
import { dataPolicies, stocks } from './data-limit.ts'
import { ensembleFacts } from './ensemble.ts'
import { efforts } from './hyper-parameter.ts'
import { latencies } from './machine.ts'
import { objectives } from './objective.ts'
import { optimizers } from './optimizer.ts'
import { precisionFacts } from './precision.ts'
import type { Recipe } from './recipe.ts'
import { shapeRules } from './shape.ts'
import { surfaces } from './surfaces.ts'

export function groundsOf(recipe: Recipe): readonly Cited[] {
  const surface = Object.values(surfaces).filter((known) => known.parameterScale === recipe.surface.parameterScale)
  const objective = objectives[recipe.objective]
  return [
    ...surface,
    ensembleFacts,
    batchLaws[recipe.batchLaw],
    architectures[recipe.architecture],
    optimizers[recipe.optimizer],
    objective,
    objective.repetition,
    ...(Number.isFinite(recipe.uniqueTokens) ? [stocks['public-text'], dataPolicies[recipe.dataPolicy]] : []),
    precisionFacts,
    efforts[recipe.effort],
    shapeRules[recipe.shape],
    latencies.layer,
  ]
}
