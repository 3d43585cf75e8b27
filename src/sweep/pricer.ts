/** The metrics of a scenario's own strategy, point after point, with the pipeline in closed form. */
import { type Holding, hold, type Keeping, keep, type Layered, priceLayers, Step } from '../engine/compose.ts'
import type { Job } from '../engine/job.ts'
import { type LayerBytes, layerBytes } from '../engine/memory.ts'
import type { MetricName } from '../engine/metrics.ts'
import { type InputFacts, inputFacts } from '../engine/read-facts.ts'
import type { Strategy } from '../engine/strategy.ts'
import { sheetOf } from '../search/sheet.ts'
import { Shelf } from './shelf.ts'

/** Parts of the scenario by identity: a part that is the same object says the same. */
export interface Parts {
  readonly model: unknown
  readonly training: unknown
  readonly software: unknown
  readonly gpu: unknown
  readonly scaleUp: unknown
  readonly scaleOut: unknown
  readonly calibration: unknown
}

export class Pricer {
  private readonly fill: (step: Step) => void
  private step: Step | undefined
  private readonly facts = new Shelf<InputFacts>()
  private readonly holdings = new Shelf<Holding>()
  private readonly keepings = new Shelf<Keeping>()
  private readonly bytes = new Shelf<LayerBytes>()
  private readonly layers = new Shelf<Layered>()

  constructor(metrics: readonly MetricName[]) {
    this.fill = sheetOf(metrics)
  }

  /** Of a strategy that keeps the rules. */
  price(job: Job, strategy: Strategy, parts: Parts): Readonly<Record<MetricName, number>> {
    const { model, training, software, gpu, scaleUp, scaleOut, calibration } = parts
    const { tp, ep, etp, pp, vpp, dp, cp, zero, shardRanks, layersPerChunk } = strategy
    const plain = { ...strategy, cp: 1, dp: dp * cp }
    const place = `${tp} ${ep} ${etp} ${pp} ${vpp} ${dp * cp} ${layersPerChunk}`
    const sharding = shardingKey(strategy)
    const network = [model, training, gpu, scaleUp, scaleOut, calibration]
    const holding = this.holdings.get([model, training, scaleUp], place, () => hold(job, plain))
    const keeping = this.keepings.get(network, `${place} ${zero} ${shardRanks}`, () => keep(job, plain, holding))
    const bytes = this.bytes.get([model, training, software], sharding, () => layerBytes(job, strategy))
    const layered = this.layers.get([...network, software], sharding, () => priceLayers(job, strategy))
    const step = this.stepFor(job, strategy, parts)
    step.place(strategy, bytes, holding, dp)
    step.order(strategy.schedule)
    step.fill(keeping)
    step.time(layered)
    this.fill(step)
    return step.scope
  }

  private stepFor(job: Job, strategy: Strategy, { model, training }: Parts): Step {
    // The costly facts are those of the model; the rest is copied.
    const facts = this.facts.get([model, training], '', () => inputFacts(job))
    const { parameters, forwardFlopPerToken } = facts
    this.step ??= new Step(job, strategy)
    this.step.turnTo(job, strategy, inputFacts(job, { parameters, forwardFlopPerToken }))
    return this.step
  }
}

function shardingKey(strategy: Strategy): string {
  const { tp, sp, cp, cpMode, ep, etp, microBatch, recompute, recomputeModules, overlapTp } = strategy
  return `${tp} ${sp} ${cp} ${cpMode} ${ep} ${etp} ${microBatch} ${recompute} ${recomputeModules} ${overlapTp}`
}
