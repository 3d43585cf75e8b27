/** The range of a step time: what widens it, that it is a factor, and who lies in it. */
import { expect, test } from 'vitest'
import { simulate } from '../../../src/engine/simulate.ts'
import { covers, doubts, uncertaintyOf } from '../../../src/engine/uncertainty.ts'
import { job, strategy } from '../report/fixture.ts'

const simulation = simulate(job, strategy)
const known = { stack: 'Meta Llama 3 (4D parallel)' }

test('the range is a factor around the prediction, and says on what ground it stands', () => {
  const { low, high, share, why } = uncertaintyOf(simulation, known)
  expect(share).toBe(doubts.fitted.share)
  expect(low * (1 + share)).toBeCloseTo(simulation.metrics['step.time'])
  expect(high / (1 + share)).toBeCloseTo(simulation.metrics['step.time'])
  expect(why).toEqual([doubts.fitted.text])
})

test('doubts add up as squares, the widest first; a stack typical of its year is an unknown one', () => {
  const { share, why } = uncertaintyOf(simulation, { stack: 'Typical of 2025' })
  expect(share).toBeCloseTo(Math.hypot(doubts.fitted.share, doubts.stack.share))
  expect(why).toEqual([doubts.stack.text])
  expect(uncertaintyOf(simulation, {}).share).toBe(share)
})

test('runs of the user’s own take the place of what the catalog knows of chip and stack', () => {
  const device = { ...job.cluster.device, calibrated: false }
  const strange = simulate({ ...job, cluster: { ...job.cluster, device } }, strategy)
  expect(uncertaintyOf(strange, known).share).toBeGreaterThan(doubts.chip.share)
  expect(uncertaintyOf(strange, { own: true }).share).toBe(doubts.own.share)
})

test('too slow and too fast by the same factor are equally far out', () => {
  expect(covers({ share: 0.25 }, 0.25)).toBe(true)
  expect(covers({ share: 0.25 }, -0.2)).toBe(true)
  expect(covers({ share: 0.25 }, 0.26)).toBe(false)
  expect(covers({ share: 0.25 }, -0.21)).toBe(false)
})
