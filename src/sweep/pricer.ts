/** The metrics of a scenario's own strategy, point after point: what one point worked out serves those alike. */

import { type LayerBytes, layerBytes } from '../engine/activations.ts'
import { Step } from '../engine/compose.ts'
import { type Holding, hold, type Keeping, keep } from '../engine/holding.ts'
import type { Job } from '../engine/job.ts'
import { type Layered, priceLayers } from '../engine/layered.ts'
import { layOut } from '../engine/layout.ts'
import type { MetricName } from '../engine/metrics.ts'
import { type InputFacts, inputFacts } from '../engine/read-facts.ts'
import type { Timeline } from '../engine/schedule/play.ts'
import { Players } from '../engine/schedule/players.ts'
import { isPlayable } from '../engine/schedule/schedule.ts'
import { scheduleTable } from '../engine/schedule/table.ts'
import { microBatchesOf, type Strategy } from '../engine/strategy.ts'
import { sheetOf } from '../search/sheet.ts'
import { Shelf } from './shelf.ts'

/** Names of what a point says, part by part: points with the same name say the same there. */
export interface Likeness {
  /** The model and its training. */
  readonly model: string
  /** All that bears on a step but the network between scale-up domains. */
  readonly near: string
  /** All that bears on a step. */
  readonly whole: string
}

/** What does not hang on the network between scale-up domains. */
interface Near {
  readonly holding: Holding
  readonly bytes: LayerBytes
  /** Where no layer speaks over it. */
  readonly layered: Layered | undefined
}

interface Whole {
  readonly keeping: Keeping
  readonly layered: Layered
  /** Once it has been played. */
  timeline?: Timeline
}

export class Pricer {
  private readonly fill: (step: Step) => void
  private readonly pipelines: 'played' | 'closed'
  private step: Step | undefined
  private readonly facts = new Shelf<InputFacts>()
  private readonly nears = new Shelf<Near>()
  private readonly wholes = new Shelf<Whole>()
  private readonly players = new Players()

  constructor(metrics: readonly MetricName[], pipelines: 'played' | 'closed') {
    this.fill = sheetOf(metrics)
    this.pipelines = pipelines
  }

  /** Of a strategy that keeps the rules. */
  price(job: Job, strategy: Strategy, like: Likeness): Readonly<Record<MetricName, number>> {
    const near = this.nears.get(like.near, () => nearOf(job, strategy))
    const { holding, bytes } = near
    const whole = this.wholes.get(like.whole, (): Whole => {
      const layered = near.layered ?? priceLayers(job, strategy)
      return { keeping: keep(job, plain(strategy), holding), layered }
    })
    const step = this.stepFor(job, strategy, like)
    step.place(strategy, bytes, holding, strategy.dp)
    step.order(strategy.schedule, this.pipelines === 'closed' ? undefined : this.playing(job, strategy, whole))
    step.fill(whole.keeping)
    step.time(whole.layered)
    this.fill(step)
    return step.scope
  }

  private playing({ batch }: Job, strategy: Strategy, whole: Whole): Parameters<Step['order']>[1] {
    const { pp, vpp, schedule: kind } = strategy
    const schedule = scheduleTable[kind]
    if (!isPlayable(schedule)) return undefined
    return (chunks, transfer) => {
      const shape = { pp, vpp, microBatches: microBatchesOf(batch.globalBatch, strategy) }
      whole.timeline ??= this.players.of(kind, schedule, shape).play(chunks(), transfer)
      return whole.timeline
    }
  }

  private stepFor(job: Job, strategy: Strategy, { model }: Likeness): Step {
    // The costly facts are those of the model; the rest is copied.
    const { parameters, forwardFlopPerToken } = this.facts.get(model, () => inputFacts(job))
    this.step ??= new Step(job, strategy)
    this.step.turnTo(job, strategy, inputFacts(job, { parameters, forwardFlopPerToken }))
    return this.step
  }
}

/** What stages hold and say to their replicas does not ask which of these are there for a longer context. */
function plain(strategy: Strategy): Strategy {
  const { dp, cp } = strategy
  return { ...strategy, cp: 1, dp: dp * cp }
}

function nearOf(job: Job, strategy: Strategy): Near {
  const { tp, cp, ep, etp } = layOut(job.cluster, strategy)
  const inside = [tp, cp, ep, etp].every(({ domains }) => domains === 1)
  return {
    holding: hold(job, plain(strategy)),
    bytes: layerBytes(job, strategy),
    layered: inside ? priceLayers(job, strategy) : undefined,
  }
}
