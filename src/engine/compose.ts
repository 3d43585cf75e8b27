/**
 * An estimate in halves, for search: what a sharding costs and what stages hold is worked out once, and what is left for
 * each of a million strategies is a few additions. The numbers are those of `estimate`; a property test holds them equal.
 */
import type { LayerBytes } from './activations.ts'
import { catalogue, type Scope } from './catalogue.ts'
import { bundleBytes, bundleSeconds, roundsOf, type Sums, settle } from './exchange.ts'
import { blankRecord, type FactName, factNames } from './facts.ts'
import { Filling } from './filling.ts'
import { flopOfOptimizer, type Holding, type Keeping, statesOn } from './holding.ts'
import type { Job } from './job.ts'
import type { Layered } from './layered.ts'
import type { Group } from './layout.ts'
import { reserveOf } from './memory.ts'
import { type MetricName, metricNames } from './metrics.ts'
import { bubble, exposedTransfers, priceTransfer, transferDelay, transferOf, wholeOf, windowsOf } from './pipeline.ts'
import { type InputFacts, inputFacts } from './read-facts.ts'
import type { ChunkSeconds, Timeline, Transfer } from './schedule/play.ts'
import type { PipelineShape, Schedule, StageSeconds } from './schedule/schedule.ts'
import { scheduleTable } from './schedule/table.ts'
import { type Stage, secondsOf, type Work, workNames, workOf } from './stages.ts'
import { microBatchesOf, type ScheduleKind, type Sharding, type Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

const FLOP = workNames.indexOf('flop')

const blank = blankRecord([...factNames, ...metricNames, ...workNames])

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
  readonly memory = new Filling()
  private job: Job
  private overlap: Pick<Strategy, 'overlapPp'>
  private sharding!: Sharding
  private holding!: Holding
  private schedule: Schedule = scheduleTable['1f1b']
  private play: Play | undefined
  private shape: PipelineShape = { pp: 1, vpp: 1, microBatches: 1 }
  private rounds = 0
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
    this.scope = Object.assign({ ...blank }, inputFacts(job))
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
    this.holding = holding
    this.shape = { pp, vpp, microBatches }
    this.rounds = roundsOf(holding, microBatches)
    this.paced = false
    this.memory.place(bytes, stages, this.shape, reserveOf(this.job, sharding, { pp, dp }))
  }

  /** Its passes in the order of a schedule: how many micro-batches each stage holds at once. Not played: in closed form. */
  order(kind: ScheduleKind, play?: Play): void {
    this.schedule = scheduleTable[kind]
    this.play = play
    this.ordered = false
    this.memory.order(this.schedule)
  }

  /** The weights shared out. The peak of the fullest stage, in bytes. */
  fill(keeping: Keeping): number {
    this.keeping = keeping
    const peak = this.memory.fill(keeping)
    this.scope['memory.peak'] = peak
    return peak
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
    const seconds = played ? played.seconds : this.schedule.seconds(shape, slowest) + delay
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
    const { scope, work, shape, message, holding, keeping, rounds, memory, job } = this
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
    const { stages, pp } = holding
    const flop = stages.reduce(
      (sum, stage) => sum + stage.times * (workOf(stage, this.layered.works)[FLOP] as number),
      0,
    )
    scope.hardwareFlop = flop * microBatches * (job.cluster.gpus / pp) + flopOfOptimizer(job, holding, keeping)
    const { weights, gradients, optimizerState } = statesOn(job, holding, keeping, memory.worst)
    scope.weightsBytes = weights
    scope.gradientsBytes = gradients
    scope.optimizerStateBytes = optimizerState
    scope.activationsBytes = memory.activationBytes
    scope.workingBytes = memory.workingBytes
    scope.reservedBytes = memory.reservedBytes
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
