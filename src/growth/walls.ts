/** Three walls on the way of growing compute, each as the compute at which it stands. */
import { formula } from '../engine/formula.ts'
import { type BatchLaw, batchOf } from './critical-batch.ts'
import { FLOP_PER_PARAMETER_TOKEN } from './loss-law.ts'
import type { Machine } from './machine.ts'
import { splitBounds } from './parallel-limit.ts'
import type { ShapeRule } from './shape.ts'
import { turningPoint } from './solve.ts'

interface LatencyInputs {
  readonly batchTokens: number
  readonly seconds: number
  readonly tokensPerParameter: number
  readonly layers: number
  readonly layerSeconds: number
}

export const latencyWallFlop = formula<LatencyInputs>({
  id: 'latencyWallFlop',
  unit: 'flop',
  text: '1.5 * (batchTokens * seconds) ^ 2 / (tokensPerParameter * (layers * layerSeconds) ^ 2)',
  source:
    'C = 6 r N² with D = r N tokens in steps of 2 L τ: reconstruction after Erdil and Schneider-Joseph 2024, arXiv:2411.01137',
  compute: ({ batchTokens, seconds, tokensPerParameter, layers, layerSeconds }) =>
    (1.5 * (batchTokens * seconds) ** 2) / (tokensPerParameter * (layers * layerSeconds) ** 2),
})

interface StepInputs {
  /** Of one training step, backward counted twice. */
  readonly chain: number
  readonly stepSeconds: number
}

export const shortestStepSeconds = formula<StepInputs>({
  id: 'shortestStepSeconds',
  unit: 'seconds',
  text: '2 / 3 * chain * stepSeconds',
  source:
    'once forward and once backward through the chain, gradients of weights beside it: Erdil and Schneider-Joseph 2024, arXiv:2411.01137',
  compute: ({ chain, stepSeconds }) => (2 / 3) * chain * stepSeconds,
})

export interface WallQuestion {
  readonly machine: Machine
  readonly seconds: number
  readonly law: BatchLaw
  readonly shape: ShapeRule
  readonly tokensPerParameter: number
  /** Share of the peak at which busy chips run. */
  readonly utilization: number
}

interface Run {
  readonly flop: number
  readonly parameters: number
  readonly tokens: number
  readonly batchTokens: number
}

function runOf({ tokensPerParameter, law }: WallQuestion, flop: number): Run {
  const parameters = Math.sqrt(flop / (FLOP_PER_PARAMETER_TOKEN * tokensPerParameter))
  const tokens = tokensPerParameter * parameters
  // A law in the loss cannot be asked here: the walls know no surface.
  const batchTokens = batchOf(law, { flop, parameters, tokens, lossNats: Number.NaN })
  return { flop, parameters, tokens, batchTokens }
}

const PER_LAYER = 12
const RANGE = [1e18, 1e40] as const

/** Beyond it, steps at their shortest do not fit into the time. */
export function latencyWall(question: WallQuestion): Run {
  const { seconds, tokensPerParameter, machine, shape } = question
  const holds = (flop: number) => {
    const { parameters, batchTokens } = runOf(question, flop)
    const { layers } = shape.of(parameters, PER_LAYER)
    const { layerSeconds } = machine
    return flop <= latencyWallFlop.compute({ batchTokens, seconds, tokensPerParameter, layers, layerSeconds })
  }
  return runOf(question, turningPoint(...RANGE, holds, 60))
}

interface Wall extends Run {
  readonly chips: number
  readonly tp: number
  readonly hidden: number
}

/** Beyond it, the batch does not keep enough chips busy to finish in time. */
export function bandwidthWall(question: WallQuestion): Wall {
  const at = (flop: number) => {
    const run = runOf(question, flop)
    const shape = question.shape.of(run.parameters, PER_LAYER)
    const bounds = splitBounds(question.machine, shape, { pool: 'tokens', seqLen: 1, activeFraction: 1, fill: 1 })
    return { ...run, chips: bounds.chipsPerToken * run.batchTokens, tp: bounds.tp, hidden: shape.hidden }
  }
  const rate = question.machine.peakFlopPerSecond * question.utilization * question.seconds
  return at(turningPoint(...RANGE, (flop) => at(flop).chips * rate >= flop, 60))
}
