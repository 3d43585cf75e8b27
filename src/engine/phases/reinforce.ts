/** One rollout of reinforcement learning on the GPUs that train: generate, judge, learn, hand the weights over. */
import { quoteExchange, roundsOf, settle } from '../exchange.ts'
import { forwardFlopPerToken } from '../flop.ts'
import { formula } from '../formula.ts'
import { windowsOf } from '../pipeline.ts'
import { priceBlocks } from '../price/block.ts'
import { priceCollective } from '../price/collective.ts'
import type { Simulation } from '../simulation.ts'
import { blockSeconds, fillChunks, fillStages, fullestOf, secondsOf } from '../stages.ts'
import { type Decoded, decode, prefill, type Reckoned, reckon } from './generate.ts'
import { type Rollout, responsesOf } from './rollout.ts'
import { type Serving, serve } from './serving.ts'

export const updateSeconds = formula<{ updates: number; stepSeconds: number }>({
  id: 'updateSeconds',
  unit: 'seconds',
  text: 'updates * stepSeconds',
  source: 'DeepSeekMath, Shao et al. 2024, arXiv:2402.03300, algorithm 1: a rollout is learnt from in mini-batches',
  compute: ({ updates, stepSeconds }) => updates * stepSeconds,
})

interface LogProbInputs {
  readonly forwardPasses: number
  readonly microBatches: number
  readonly pp: number
  readonly forwardSeconds: number
  readonly exposedSeconds: number
}

export const logProbSeconds = formula<LogProbInputs>({
  id: 'logProbSeconds',
  unit: 'seconds',
  text: 'forwardPasses * ((microBatches + pp - 1) * forwardSeconds + exposedSeconds)',
  source:
    'DeepSeekMath, Shao et al. 2024, arXiv:2402.03300, eq. 3 and 4: the old policy and the reference say how likely each token was; forward passes alone fill a pipeline once',
  compute: ({ forwardPasses, microBatches, pp, forwardSeconds, exposedSeconds }) =>
    forwardPasses * ((microBatches + pp - 1) * forwardSeconds + exposedSeconds),
})

export interface Reinforced {
  readonly serving: Serving
  readonly prefill: Reckoned
  readonly decode: Decoded
  readonly logProbs: Reckoned
  readonly update: Reckoned
  readonly handOver: Reckoned
  /** Model FLOP of one rollout. */
  readonly flop: {
    readonly prefill: number
    readonly decode: number
    readonly logProbs: number
    readonly update: number
  }
}

/** `simulation` is that of one step of the optimizer, on the learning batch. */
export function reinforce(simulation: Simulation, rollout: Rollout): Reinforced {
  const { job, strategy } = simulation
  const serving = serve(job, strategy, rollout)
  return {
    serving,
    prefill: prefill(serving, rollout),
    decode: decode(serving, rollout),
    logProbs: reckonLogProbs(simulation, rollout),
    update: reckon(updateSeconds, { updates: rollout.updates, stepSeconds: simulation.metrics['step.time'] }),
    handOver: handOver(serving),
    flop: flopOf(simulation, rollout),
  }
}

function reckonLogProbs({ job, strategy, layout }: Simulation, rollout: Rollout): Reckoned {
  const costs = priceBlocks(job, strategy, layout)
  const stages = fillStages(job, strategy, fillChunks(strategy, costs))
  const seconds = blockSeconds(costs)
  const slowest = stages
    .map((stage) => secondsOf(stage, seconds))
    .reduce((most, stage) => (stage.forward > most.forward ? stage : most))
  const microBatches = responsesOf(rollout) / (strategy.dp * strategy.microBatch)
  const rounds = roundsOf(strategy, microBatches)
  const cover = {
    microBatches,
    rounds,
    windows: windowsOf(slowest, { pp: strategy.pp, vpp: strategy.vpp, microBatches }),
  }
  // Weights that are sharded are gathered for a forward pass as well.
  const exposedSeconds = quoteExchange({ job, strategy, layout, stage: fullestOf(stages) })
    .filter(({ parts }) => parts.every(({ timing }) => timing.operation.name.endsWith('allGather.forward')))
    .reduce((sum, bundle) => sum + settle(job, bundle, cover), 0)
  const { forwardPasses } = rollout
  const { pp } = strategy
  return reckon(logProbSeconds, { forwardPasses, microBatches, pp, forwardSeconds: slowest.forward, exposedSeconds })
}

/** After its last step the trainer's weights are gathered into the shards that generate. */
function handOver({ job, layout, weightsBytes }: Serving): Reckoned {
  const group = layout.dp
  if (group.ranks === 1) return { formula: updateSeconds, inputs: { updates: 0, stepSeconds: 0 }, seconds: 0 }
  const operation = {
    kind: 'collective',
    name: 'weights.handOver',
    phase: 'step',
    collective: 'all-gather',
    dimension: 'dp',
    bytes: weightsBytes,
    hidden: 0,
    rate: 1,
  } as const
  const { formula: by, inputs, seconds } = priceCollective(operation, group, job.cluster, job.calibration)
  return { formula: by, inputs, seconds }
}

/** As the model counts: forward once over what is generated or judged, three times over what is learnt from. */
function flopOf({ job, metrics }: Simulation, rollout: Rollout): Reinforced['flop'] {
  const { prompts, promptLen, responseLen, forwardPasses, updates } = rollout
  const over = (tokens: number) => tokens * forwardFlopPerToken(job.model, tokens)
  const responses = responsesOf(rollout)
  const whole = over(promptLen + responseLen)
  return {
    prefill: prompts * over(promptLen),
    decode: responses * (whole - over(promptLen)),
    logProbs: forwardPasses * responses * whole,
    update: updates * metrics['flop.model_per_step'],
  }
}
