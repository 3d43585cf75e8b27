/** From a scenario to what `growth/` is asked. */
import { layerKinds } from '../../engine/lower/shape.ts'
import { countParameters } from '../../engine/parameters.ts'
import { affordableChips, type Means, machineOf, type Resource } from '../../growth/machine.ts'
import type { Recipe } from '../../growth/recipe.ts'
import type { Sought } from '../../growth/sought.ts'
import { surfaces } from '../../growth/surfaces.ts'
import { engineUtilization } from '../../growth/utilization.ts'
import type { Loaded } from '../../scenario/read.ts'
import { UsageError } from '../exit.ts'

/** A larger batch than 2¹² times the least never paid in any cluster tried. */
const DOUBLINGS = 12

export function soughtOf(loaded: Loaded): Sought {
  const { scenario, job, strategy } = loaded
  const { growth } = scenario
  const whole = machineOf(job.cluster, job.precision.matmul, job.reliability)
  const { chips, bound } = chipsOf(loaded, whole.chipWatts)
  const question = {
    machine: { ...whole, chips },
    seconds: growth.time,
    recipe: recipeOf(loaded),
    utilization: engineUtilization(job, strategy),
    doublings: DOUBLINGS,
  }
  return { question, resource: bound, planned: { parameters: activeOf(loaded), tokens: job.batch.tokens } }
}

function chipsOf({ scenario, job }: Loaded, chipWatts: number): { readonly chips: number; readonly bound: Resource } {
  const { growth, economics, cluster } = scenario
  const bought = growth.budget !== undefined || growth.power !== undefined
  const chips = growth.gpus ?? (bought ? undefined : cluster.gpus)
  const price =
    economics.capex === undefined
      ? { usdPerChipSecond: job.economics.usdPerGpuSecond }
      : { usdPerChip: economics.capex }
  const means: Means = {
    seconds: growth.time,
    pue: job.economics.pue,
    ...price,
    ...(chips !== undefined && { chips }),
    ...(growth.budget !== undefined && { usd: growth.budget }),
    ...(growth.power !== undefined && { watts: growth.power }),
  }
  const found = affordableChips(means, chipWatts)
  if (found.chips >= 1 && Number.isFinite(found.chips)) return found
  if (found.chips >= 1)
    throw new UsageError('a budget needs a price', 'say economics.price (2.5 USD/h) or economics.capex (45000 USD)')
  throw new UsageError('budget and power do not reach for one GPU', 'raise growth.budget or growth.power')
}

function recipeOf({ scenario, job }: Loaded): Recipe {
  const { growth, training, model } = scenario
  const architecture = growth.architecture ?? architectureOf(job.model, model.kind === 'encoder')
  return {
    surface: surfaces[growth.surface],
    architecture,
    activeFraction: architecture === 'moe' ? (growth.active_fraction ?? sparsityOf(job)) : 1,
    optimizer: growth.optimizer ?? training.optimizer,
    datatype: job.precision.matmul,
    objective: growth.objective ?? (architecture === 'encoder' ? 'masked' : 'next-token'),
    uniqueTokens: growth.data === 'unlimited' ? Number.POSITIVE_INFINITY : growth.data,
    mostEpochs: growth.epochs ?? Number.POSITIVE_INFINITY,
    dataPolicy: growth.data_policy,
    effort: growth.effort,
    batchLaw: growth.batch_law,
    batchWorth: 1,
    shape: growth.shape,
    seqLen: training.sequence_length as number,
    batchTokens: growth.batch_tokens ?? Number.POSITIVE_INFINITY,
    pick: 'central',
  }
}

function architectureOf({ moe, pattern = '*' }: Loaded['job']['model'], isEncoder: boolean): Recipe['architecture'] {
  if (moe) return 'moe'
  if (pattern.includes('L')) return 'lstm'
  if (pattern.includes('M')) return pattern.includes('*') ? 'hybrid' : 'mamba'
  if (pattern.includes('C')) return 'convolution'
  return isEncoder ? 'encoder' : 'transformer'
}

/** Ling team 2025, arXiv:2507.17702: 3.5 % active. */
const USUAL_SPARSITY = 0.035

function sparsityOf({ model }: Loaded['job']): number {
  if (!model.moe) return USUAL_SPARSITY
  const { dense, active } = partsOf(model)
  return active / dense
}

function activeOf({ job: { model } }: Loaded): number {
  return partsOf(model).active
}

/** All weights, and those that one token passes; embeddings and head are in both. */
function partsOf(model: Loaded['job']['model']): { readonly dense: number; readonly active: number } {
  const { total, layers } = countParameters(model)
  const { moe } = model
  if (!moe) return { dense: total, active: total }
  const asleep = 1 - moe.topK / moe.experts
  const unused = layerKinds(model).pattern.reduce((sum, kind) => sum + asleep * (layers[kind]?.experts ?? 0), 0)
  return { dense: total, active: total - unused }
}
