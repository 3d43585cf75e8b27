/**
 * An estimate in halves, for search: what a sharding costs and what stages hold is worked out once, and what is left for
 * each of a million strategies is a few additions. The numbers are those of `estimate`; a property test holds them equal.
 */
import { heldAtOnce, heldBytes, type LayerBytes, momentBytes, returnedBytes } from './activations.ts'
import { catalogue, type Scope } from './catalogue.ts'
import { bundleBytes, bundleSeconds, quoteExchange, roundsOf, type Sums, settle, sumsOf } from './exchange.ts'
import { blankRecord, type FactName, factNames } from './facts.ts'
import type { Job } from './job.ts'
import { type Group, layOut } from './layout.ts'
import { layerKinds } from './lower/shape.ts'
import {
  gatheredBytes,
  type Reserve,
  reservedBytes,
  reserveOf,
  stateBytes,
  weightShapes,
  widenedBytes,
  workingBytes,
} from './memory.ts'
import { type MetricName, metricNames } from './metrics.ts'
import { optimizerFlop, stepOptimizer } from './optimizer/step.ts'
import { bubble, exposedTransfers, priceTransfer, transferDelay, transferOf, wholeOf, windowsOf } from './pipeline.ts'
import { priceBlocks } from './price/block.ts'
import { type InputFacts, inputFacts } from './read-facts.ts'
import type { ChunkSeconds, Timeline, Transfer } from './schedule/play.ts'
import type { PipelineShape, StageSeconds } from './schedule/schedule.ts'
import { scheduleTable } from './schedule/table.ts'
import {
  type BlockSeconds,
  type BlockWorks,
  blockSeconds,
  blockWorks,
  type Chunk,
  fillChunks,
  fillStages,
  fullestOf,
  type Stage,
  secondsOf,
  type Work,
  workNames,
  workOf,
} from './stages.ts'
import { microBatchesOf, type ScheduleKind, type Sharding, type Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

/** Stages that hold the same. The first stands for all: no later one has more micro-batches in flight. */
interface HeldStage extends Stage {
  readonly first: number
  readonly times: number
}

/** What stages hold: decided by tp, ep, etp, pp and vpp. */
export interface Holding {
  /** The same for the same stages, whatever their chunks. */
  readonly key: string
  readonly pp: number
  readonly vpp: number
  readonly stages: readonly HeldStage[]
  /** Weights in one layer of each shape. */
  readonly shapes: number
  /** The ranks of a pipeline. */
  readonly group: Group
  /** In model order. */
  readonly chunks: readonly Chunk[]
}

export function hold(job: Job, strategy: Strategy): Holding {
  const { kinds: layers, pattern } = layerKinds(job.model)
  const chunks = fillChunks(strategy, { layers, pattern })
  const stages = distinct(fillStages(job, strategy, chunks))
  const { pp, vpp } = strategy
  const key = stages.map((stage) => `${keyOf(stage)} ${stage.first}`).join()
  return { key, pp, vpp, stages, shapes: weightShapes(job.model), group: layOut(job.cluster, strategy).pp, chunks }
}

function distinct(stages: readonly Stage[]): HeldStage[] {
  const known = new Map<string, { stage: Stage; first: number; times: number }>()
  stages.forEach((stage, first) => {
    const key = keyOf(stage)
    const old = known.get(key)
    if (old) old.times++
    else known.set(key, { stage, first, times: 1 })
  })
  return [...known.values()].map(({ stage, first, times }) => ({ ...stage, first, times }))
}

const keyOf = ({ layers, embedding, head }: Stage): string => `${layers} ${embedding}${head}`

/** What ZeRO makes of it: decided by the holding, the stage of ZeRO and the group that shards. */
export interface Keeping {
  readonly zero: Strategy['zero']
  readonly shardRanks: number
  readonly exchange: readonly Sums[]
  readonly optimizerSeconds: number
  /** Of all ranks of all stages: asked for by few. */
  readonly optimizerFlop: () => number
  /** By held stage, in the order of `Holding`. */
  readonly states: readonly ReturnType<typeof stateBytes>[]
  readonly stateSums: Float64Array
  /** Whether these alone leave room on every stage. */
  readonly roomy: boolean
  readonly gathered: Float64Array
  readonly widened: Float64Array
}

export function keep(job: Job, strategy: Strategy, holding: Holding): Keeping {
  const { stages } = holding
  const stage = fullestOf(stages)
  const states = stages.map((held) => stateBytes(job, strategy, held))
  const layout = layOut(job.cluster, strategy)
  const sums = states.map(({ weights, gradients, optimizerState }) => weights + gradients + optimizerState)
  return {
    zero: strategy.zero,
    shardRanks: strategy.shardRanks,
    exchange: quoteExchange({ job, strategy, layout, stage }).map(sumsOf),
    optimizerSeconds: stepOptimizer({ job, strategy, layout, stage }).seconds,
    optimizerFlop: () =>
      stages.reduce((sum, held) => sum + held.times * optimizerFlop({ job, strategy, layout, stage: held }), 0),
    states,
    stateSums: Float64Array.from(sums),
    roomy: sums.every((bytes) => bytes <= job.cluster.device.hbmBytes),
    gathered: gather(job, strategy, holding),
    widened: Float64Array.from(stages, (held) => widenedBytes(job, strategy, held)),
  }
}

/** The same for stages that hold the same in other chunks. */
export function keepAlike(like: Keeping, job: Job, strategy: Strategy, holding: Holding): Keeping {
  const own = like.zero >= 2 ? gather(job, strategy, holding) : like.gathered
  const { zero, shardRanks, exchange, optimizerSeconds, optimizerFlop: flop, states, stateSums, roomy, widened } = like
  return {
    zero,
    shardRanks,
    exchange,
    optimizerSeconds,
    optimizerFlop: flop,
    states,
    stateSums,
    roomy,
    gathered: own,
    widened,
  }
}

const gather = (job: Job, strategy: Strategy, { stages, shapes }: Holding): Float64Array =>
  Float64Array.from(stages, (held) => gatheredBytes(job, strategy, held, shapes))

/** What a layer takes: decided by the sharding. */
export interface Layered {
  readonly seconds: BlockSeconds
  readonly works: BlockWorks
}

export function priceLayers(job: Job, strategy: Strategy): Layered {
  const costs = priceBlocks(job, strategy, layOut(job.cluster, strategy))
  return { seconds: blockSeconds(costs), works: blockWorks(costs) }
}

const FLOP = workNames.indexOf('flop')

const nobody = { ranks: 0, stride: 0 }

/** Plays a pipeline out, over stages as unequal as they are. */
type Play = (chunks: () => ChunkSeconds, transfer: Transfer) => Timeline

type Numbers = { -readonly [Name in FactName | MetricName]: number }

/**
 * The step of one strategy after another, in one record that is written over: `place`, `order` and `fill` give its
 * memory, `time` the rest. Memory comes first since most strategies need too much of it.
 */
export class Step {
  /** Facts and metrics: `memory.peak` after `fill`, `step.time` and its parts after `time`, all facts after `complete`. */
  readonly scope: Numbers & Scope
  private job: Job
  private overlap: Pick<Strategy, 'overlapPp'>
  private bytes!: LayerBytes
  private sharding!: Sharding
  private holding!: Holding
  private kind: ScheduleKind = '1f1b'
  private play: Play | undefined
  private shape: PipelineShape = { pp: 1, vpp: 1, microBatches: 1 }
  private rounds = 0
  private reserve: Reserve = { fixed: 0, share: 0 }
  private held = new Float64Array(0)
  private moment = new Float64Array(0)
  private activations = new Float64Array(0)
  private worst = 0
  private keeping!: Keeping
  private layered!: Layered
  private paced = false
  private ordered = false
  private busySeconds = 0
  private slope = 1
  private busiest = 0
  private windows = { forwardSeconds: 0, backwardSeconds: 0, bucketPasses: 1 }
  private slowest!: StageSeconds
  private transfer!: Transfer
  private message: Timing | undefined
  private messenger: { readonly sharding?: Sharding; readonly ranks: number; readonly stride: number } = nobody
  private readonly work: Work = new Float64Array(workNames.length)

  constructor(job: Job, overlap: Pick<Strategy, 'overlapPp'>) {
    this.job = job
    this.overlap = overlap
    this.scope = Object.assign(blankRecord([...factNames, ...metricNames, ...workNames]), inputFacts(job))
    this.slope = slopeOf(this.scope)
  }

  /** Another job: what is known of the old one is void. */
  turnTo(job: Job, overlap: Pick<Strategy, 'overlapPp'>, inputs: InputFacts): void {
    this.job = job
    this.overlap = overlap
    this.messenger = nobody
    Object.assign(this.scope, inputs)
    this.slope = slopeOf(this.scope)
  }

  get pipeline(): PipelineShape {
    return this.shape
  }

  /** A sharding over stages. The degrees fit together: the rules have seen to it. */
  place(sharding: Sharding, bytes: LayerBytes, holding: Holding, dp: number): void {
    const { microBatch } = sharding
    const { pp, vpp, stages } = holding
    const microBatches = microBatchesOf(this.job.batch.globalBatch, { dp, microBatch })
    this.sharding = sharding
    this.bytes = bytes
    this.holding = holding
    this.shape = { pp, vpp, microBatches }
    this.rounds = roundsOf(holding, microBatches)
    this.reserve = reserveOf(this.job, sharding, { pp, dp })
    this.paced = false
    if (this.held.length !== stages.length) {
      this.held = new Float64Array(stages.length)
      this.moment = new Float64Array(stages.length)
      this.activations = new Float64Array(stages.length)
    }
    for (let i = 0; i < stages.length; i++) {
      this.held[i] = heldBytes(bytes, stages[i] as Stage, pp)
      this.moment[i] = momentBytes(bytes, stages[i] as Stage)
    }
  }

  /** Its passes in the order of a schedule: how many micro-batches each stage holds at once. Not played: in closed form. */
  order(kind: ScheduleKind, play?: Play): void {
    const { shape, activations, held, bytes } = this
    const { stages } = this.holding
    this.kind = kind
    this.play = play
    this.ordered = false
    for (let i = 0; i < stages.length; i++) {
      const stage = stages[i] as HeldStage
      const inFlight = heldAtOnce(scheduleTable[kind].inFlight(shape, stage.first), stage, shape.microBatches)
      activations[i] = inFlight * (held[i] as number) + bytes.again + returnedBytes(bytes, stage, shape)
    }
  }

  /** The weights shared out. The peak of the fullest stage, in bytes. */
  fill(keeping: Keeping): number {
    const { activations, moment, reserve } = this
    const { stateSums, gathered, widened } = keeping
    this.keeping = keeping
    let most = -1
    let peak = 0
    for (let i = 0; i < activations.length; i++) {
      const held = activations[i] as number
      const working = workingBytes((moment[i] as number) + (gathered[i] as number), widened[i] as number, held)
      const tensors = (stateSums[i] as number) + held
      const allocated = tensors + working
      const reserved = reservedBytes(reserve, held + (moment[i] as number))
      if (allocated + reserved <= most) continue
      most = allocated + reserved
      peak = tensors + (working + reserved)
      this.worst = i
    }
    this.scope['memory.peak'] = peak
    return peak
  }

  /** What takes most of the memory of the fullest stage. */
  largest(): 'states' | 'activations' | 'working' {
    const { worst, keeping, activations } = this
    if (!keeping.roomy) return 'states'
    const states = keeping.stateSums[worst] as number
    const held = activations[worst] as number
    const working = this.working()
    if (states >= held && states >= working) return 'states'
    return held >= working ? 'activations' : 'working'
  }

  /** Of the fullest stage. */
  private working(): number {
    const { worst, keeping, activations, moment } = this
    const beside = (moment[worst] as number) + (keeping.gathered[worst] as number)
    return workingBytes(beside, keeping.widened[worst] as number, activations[worst] as number)
  }

  /** The seconds of the step. */
  time(layered: Layered): void {
    this.pass(layered)
    const { scope, keeping } = this
    scope.dpExposedSeconds = this.exchangeExposed(keeping)
    scope.optimizerSeconds = keeping.optimizerSeconds
    this.sum()
  }

  /** Its passes, before the weights are shared out. */
  pass(layered: Layered): void {
    if (!this.paced) this.pace(layered)
    if (!this.ordered) this.run()
  }

  private exchangeExposed({ exchange }: Keeping): number {
    const { job, rounds, windows } = this
    const cover = { microBatches: this.shape.microBatches, rounds, windows }
    let exposed = 0
    for (let i = 0; i < exchange.length; i++) exposed += settle(job, exchange[i] as Sums, cover)
    return exposed
  }

  /** After `pass`: no sharing of the weights whose optimizer takes this long makes the step shorter. */
  leastOver(optimizerSeconds: number): number {
    return this.slope * (this.busySeconds + optimizerSeconds) + this.scope.stepSeconds
  }

  /** The step, but for rounding, at a fraction of the cost. */
  about(keeping: Keeping): number {
    return this.leastOver(keeping.optimizerSeconds + this.exchangeExposed(keeping))
  }

  private sum(): void {
    const { scope } = this
    scope['step.compute'] = compute(scope)
    scope['step.recompute'] = recompute(scope)
    scope['comm.tp.exposed'] = tpExposed(scope)
    scope['comm.cp.exposed'] = cpExposed(scope)
    scope['comm.ep.exposed'] = epExposed(scope)
    scope['comm.pp.exposed'] = ppExposed(scope)
    scope['comm.dp.exposed'] = dpExposed(scope)
    scope['step.exposed'] = allExposed(scope)
    scope['step.bubble'] = idle(scope)
    scope['step.optimizer'] = optimizer(scope)
    scope['step.host'] = host(scope)
    scope['step.overhead'] = overhead(scope)
    scope['step.time'] = time(scope)
  }

  /** The step if its busiest stage never waited: a bound that no schedule beats. */
  leastTime(): number {
    const { bubbleSeconds, ppExposedSeconds, 'step.time': seconds } = this.scope
    return seconds - this.slope * (bubbleSeconds + ppExposedSeconds)
  }

  /** What stages take for one micro-batch; the slowest sets the pace. */
  private pace(layered: Layered): void {
    const { job, scope, work, shape, holding } = this
    this.layered = layered
    this.paced = true
    this.ordered = false
    this.chooseSlowest()
    this.windows = windowsOf(this.slowest, shape)
    this.message = shape.pp === 1 ? undefined : this.messageOver(holding.group)
    this.transfer = transferOf(job, this.overlap, this.message?.seconds ?? 0)
    const { microBatches } = shape
    scope.matmulSeconds = (work[0] as number) * microBatches
    scope.attentionSeconds = (work[1] as number) * microBatches
    scope.memoryBoundSeconds = (work[2] as number) * microBatches
    scope.recomputeSeconds = (work[3] as number) * microBatches
    scope.hostSeconds = (work[4] as number) * microBatches
    scope.tpExposedSeconds = (work[6] as number) * microBatches
    scope.cpExposedSeconds = (work[9] as number) * microBatches
    scope.epExposedSeconds = (work[12] as number) * microBatches
  }

  /** The same for pipelines of as many stages, whatever their chunks. */
  private messageOver({ ranks, stride }: Group): Timing {
    const { message, messenger, sharding, job, holding } = this
    if (message && messenger.sharding === sharding && messenger.ranks === ranks && messenger.stride === stride)
      return message
    this.messenger = { sharding, ranks, stride }
    return priceTransfer(job, sharding, holding.group)
  }

  private chooseSlowest(): void {
    const { stages } = this.holding
    let most = -1
    for (let i = 0; i < stages.length; i++) {
      const seconds = secondsOf(stages[i] as Stage, this.layered.seconds)
      const whole = wholeOf(seconds)
      if (whole <= most) continue
      most = whole
      this.slowest = seconds
      this.busiest = i
    }
    workOf(stages[this.busiest] as Stage, this.layered.works, this.work)
  }

  /** The pipeline, played out or in closed form. */
  private run(): void {
    const { shape, slowest, transfer, scope } = this
    const played = this.play?.(() => this.chunkSeconds(), transfer)
    const delay = played ? played.seconds - played.freeSeconds : transferDelay(shape, transfer)
    const seconds = played ? played.seconds : scheduleTable[this.kind].seconds(shape, slowest) + delay
    const exposed = exposedTransfers(shape, transfer, delay)
    scope.ppExposedSeconds = exposed
    scope.bubbleSeconds = bubble(shape, slowest, seconds - exposed)
    this.busySeconds = busy(scope)
    this.ordered = true
  }

  private chunkSeconds(): ChunkSeconds {
    const { holding, layered } = this
    return holding.chunks.map((chunk) => secondsOf(chunk, layered.seconds))
  }

  /** All facts, for metrics beyond time and peak. */
  complete(): void {
    const { scope, work, shape, message, keeping, rounds, worst, job } = this
    const { microBatches } = shape
    const times = 2 * shape.vpp * microBatches
    scope.tpSeconds = (work[5] as number) * microBatches
    scope.tpBytes = (work[7] as number) * microBatches
    scope.cpSeconds = (work[8] as number) * microBatches
    scope.cpBytes = (work[10] as number) * microBatches
    scope.epSeconds = (work[11] as number) * microBatches
    scope.epBytes = (work[13] as number) * microBatches
    scope.ppSeconds = message ? times * message.seconds : 0
    scope.ppBytes = message ? times * (message.inputs['bytes'] ?? 0) : 0
    scope.dpSeconds = 0
    scope.dpBytes = 0
    for (const quoted of keeping.exchange) {
      scope.dpSeconds += bundleSeconds(quoted, rounds)
      scope.dpBytes += bundleBytes(quoted, rounds)
    }
    const { stages, pp } = this.holding
    const flop = stages.reduce(
      (sum, stage) => sum + stage.times * (workOf(stage, this.layered.works)[FLOP] as number),
      0,
    )
    scope.hardwareFlop = flop * microBatches * (job.cluster.gpus / pp) + keeping.optimizerFlop()
    const { weights, gradients, optimizerState } = keeping.states[worst] as Keeping['states'][number]
    scope.weightsBytes = weights
    scope.gradientsBytes = gradients
    scope.optimizerStateBytes = optimizerState
    scope.activationsBytes = this.activations[worst] as number
    scope.workingBytes = this.working()
    scope.reservedBytes = reservedBytes(this.reserve, scope.activationsBytes + (this.moment[worst] as number))
  }
}

/** What a second more makes the step longer: stragglers hold up all that nodes do together. */
function slopeOf({ stragglersPerDoubling, gpus, gpusPerNode }: Scope): number {
  return 1 + stragglersPerDoubling * Math.log2(Math.max(1, gpus / gpusPerNode))
}

/** All parts of a step but what replicas say to each other, the optimizer and what the machine adds. */
function busy(f: Scope): number {
  const computing = f.matmulSeconds + f.attentionSeconds + f.memoryBoundSeconds + f.recomputeSeconds + f.hostSeconds
  const exposed = f.tpExposedSeconds + f.cpExposedSeconds + f.epExposedSeconds + f.ppExposedSeconds
  return computing + exposed + f.bubbleSeconds
}

const { compute } = catalogue['step.compute']
const { compute: recompute } = catalogue['step.recompute']
const { compute: tpExposed } = catalogue['comm.tp.exposed']
const { compute: cpExposed } = catalogue['comm.cp.exposed']
const { compute: epExposed } = catalogue['comm.ep.exposed']
const { compute: ppExposed } = catalogue['comm.pp.exposed']
const { compute: dpExposed } = catalogue['comm.dp.exposed']
const { compute: allExposed } = catalogue['step.exposed']
const { compute: idle } = catalogue['step.bubble']
const { compute: optimizer } = catalogue['step.optimizer']
const { compute: host } = catalogue['step.host']
const { compute: overhead } = catalogue['step.overhead']
const { compute: time } = catalogue['step.time']
