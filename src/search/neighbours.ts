/** Why not one step further? Each knob of the winner turned one notch, and what became of it. */
import { divisorsOf } from '../base/integers.ts'
import type { Problem } from '../base/problem.ts'
import type { Job } from '../engine/job.ts'
import type { MetricName } from '../engine/metrics.ts'
import { brokenRules } from '../engine/rules.ts'
import { simulate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Strategy } from '../engine/strategy.ts'
import { chunkingsOf, type Knob, type Space, sharingsOf } from './space.ts'

export interface Neighbour {
  readonly knob: Knob
  readonly strategy: Strategy
  readonly fate: Fate
}

/** What grows most, where a neighbour is slower. */
export interface Loss {
  readonly part: MetricName
  readonly seconds: number
}

export type Fate =
  | { readonly kind: 'illegal'; readonly problem: Problem }
  | { readonly kind: 'too-large'; readonly simulation: Simulation }
  | { readonly kind: 'runs'; readonly simulation: Simulation; readonly loss: Loss | undefined }

export function neighboursOf(space: Space, winner: Simulation): readonly Neighbour[] {
  return turnsOf(space, winner.strategy).map(({ knob, strategy }) => ({
    knob,
    strategy,
    fate: fateOf(space.job, strategy, winner),
  }))
}

function fateOf(job: Job, strategy: Strategy, winner: Simulation): Fate {
  const problem = brokenRules(job, strategy)[0]
  if (problem) return { kind: 'illegal', problem }
  const simulation = simulate(job, strategy)
  if (simulation.metrics['memory.headroom'] < 0) return { kind: 'too-large', simulation }
  return { kind: 'runs', simulation, loss: lossOf(simulation, winner) }
}

const parts = [
  'step.compute',
  'step.recompute',
  'comm.tp.exposed',
  'comm.cp.exposed',
  'comm.ep.exposed',
  'comm.pp.exposed',
  'comm.dp.exposed',
  'step.bubble',
  'step.optimizer',
  'step.host',
  'step.overhead',
] as const satisfies readonly MetricName[]

function lossOf({ metrics }: Simulation, winner: Simulation): Loss | undefined {
  if (metrics['step.time'] <= winner.metrics['step.time']) return undefined
  const losses = parts.map((part) => ({ part, seconds: metrics[part] - winner.metrics[part] }))
  return losses.reduce((most, loss) => (loss.seconds > most.seconds ? loss : most))
}

interface Turn {
  readonly knob: Knob
  readonly strategy: Strategy
}

/** What hangs on a knob turns along: dp takes what the other degrees leave, ZeRO shards over all of it. */
function turnsOf(space: Space, winner: Strategy): readonly Turn[] {
  const { job, fixed } = space
  const degrees = (['tp', 'cp', 'pp'] as const).flatMap((knob): readonly Turn[] =>
    notches(divisorsOf(job.cluster.gpus), winner[knob])
      .map((n) => refit(job, winner, { [knob]: n }))
      .map((strategy) => ({ knob, strategy })),
  )
  const chunks = chunkingsOf(space, winner.pp)
  const plain: readonly Turn[] = [
    ...(winner.tp > 1 ? [turn('sp', winner, { sp: !winner.sp })] : []),
    ...notches(
      chunks.map(({ vpp }) => vpp),
      winner.vpp,
    ).map((vpp) => turn('vpp', winner, { vpp, schedule: vpp > 1 ? 'interleaved' : '1f1b' })),
    ...chunks
      .filter(({ vpp }) => vpp === winner.vpp)
      .flatMap(({ schedules }) => schedules.filter((kind) => kind !== winner.schedule))
      .map((schedule) => turn('schedule', winner, { schedule })),
    ...space.cpModes
      .filter((mode) => winner.cp > 1 && mode !== winner.cpMode)
      .map((cpMode) => turn('cpMode', winner, { cpMode })),
    ...notches(space.microBatch, winner.microBatch).map((microBatch) => turn('microBatch', winner, { microBatch })),
    ...notches(space.ep, winner.ep).map((ep) => turn('ep', winner, { ep })),
    ...notches(space.etp, winner.etp).map((etp) => turn('etp', winner, { etp })),
    ...space.recomputations
      .filter(
        ({ recompute, recomputeModules }) =>
          recompute !== winner.recompute || recomputeModules.join() !== winner.recomputeModules.join(),
      )
      .map((recomputation) => turn('recompute', winner, recomputation)),
    ...sharingsOf(space, winner.dp * winner.cp)
      .filter(({ zero, shardRanks }) => zero !== winner.zero && shardRanks === winner.dp * winner.cp)
      .map(({ zero, shardRanks }) => turn('zero', winner, { zero, shardRanks })),
  ]
  return [...degrees, ...plain].filter(({ knob }) => fixed[knob] === undefined)
}

const turn = (knob: Knob, winner: Strategy, part: Partial<Strategy>): Turn => ({
  knob,
  strategy: { ...winner, ...part },
})

/** The next smaller and the next larger choice. */
function notches(choices: readonly number[], now: number): readonly number[] {
  return [choices.findLast((n) => n < now), choices.find((n) => n > now)].filter((n) => n !== undefined)
}

function refit({ cluster, model }: Job, winner: Strategy, part: Partial<Strategy>): Strategy {
  const turned = { ...winner, ...part }
  const dp = cluster.gpus / (turned.tp * turned.cp * turned.pp)
  const most = Math.max(1, Math.floor((model.layers + 2) / turned.pp))
  const vpp = turned.pp === 1 ? 1 : Math.min(turned.vpp, most)
  const schedule = vpp === turned.vpp ? turned.schedule : vpp > 1 ? 'interleaved' : '1f1b'
  const shardRanks = Math.max(1, Math.floor(Math.min(winner.shardRanks, dp * turned.cp)))
  return { ...turned, sp: turned.tp > 1 && (winner.sp || winner.tp === 1), vpp, schedule, dp, shardRanks }
}
