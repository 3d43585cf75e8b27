import { describe, expect, test } from 'vitest'
import { modelFlopPerStep } from '../../../src/engine/flop.ts'
import { reserveOf } from '../../../src/engine/memory.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import type { Measured } from '../../../src/scenario/schema.ts'
import { flopPerStep } from '../../../src/validation/flop.ts'
import { judge } from '../../../src/validation/measured.ts'
import { memoryFiles } from '../../support/memory-files.ts'

const scenario = `
extends: [clusters/selene, models/megatron-22b, software/megatron-2022-sp]
cluster: { gpus: 8 }
training: { sequence_length: 2048, global_batch: 4, micro_batch: 4, precision: fp16, recompute: full }
parallel: { tp: 8 }
`
const { job, strategy } = readScenario('run.yaml', memoryFiles({ 'run.yaml': scenario }), { sets: [] })
const simulation = simulate(job, strategy)
const seconds = simulation.metrics['step.time']

describe('flopPerStep', () => {
  const { layers: l, hidden: h, vocabulary: V } = job.model
  const { globalBatch: B, seqLen: s } = job.batch

  test('hardware: Narayanan et al. 2021, arXiv:2104.04473, equation 3', () => {
    const printed = 96 * B * s * l * h ** 2 * (1 + s / (6 * h) + V / (16 * l * h))
    expect(flopPerStep(job, 'hardware', true) / printed).toBeCloseTo(1, 12)
  })

  test('without full recompute the hardware does what the model asks', () => {
    expect(flopPerStep(job, 'hardware', false)).toBe(flopPerStep(job, 'full', false))
  })

  test('six per parameter counts an embedding table that is no output matrix', () => {
    const untied = { ...job, model: { ...job.model, tiedEmbeddings: false } }
    const table = (V + job.model.maxPositions) * h
    expect(flopPerStep(untied, 'palm-6n', false) - flopPerStep(untied, 'full', false)).toBeCloseTo(
      6 * table * B * s,
      -6,
    )
  })

  test('causal counts half of the square', () => {
    expect(flopPerStep(job, 'causal', true)).toBe(modelFlopPerStep(job.model, job.batch, 'causal'))
    expect(flopPerStep(job, 'causal', true)).toBeLessThan(flopPerStep(job, 'full', true))
  })
})

describe('judge', () => {
  const verdict = (measured: Partial<Measured>) => judge(simulation, measured as Measured)

  test('a printed figure goes before a derived one, a clock before FLOP', () => {
    const both = { step_time: seconds, flop_per_second_per_gpu: 1e14 }
    expect(verdict(both)?.basis).toBe('step_time')
    expect(verdict({ ...both, printed: ['flop_per_second_per_gpu'] })?.basis).toBe('flop_per_second_per_gpu')
    expect(verdict({ ...both, printed: [] })?.basis).toBe('step_time')
    expect(verdict({})).toBeUndefined()
  })

  test.each([
    [{ step_time: seconds / 1.1 }],
    [{ tokens_per_second_per_gpu: (1.1 * 4 * 2048) / seconds / 8 }],
    [
      {
        flop_per_second_per_gpu: (1.1 * flopPerStep(job, 'hardware', true)) / seconds / 8,
        flop_convention: 'hardware',
      },
    ],
    [{ mfu: (1.1 * flopPerStep(job, 'full', true)) / seconds / 8 / 312e12, flop_convention: 'full', peak: 312e12 }],
  ] as const)('the error is that of the time, whatever was printed: %o', (measured) => {
    expect(verdict(measured)?.error).toBeCloseTo(0.1, 9)
    expect(verdict(measured)?.measuredSeconds).toBeCloseTo(seconds / 1.1, 9)
  })

  test('memory is compared as it was counted', () => {
    const { 'memory.allocated': allocated, 'memory.peak': peak } = simulation.metrics
    expect(verdict({ step_time: 1, memory_peak: allocated })?.memoryError).toBeCloseTo(0)
    expect(verdict({ step_time: 1, memory_peak: peak, memory_kind: 'device' })?.memoryError).toBeCloseTo(0)
    // The allocator sees neither context nor communicators, but its own buckets and gaps.
    const { job, strategy } = simulation
    const held = peak - reserveOf(job, strategy, strategy).fixed + job.software.bufferBytes
    expect(verdict({ step_time: 1, memory_peak: held, memory_kind: 'reserved' })?.memoryError).toBeCloseTo(0)
  })
})
