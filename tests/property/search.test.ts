/** Search: the numbers of the engine, every legal strategy, and an answer that depends on nothing but the question. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { divisorsOf } from '../../src/base/integers.ts'
import { layerBytes } from '../../src/engine/activations.ts'
import { Step } from '../../src/engine/compose.ts'
import { factsTable } from '../../src/engine/facts.ts'
import { hold, keep } from '../../src/engine/holding.ts'
import type { Job } from '../../src/engine/job.ts'
import { priceLayers } from '../../src/engine/layered.ts'
import { metricNames } from '../../src/engine/metrics.ts'
import { isLegal } from '../../src/engine/rules.ts'
import { Player } from '../../src/engine/schedule/play.ts'
import { isPlayable } from '../../src/engine/schedule/schedule.ts'
import { scheduleTable } from '../../src/engine/schedule/table.ts'
import { estimate, simulate } from '../../src/engine/simulate.ts'
import { microBatchesOf, type Strategy, schedules } from '../../src/engine/strategy.ts'
import { byPromise, type Found } from '../../src/search/order.ts'
import { type Piece, piecesOf } from '../../src/search/pieces.ts'
import { playOut } from '../../src/search/play.ts'
import type { Question } from '../../src/search/question.ts'
import { join, search } from '../../src/search/search.ts'
import { Searcher } from '../../src/search/searcher.ts'
import { goalOf, sheetOf } from '../../src/search/sheet.ts'
import { chunkingsOf, type Fixed, sharingsOf, spaceOf } from '../../src/search/space.ts'
import { plan, withCluster } from '../support/arbitraries.ts'

/** Small enough to try every strategy in two ways. */
const small = plan.filter(({ job }) => job.cluster.gpus <= 16 && job.batch.globalBatch <= 32)

const runs = (numRuns: number) => ({ numRuns })

const question = (job: Job, given: Strategy, part: Partial<Question> = {}): Question => ({
  job,
  given,
  fixed: {},
  goals: ['step.time'],
  limits: [],
  most: 5,
  ...part,
})

function composed(job: Job, strategy: Strategy, player?: Player): Step {
  const plain = { ...strategy, cp: 1, dp: strategy.dp * strategy.cp }
  const holding = hold(job, plain)
  const step = new Step(job, strategy)
  step.place(strategy, layerBytes(job, strategy), holding, strategy.dp)
  step.order(strategy.schedule, player && ((chunks, transfer) => player.play(chunks(), transfer)))
  step.fill(keep(job, plain, holding))
  step.time(priceLayers(job, strategy))
  return step
}

function playerFor(job: Job, strategy: Strategy): Player | undefined {
  const { pp, vpp } = strategy
  const schedule = scheduleTable[strategy.schedule]
  if (!isPlayable(schedule)) return undefined
  return new Player(schedule, { pp, vpp, microBatches: microBatchesOf(job.batch.globalBatch, strategy) })
}

describe('the cheap half', () => {
  test('step time and memory are those of an estimate, to the last bit', () =>
    fc.assert(
      fc.property(plan, ({ job, strategy }) => {
        const { metrics } = estimate(job, strategy)
        const { scope } = composed(job, strategy)
        expect(scope['step.time']).toBe(metrics['step.time'])
        expect(scope['memory.peak']).toBe(metrics['memory.peak'])
      }),
      runs(300),
    ))

  test.each([
    ['so are all facts and metrics', estimate, () => undefined],
    ['with its pipeline played out they are those of a simulation', simulate, playerFor],
  ] as const)('%s', (_, whole, playerOf) =>
    fc.assert(
      fc.property(plan, ({ job, strategy }) => {
        const { facts, metrics } = whole(job, strategy)
        const step = composed(job, strategy, playerOf(job, strategy))
        sheetOf(metricNames)(step)
        for (const name of Object.keys(factsTable) as (keyof typeof facts)[])
          expect(step.scope[name], name).toBeCloseToRelative(facts[name])
        for (const name of metricNames) expect(step.scope[name], name).toBeCloseToRelative(metrics[name])
      }),
      runs(100),
    ),
  )

  test('the bound that no schedule beats', () =>
    fc.assert(
      fc.property(plan, ({ job, strategy }) => {
        const least = composed(job, strategy).leastTime()
        expect(least).toBeLessThanOrEqual(simulate(job, strategy).metrics['step.time'] * (1 + 1e-9))
      }),
      runs(200),
    ))

  test('of equal stages the first holds most', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...schedules),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (kind, pp, vpp, rounds) => {
          const shape = { pp, vpp: kind === 'interleaved' ? vpp : 1, microBatches: pp * rounds }
          for (let stage = 1; stage < pp; stage++)
            expect(scheduleTable[kind].inFlight(shape, stage)).toBeLessThanOrEqual(
              scheduleTable[kind].inFlight(shape, stage - 1),
            )
        },
      ),
    ))
})

/** The space written out: every choice of every knob, with what cannot be said twice left out. */
function* everyStrategy(job: Job, given: Strategy, fixed: Fixed = {}): Generator<Strategy> {
  const space = spaceOf(job, given, fixed)
  const { gpus } = job.cluster
  for (const tp of space.tp)
    for (const cp of divisorsOf(gpus / tp))
      for (const pp of divisorsOf(gpus / (tp * cp)))
        for (const { vpp, schedules: kinds } of chunkingsOf(space, pp))
          for (const schedule of kinds)
            for (const ep of space.ep)
              for (const etp of space.etp)
                for (const cpMode of cp === 1 ? space.cpModes.slice(0, 1) : space.cpModes)
                  for (const sp of tp === 1 ? [false] : [false, true])
                    for (const microBatch of space.microBatch)
                      for (const recomputation of space.recomputations)
                        for (const sharing of sharingsOf(space, gpus / (tp * pp)))
                          yield {
                            ...given,
                            ...{ tp, sp, cp, cpMode, ep, etp, pp, vpp, schedule, microBatch, layersPerChunk: [] },
                            ...recomputation,
                            ...sharing,
                            dp: gpus / (tp * cp * pp),
                          }
}

describe('the whole space', () => {
  test('counts and the best are those of trying every strategy one by one', () => {
    const tiny = plan.filter(({ job }) => job.cluster.gpus <= 8 && job.batch.globalBatch <= 8)
    fc.assert(
      fc.property(tiny, ({ job, strategy }) => {
        const fixed: Fixed = { recompute: ['full'], etp: [1] }
        const { tally, found } = search(question(job, strategy, { fixed }))
        const all = [...everyStrategy(job, strategy, fixed)]
        const legal = all.filter((each) => isLegal(job, each))
        const priced = legal.map((each) => ({ each, metrics: estimate(job, each).metrics }))
        const fitting = priced.filter(({ metrics }) => metrics['memory.headroom'] >= 0)
        expect(tally).toMatchObject({ candidates: all.length, legal: legal.length, feasible: fitting.length })
        const best = fitting
          .map(({ each, metrics }): Found => ({ values: [metrics['step.time']], least: 0, strategy: each }))
          .sort(byPromise)[0]
        expect(found[0]?.strategy).toEqual(best?.strategy)
        expect(found[0]?.values[0]).toBe(best?.values[0])
      }),
      runs(3),
    )
  }, 60_000)

  test(
    'neither the order of trying nor the number of workers changes anything',
    () =>
      fc.assert(
        fc.property(small, fc.infiniteStream(fc.nat()), ({ job, strategy }, random) => {
          const asked = question(job, strategy, { fixed: { recompute: ['none'] } })
          const whole = search(asked)
          const order = piecesOf(asked).map((piece) => ({ piece, key: random.next().value as number }))
          const shuffled = order.sort((a, b) => a.key - b.key).map(({ piece }) => piece)
          const hands: readonly Piece[][] = [[], [], []]
          shuffled.forEach((piece, at) => {
            hands[at % 3]?.push(piece)
          })
          const parts = hands.map((pieces) => {
            const searcher = new Searcher(asked)
            for (const piece of pieces) searcher.try(piece)
            return searcher.answer
          })
          const joined = join(parts, asked)
          expect(joined.tally).toEqual(whole.tally)
          expect(joined.found).toEqual(whole.found)
        }),
        runs(8),
      ),
    60_000,
  )

  test(
    'a larger space never has a worse best',
    () =>
      fc.assert(
        fc.property(small, ({ job, strategy }) => {
          const bestOf = (fixed: Fixed) => search(question(job, strategy, { fixed })).found[0]?.values[0] ?? Infinity
          const narrow = { recompute: ['none'], zero: [0, 1], microBatch: [1] } as const
          expect(bestOf({ recompute: ['none'] })).toBeLessThanOrEqual(bestOf(narrow))
        }),
        runs(8),
      ),
    60_000,
  )

  test(
    'more bandwidth never makes the best slower',
    () =>
      fc.assert(
        fc.property(small, ({ job, strategy }) => {
          const bestOf = (asked: Job) =>
            search(question(asked, strategy, { fixed: { recompute: ['none'] } })).found[0]?.values[0] ?? Infinity
          const { scaleUp, scaleOut } = job.cluster
          const now = bestOf(job)
          const up = withCluster(job, { scaleUp: { ...scaleUp, bytesPerSecond: 2 * scaleUp.bytesPerSecond } })
          const out = withCluster(job, { scaleOut: { ...scaleOut, bytesPerSecond: 2 * scaleOut.bytesPerSecond } })
          // In a pipeline another stage may become the slowest, and hide a little less behind its own backward pass.
          expect(bestOf(up)).toBeLessThanOrEqual(now * (1 + 1e-3))
          expect(bestOf(out)).toBeLessThanOrEqual(now * (1 + 1e-3))
        }),
        runs(6),
      ),
    60_000,
  )
})

describe('the answer', () => {
  test(
    'is played out: rows are simulations, best first, and none is beaten by the strategy given',
    () =>
      fc.assert(
        fc.property(small, ({ job, strategy }) => {
          const asked = question(job, strategy)
          const played = playOut(asked, search(asked).found, 5, [strategy])
          for (const { simulation, values } of played) {
            expect(values[0]).toBe(simulate(job, simulation.strategy).metrics['step.time'])
            expect(simulation.metrics['memory.headroom']).toBeGreaterThanOrEqual(0)
          }
          expect(played.map(({ values }) => values[0])).toEqual(played.map(({ values }) => values[0]).toSorted())
          const own = simulate(job, strategy).metrics
          if (own['memory.headroom'] >= 0) expect(played[0]?.values[0]).toBeLessThanOrEqual(own['step.time'])
        }),
        runs(5),
      ),
    60_000,
  )

  test('a front holds all that nothing beats', () => {
    const tiny = plan.filter(({ job }) => job.cluster.gpus <= 8 && job.batch.globalBatch <= 8)
    fc.assert(
      fc.property(tiny, ({ job, strategy }) => {
        const fixed: Fixed = { recompute: ['none'], etp: [1] }
        const goals = ['step.time', 'memory.peak'] as const
        const { found } = search(question(job, strategy, { fixed, goals }))
        const all = [...everyStrategy(job, strategy, fixed)].filter((each) => isLegal(job, each))
        const points = all
          .map((each) => estimate(job, each).metrics)
          .filter((metrics) => metrics['memory.headroom'] >= 0)
          .map((metrics) => goals.map((goal) => metrics[goal]))
        const beaten = ([a, b]: readonly number[]) =>
          points.some(
            ([x, y]) => (x as number) <= (a as number) && (y as number) <= (b as number) && (x !== a || y !== b),
          )
        const front = new Set(points.filter((point) => !beaten(point)).map(String))
        expect(new Set(found.map(({ values }) => String(values)))).toEqual(front)
      }),
      runs(3),
    )
  }, 60_000)

  test('what follows the step time is ranked by it', () =>
    fc.assert(
      fc.property(plan, fc.constantFrom(...metricNames), ({ job, strategy }, metric) => {
        const goal = goalOf(metric)
        fc.pre(goal.read !== metric)
        const [slow, fast] = [strategy, { ...strategy, overlapTp: true, overlapGradients: true, overlapWeights: true }]
          .map((each) => estimate(job, each).metrics)
          .sort((a, b) => b['step.time'] - a['step.time'])
        if (!slow || !fast || slow['step.time'] === fast['step.time']) return
        expect(goal.better(fast[metric], slow[metric])).toBe(true)
      }),
      runs(200),
    ))
})

expect.extend({
  /** Sums in another order differ in the last bits. */
  toBeCloseToRelative(received: number, expected: number) {
    const same = received === expected || (Number.isNaN(received) && Number.isNaN(expected))
    const size = Math.max(Math.abs(received), Math.abs(expected))
    const close = same || Math.abs(received - expected) <= 1e-12 * size
    return { pass: close, message: () => `${received} is not ${expected}` }
  },
})

declare module 'vitest' {
  interface Assertion<T> {
    toBeCloseToRelative(expected: number): void
  }
}
