import { describe, expect, test } from 'vitest'
import { disk } from '../../../src/cli/disk.ts'
import { readDocuments } from '../../../src/cli/documents.ts'
import { judgeDocument } from '../../../src/cli/judging.ts'
import { memoryFiles } from '../../support/memory-files.ts'

const run = (id: string, more: object = {}) => ({
  extends: ['clusters/dgx-h100', 'models/llama3-8b', 'software/megatron-core-2025'],
  cluster: { gpus: 8 },
  training: { sequence_length: 8192, global_batch: 8 },
  parallel: { zero: 1 },
  measured: { id, source: 'a test', source_key: 'tests', step_time: '1 s' },
  ...more,
})

function judged(texts: Readonly<Record<string, string>>) {
  const { documents, files } = readDocuments(Object.keys(texts), memoryFiles(texts), { cwd: '/work', disk })
  return documents.map((document) => judgeDocument(document, files, []).run)
}

describe('many scenarios in one file', () => {
  test('lines of JSON', () => {
    const runs = judged({ 'runs.ndjson': `${JSON.stringify(run('first'))}\n\n${JSON.stringify(run('second'))}\n` })
    expect(runs.map(({ id, sourceKey }) => [id, sourceKey])).toEqual([
      ['first', 'tests'],
      ['second', 'tests'],
    ])
    expect(runs.every(({ error }) => error !== undefined)).toBe(true)
  })

  test('documents of YAML, which may build on files beside them', () => {
    const base = `cluster: { gpus: 8 }\nextends: [clusters/dgx-h100, models/llama3-8b, software/megatron-core-2025]\n`
    const one = (id: string) => `extends: base.yaml
training: { sequence_length: 8192, global_batch: 8 }
measured: { id: ${id}, source: a test, step_time: 1 s }\n`
    const texts = { 'runs.yaml': `# two runs\n---\n${one('a')}---\n${one('b')}`, 'base.yaml': base }
    const { documents, files } = readDocuments(['runs.yaml'], memoryFiles(texts), { cwd: '/work', disk })
    const runs = documents.map((document) => judgeDocument(document, files, []).run)
    expect(runs.map(({ id, notes }) => [id, notes])).toEqual([
      ['a', []],
      ['b', []],
    ])
  })

  test('what cannot be predicted says why', () => {
    const wrong = { training: { sequence_length: 8192, global_batch: 7 } }
    const unsupported = { id: 'c', source: 'a test', step_time: '1 s', unsupported: 'not yet' }
    const runs = judged({
      'runs.ndjson': [run('a', wrong), run('b', { measured: undefined }), run('c', { measured: unsupported })]
        .map((each) => JSON.stringify(each))
        .join('\n'),
    })
    expect(runs.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    expect(runs.map(({ notes }) => notes.join())).toEqual([
      'a global batch of 7 does not split over dp 8 into micro-batches of 1',
      'nothing is measured: there is no `measured` section',
      'not yet',
    ])
  })
})
