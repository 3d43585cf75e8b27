import { describe, expect, test } from 'vitest'
import { disk } from '../../../src/cli/disk.ts'
import { readDocuments } from '../../../src/cli/documents.ts'
import { judgeDocument } from '../../../src/cli/judging.ts'
import { memoryFiles } from '../../support/memory-files.ts'
import { gbpsPerGpu } from '../../validation/convert/cluster.ts'
import { conventionOf } from '../../validation/convert/measured.ts'
import type { Row } from '../../validation/convert/row.ts'
import { scenarioOf } from '../../validation/convert/scenario.ts'
import { stackOf } from '../../validation/convert/stack.ts'

test.each([
  ['4x Omni-Path 100Gb/s per node', 8, 50],
  ['800 Gb/s total per node (config inter_node_bandwidth)', 8, 100],
  ['1600 Gb/s RoCE per node', 8, 200],
  ['8x400Gb/s IB (DGX H100)', 8, 400],
  ['4x800Gb/s per 4-GPU tray', 4, 800],
  ['2 Tb/s RoCE per node', 8, 250],
  ['RoCE 400Gb/s per GPU, 3-level Clos, 1:7 oversubscribed between 3072-GPU pods', 8, 400],
  [
    'Storage: 2x ConnectX-7 IB NDR 400Gb/s, Compute: 8x ConnectX-7 IB NDR 400Gb/s, Management: 100Gb/s Ethernet NIC',
    8,
    400,
  ],
  ['1x Ethernet 100Gb/Sec, 8x NVIDIA Quantum-2 CX7 InfiniBand (400Gb/s)', 8, 400],
  ['InfiniBand (rate not stated)', 8, undefined],
])('network of %s', (link, gpusPerNode, gbps) => {
  expect(gbpsPerGpu(link, gpusPerNode)).toBe(gbps)
})

test.each([
  ['F=96*B*s*l*h^2*(1+s/6h+V/16lh), hardware FLOPs incl. full recompute', 'hardware'],
  ['model FLOPs; causal attention counted half; logits counted', 'causal'],
  ['MFU=(6*NumParams*s + 12*L*d*s^2): attention NOT halved', 'palm-6n'],
  ['(6*(N - embedding) + 12*L*h*s)*tps: attention NOT halved for causality', 'full'],
  ['MFU as in the paper', 'unknown'],
  [null, 'unknown'],
])('counting by %s', (text, convention) => {
  expect(conventionOf({ id: 'row', flops_convention: text })).toBe(convention)
})

test.each([
  ['Megatron-LM (2021)', 2021, 'software/megatron-2021'],
  ['Megatron-LM', 2022, 'software/megatron-2022-sp'],
  ['NeMo 25.02.01', 2025, 'software/nemo-24.12'],
  ['Megatron-Bridge v0.4.0 (NeMo container 26.04)', 2026, 'software/megatron-bridge-26.04'],
  ['a trainer of ours', 2023, 'software/typical-2023'],
  [null, 2026, 'software/typical-2025'],
])('stack of %s', (framework, year, entry) => {
  expect(stackOf({ id: 'row', framework, year }, { inferred: [], notes: [], unsupported: [] })).toBe(entry)
})

const little: Row = {
  id: 'little',
  source_key: 'tests',
  source: 'a test',
  framework: 'something new',
  gpu: 'H100',
  n_gpus: 64,
  model: { layers: 32, hidden: 4096, seq_len: 4096, params_b: 7 },
  measured: { tokens_per_s_per_gpu: 10_000 },
  printed: ['tokens_per_s_per_gpu'],
}

describe('a row', () => {
  const judge = (row: Row) => {
    const texts = { 'runs.ndjson': JSON.stringify(scenarioOf(row)) }
    const { documents, files } = readDocuments(['runs.ndjson'], memoryFiles(texts), { cwd: '/work', disk })
    return documents.map((document) => judgeDocument(document, files, []).run)[0]
  }

  test('that says next to nothing is predicted, and all that was assumed is on record', () => {
    const run = judge(little)
    expect(run?.error).toBeTypeOf('number')
    expect(run?.notes.join()).toMatch(/software.*model\.heads.*parallel\.tp.*training\.micro_batch/)
  })

  test.each([
    [{ gpu: 'Abacus 3' }, /no accelerator called Abacus 3/],
    [{ n_gpus: null }, /number of GPUs/],
    [{ measured: {} }, /no speed/],
    [{ model: { ...little.model, hybrid: {} } }, /Mamba/],
    [{ parallel: { tp: 7, pp: 1 } }, /do not divide/],
  ] as const)('that cannot be predicted comes out with the reason: %o', (change, reason) => {
    const run = judge({ ...little, ...change })
    expect(run?.error).toBeUndefined()
    expect(run?.notes.join()).toMatch(reason)
  })
})
