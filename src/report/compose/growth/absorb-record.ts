/** `absorb` for programs: SI base units, stable keys. */
import type { Absorbed } from '../../../growth/answer/absorb.ts'
import type { Sought } from '../../../growth/sought.ts'
import type { Field, Json } from '../../report.ts'
import { groundsRecord } from './grounds.ts'
import type { Asked } from './title.ts'
import { lossValue, pair } from './words.ts'

export function absorbRecord(asked: Asked, absorbed: Absorbed): { readonly [key: string]: Json } {
  const { sought, point, absorption, binding, ahead, planned } = absorbed
  const { settled, bounds, shape, simulation } = point
  const { refusal } = sought.question.recipe.surface
  return {
    name: asked.name,
    file: asked.file,
    reached: true,
    ...soughtRecord(sought),
    flop: {
      peak: point.peakFlop,
      hardware: point.hardwareFlop,
      equivalent: point.equivalentFlop,
      equivalent_interval: pair(absorbed.equivalentInterval),
    },
    loss: {
      nats: lossValue(sought, point.lossNats),
      interval: refusal === undefined ? pair(absorbed.lossInterval) : null,
      reducible: point.reducibleNats,
      ...(refusal !== undefined && { refused: refusal }),
    },
    last_decade: { nats: absorbed.lastDecade.nats, interval: pair(absorbed.lastDecade.interval) },
    model: {
      parameters: point.parameters,
      layers: shape.layers,
      hidden: shape.hidden,
      tokens: point.tokens,
      epochs: point.epochs,
    },
    batch: { tokens: point.batchTokens, critical: point.criticalTokens, steps: point.steps },
    run: {
      gpus_used: point.usedChips,
      utilization: settled.mfu,
      goodput: point.goodput,
      mfu: simulation?.metrics.mfu ?? null,
      step_time: simulation?.metrics['step.time'] ?? null,
      split: point.split ? splitRecord(point.split) : null,
    },
    limits: {
      tp: bounds.tp,
      tp_bound_by: bounds.tpLimit,
      gpus_per_token: bounds.chipsPerToken,
      bound_by: bounds.limit,
      memory_parameters: point.memoryParameters,
    },
    absorption: {
      of_delivered: absorption.ofDelivered,
      of_peak: absorption.ofPeak,
      marginal: absorption.marginal,
      marginal_of_law: absorption.marginalOfLaw,
      nats_per_decade: absorption.natsPerDecade,
    },
    waterfall: absorption.waterfall.map(({ step, nats, flopLeft }) => ({
      step,
      factor: Math.exp(-nats),
      flop_left: flopLeft,
    })),
    binding: {
      name: binding.name,
      prices: binding.prices.map(({ constraint, elasticity }) => ({ constraint, elasticity })),
    },
    ahead: ahead.map(({ threshold, offeredFlop, chips, passed, binding: name }) => ({
      threshold,
      flop: offeredFlop,
      gpus: chips,
      passed,
      binding: name,
    })),
    planned: {
      parameters: planned.parameters,
      tokens: planned.tokens,
      flop: planned.flop,
      loss: lossValue(sought, planned.lossNats),
      spent_over_worth: planned.spentOverWorth,
    },
    composed_gain: absorbed.gain,
    suspicious: absorbed.suspicious,
    grounds: groundsRecord(absorbed.grounds),
  }
}

export function soughtRecord({ question, resource }: Sought): { readonly [key: string]: Json } {
  const { machine, seconds, recipe } = question
  return {
    resource,
    gpus: machine.chips,
    seconds,
    watts: machine.chips * machine.chipWatts,
    recipe: {
      architecture: recipe.architecture,
      active_fraction: recipe.activeFraction,
      optimizer: recipe.optimizer,
      datatype: recipe.datatype,
      objective: recipe.objective,
      unique_tokens: recipe.uniqueTokens,
      data_policy: recipe.dataPolicy,
      effort: recipe.effort,
      batch_law: recipe.batchLaw,
      shape: recipe.shape,
      sequence_length: recipe.seqLen,
    },
  }
}

function splitRecord({ tp, sp, cp, pp, vpp, dp, ep, zero, recompute }: NonNullable<Absorbed['point']['split']>): Json {
  return { tp, sp, cp, pp, vpp, dp, ep, zero, recompute }
}

export function absorbFields({ sought, point, absorption, binding }: Absorbed): readonly Field[] {
  return [
    { name: 'loss', unit: 'nats', value: lossValue(sought, point.lossNats) ?? '' },
    { name: 'parameters', unit: 'count', value: point.parameters },
    { name: 'tokens', unit: 'tokens', value: point.tokens },
    { name: 'batch.tokens', unit: 'tokens', value: point.batchTokens },
    { name: 'flop.hardware', unit: 'flop', value: point.hardwareFlop },
    { name: 'flop.equivalent', unit: 'flop', value: point.equivalentFlop },
    { name: 'absorption', unit: 'ratio', value: absorption.ofDelivered },
    { name: 'absorption.marginal', unit: 'ratio', value: absorption.marginal },
    { name: 'binding', unit: 'count', value: binding.name },
  ]
}
