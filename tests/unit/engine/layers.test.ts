/** Scans and recurrences: worked by hand, and near what was read of public profiles. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeFiles } from '../../../src/cli/files.ts'
import type { Recurrence } from '../../../src/engine/operation.ts'
import { priceRecurrence } from '../../../src/engine/price/recurrence.ts'
import { simulate } from '../../../src/engine/simulate.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import { calibration, device } from '../../support/arbitraries.ts'
import { inFolder } from '../../support/host.ts'

/** Forward, of one layer and micro-batch. */
function scanSeconds(cluster: string, model: string, sequences: number, tokens: number): Promise<number> {
  const training = { sequence_length: tokens, global_batch: sequences, micro_batch: sequences, precision: 'bf16' }
  const file = { extends: [cluster, model, 'software/typical-2025'], cluster: { gpus: 1, gpus_per_node: 1 }, training }
  return inFolder((folder) => {
    writeFileSync(join(folder, 'plan.yaml'), JSON.stringify(file))
    const { job, strategy } = readScenario('plan.yaml', nodeFiles(folder), { sets: [], anyStrategy: true })
    const found = simulate(job, strategy).operations.find(
      ({ timing: { operation } }) => operation.kind === 'scan' && operation.phase === 'forward',
    )
    return found?.timing.seconds ?? Number.NaN
  })
}

test('the scan of Nemotron 3 Nano on Blackwell takes what its profile shows', async () => {
  // 369 µs: https://github.com/NVIDIA/Megatron-LM/pull/5829
  const seconds = await scanSeconds('clusters/dgx-b200', 'models/nemotron3-nano-30b-a3b', 1, 8192)
  expect(seconds / 369e-6).toBeGreaterThan(0.85)
  expect(seconds / 369e-6).toBeLessThan(1.15)
})

test('the scan of Mamba-2 2.7B on H200 takes longer than its last kernel, and less than twice as long', async () => {
  // 0.636 ms for four sequences of 4,096: https://github.com/tile-ai/TileOPs/pull/1608
  const seconds = await scanSeconds('clusters/dgx-h200', 'models/mamba2-2.7b', 4, 4096)
  expect(seconds / 0.636e-3).toBeGreaterThan(1)
  expect(seconds / 0.636e-3).toBeLessThan(2)
})

const step = (cells: number, sequences: number): Recurrence => ({
  kind: 'recurrence',
  name: 'lstm.recurrence',
  phase: 'forward',
  steps: 1000,
  m: sequences,
  n: 4 * cells,
  k: cells,
  products: 1,
  datatype: 'bf16',
  elementBytes: 2,
})

test('small recurrent weights stay on the chip, and a step waits for itself', () => {
  // 4 · 1024² weights are 8.4 MB; 132 multiprocessors keep 29 MB.
  const timing = priceRecurrence(step(1024, 8), device, calibration)
  expect(timing.seconds).toBeCloseTo(1000 * 2e-6, 12)
  expect(timing.bound).toBe('latency')
})

test('large ones are read again at every step', () => {
  // 4 · 8192² weights are 537 MB, through 3 TB/s at 90 %.
  const timing = priceRecurrence(step(8192, 8), device, calibration)
  expect(timing.seconds).toBeCloseTo((1000 * 2 * 4 * 8192 ** 2) / 2.7e12, 9)
  expect(timing.bound).toBe('memory')
})

test('with many sequences a step is its own work, as fast as a large matmul', () => {
  const timing = priceRecurrence(step(8192, 2048), device, calibration)
  expect(timing.bound).toBe('compute')
  expect(timing.flop).toBe(1000 * 2 * 2048 * 4 * 8192 ** 2)
  expect(timing.flop / timing.seconds / (0.7 * 1e15)).toBeGreaterThan(0.9)
})
