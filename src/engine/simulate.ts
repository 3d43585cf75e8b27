/** One strategy from start to finish. Scenario → here → report; see src/README.md. */
import { type Exchange, exchangeData } from './exchange.ts'
import type { Job } from './job.ts'
import { type Layout, layOut } from './layout.ts'
import { fillMemory, type StageMemory } from './memory.ts'
import { measure } from './metrics.ts'
import { ruleOf } from './optimizer/kinds.ts'
import { type OptimizerStep, optimizerFlop, stepOptimizer } from './optimizer/step.ts'
import { estimatePipeline, playPipeline, type RunPipeline } from './pipeline.ts'
import { type BlockCosts, priceBlocks } from './price/block.ts'
import { readFacts } from './read-facts.ts'
import { Players } from './schedule/players.ts'
import type { Note, Simulation, StepOperation } from './simulation.ts'
import {
  blockSeconds,
  blocksOf,
  blockWorks,
  type Chunk,
  fillChunks,
  fillStages,
  flopOf,
  fullestOf,
  type Stage,
  secondsOf,
  workOf,
} from './stages.ts'
import { microBatchesOf, type Strategy } from './strategy.ts'
import type { Timing } from './timing.ts'

/** Whoever simulates several strategies of one job hands the same players to all of them. */
export function simulate(job: Job, strategy: Strategy, players = new Players()): Simulation {
  return draft(job, strategy).simulate(players)
}

export function estimate(job: Job, strategy: Strategy): Simulation {
  return draft(job, strategy).estimate()
}

/** All of a strategy but its pipeline. */
export interface Draft {
  /** Pass by pass. */
  simulate(players: Players): Simulation
  /** With the closed form of the schedule in its place: to rank many, then simulate a few. */
  estimate(): Simulation
}

export function draft(job: Job, strategy: Strategy): Draft {
  const layout = layOut(job.cluster, strategy)
  const costs = priceBlocks(job, strategy, layout)
  const chunks = fillChunks(strategy, costs)
  const stages = fillStages(job, strategy, chunks)
  const memory = fillMemory(job, strategy, stages)
  const drafted = { job, strategy, layout, costs, chunks, stages, memory }
  return {
    simulate: (players) => finish(drafted, playPipeline(players)),
    estimate: () => finish(drafted, estimatePipeline),
  }
}

interface Drafted {
  readonly job: Job
  readonly strategy: Strategy
  readonly layout: Layout
  readonly costs: BlockCosts
  readonly chunks: readonly Chunk[]
  readonly stages: readonly Stage[]
  readonly memory: readonly StageMemory[]
}

function finish(drafted: Drafted, runPipeline: RunPipeline): Simulation {
  const { job, strategy, layout, costs, chunks, stages, memory } = drafted
  const seconds = blockSeconds(costs)
  const inOrder = (parts: readonly Chunk[]) => parts.map((part) => secondsOf(part, seconds))
  const pipeline = runPipeline(job, strategy, layout, { chunks: inOrder(chunks), stages: inOrder(stages) })
  const fullest = fullestOf(stages)
  const exchange = exchangeData({ job, strategy, layout, stage: fullest, windows: pipeline.windows })
  const optimizer = stepOptimizer({ job, strategy, layout, stage: fullest })

  const worst = memory.reduce((most, stage) => (stage.peak > most.peak ? stage : most))
  const busiest = stages[pipeline.busiestStage] as Stage
  const works = blockWorks(costs)
  const work = workOf(busiest, works)
  const updateFlop = stages.reduce((sum, stage) => sum + optimizerFlop({ job, strategy, layout, stage }), 0)
  const flop = flopOf(stages, works)
  const facts = readFacts({ job, strategy, work, flop, updateFlop, pipeline, exchange, optimizer, worst })
  return {
    job,
    strategy,
    layout,
    operations: listOperations(job, strategy, costs, busiest, pipeline.transfers, exchange, optimizer),
    memory,
    worstStage: worst.stage,
    timeline: pipeline.timeline,
    busiestStage: pipeline.busiestStage,
    facts,
    metrics: measure(facts),
    notes: doubts(job),
  }
}

function listOperations(
  job: Job,
  strategy: Strategy,
  costs: BlockCosts,
  busiest: Stage,
  transfers: readonly { timing: Timing; times: number }[],
  exchange: Exchange,
  optimizer: OptimizerStep,
): StepOperation[] {
  const microBatches = microBatchesOf(job.batch.globalBatch, strategy)
  const perPass = blocksOf(busiest, costs).flatMap(([block, times]) =>
    block.timings.map((timing) => ({ timing, block: block.name, times: times * microBatches })),
  )
  return [
    ...perPass,
    ...transfers.map((transfer) => ({ ...transfer, block: 'pipeline' })),
    ...exchange.operations.map(({ timing, times }) => ({ timing, times, block: 'data' })),
    ...optimizer.operations.map(({ timing, times }) => ({ timing, times, block: 'optimizer' })),
  ]
}

/** What the answer leans on without having been measured. */
function doubts({ cluster, model, optimizer }: Job): Note[] {
  const notes: Note[] = []
  if (!cluster.device.calibrated)
    notes.push({
      code: 'engine/uncalibrated',
      message: 'the sustained rates of this GPU are estimates, not fitted to whole training runs: expect a wider error',
    })
  if (model.mamba || model.lstm || model.convolution)
    notes.push({
      code: 'engine/estimated-layers',
      message:
        'the rates of scans, recurrences and convolutions are estimates: no table of their kernels was published; expect a wider error',
    })
  if (ruleOf(optimizer).matrices === 'whole')
    notes.push({
      code: 'engine/estimated-optimizer',
      message:
        'what this optimizer does with whole matrices is priced from its published algorithm; no run with it was fitted: expect a wider error in the optimizer',
    })
  return notes
}
