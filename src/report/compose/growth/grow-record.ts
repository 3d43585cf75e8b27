/** `grow` for programs: SI base units, stable keys. */
import type { Grown } from '../../../growth/answer/grow.ts'
import type { Field, Json } from '../../report.ts'
import { soughtRecord } from './absorb-record.ts'
import { groundsRecord } from './grounds.ts'
import type { Asked } from './title.ts'
import { lossValue, pair } from './words.ts'

export function growRecord(asked: Asked, grown: Grown): { readonly [key: string]: Json } {
  const { sought, road, wall } = grown
  return {
    name: asked.name,
    file: asked.file,
    ...soughtRecord(sought),
    reference_utilization: road.referenceMfu,
    decades: grown.decades.map((decade) => decadeRecord(decade, sought)),
    crossings: grown.crossings.map(({ threshold, at }) => ({
      threshold,
      flop: at?.offeredFlop ?? null,
      binding: at?.binding ?? null,
    })),
    tests: grown.tests.map((test) => ({
      from: test.from,
      to: test.to,
      nats: test.nats,
      nats_interval: pair(test.natsInterval),
      removed: test.removed,
      equivalent_ratio: test.equivalentRatio,
      ratio_interval: pair(test.ratioInterval),
      digests: test.digests,
    })),
    wall: { flop: wall.offeredFlop, gpus: wall.chips, equivalent: wall.equivalentFlop, binding: grown.wallBinding },
    levers: grown.shifts.map((shift) => ({
      name: shift.name,
      label: shift.label,
      decades: {
        flop: shift.offeredDecades,
        gpus: shift.chipDecades,
        equivalent: shift.equivalentDecades,
        same_gpus: shift.sameChipsDecades,
      },
      effect: shift.effect,
    })),
    grounds: groundsRecord(grown.grounds),
  }
}

function decadeRecord({ milestone, gain }: Grown['decades'][number], sought: Grown['sought']): Json {
  const { point, absorption, binding, ratio, ratioAtBatch, ofOffered, offeredFlop, chips } = milestone
  return {
    flop: offeredFlop,
    gpus: chips,
    loss: lossValue(sought, point.lossNats),
    reducible: point.reducibleNats,
    gain: gain ? { nats: gain.nats, equivalent_ratio: gain.equivalentRatio, ratio_slope: gain.ratioSlope } : null,
    equivalent: point.equivalentFlop,
    absorption: { of_offered: ofOffered, of_delivered: absorption.ofDelivered, marginal: absorption.marginal },
    compute_to_communication: { at_critical_batch: ratio, at_batch: ratioAtBatch },
    model: { parameters: point.parameters, tokens: point.tokens, epochs: point.epochs },
    batch: point.batchTokens,
    utilization: point.settled.mfu,
    goodput: point.goodput,
    binding: binding.name,
  }
}

export function growFields({ sought, wall, wallBinding, decades }: Grown): readonly Field[] {
  return [
    { name: 'wall.flop', unit: 'flop', value: wall.offeredFlop },
    { name: 'wall.gpus', unit: 'count', value: wall.chips },
    { name: 'wall.binding', unit: 'count', value: wallBinding },
    ...decades.map(({ milestone }) => ({
      name: `loss.1e${Math.round(Math.log10(milestone.offeredFlop))}`,
      unit: 'nats' as const,
      value: lossValue(sought, milestone.point.lossNats) ?? '',
    })),
  ]
}
