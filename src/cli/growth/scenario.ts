/** The scenario of a growth command: a file, or a cluster of the catalog and flags. */

import type { Rates } from '../../growth/compare.ts'
import type { Sought } from '../../growth/sought.ts'
import type { Asked } from '../../report/compose/growth/title.ts'
import { type Loaded, readScenario } from '../../scenario/read.ts'
import { UsageError } from '../exit.ts'
import { scenarioFiles } from '../files.ts'
import type { Host } from '../host.ts'
import { type ReadOptions, readStdin } from '../reading.ts'
import { tool } from '../version.ts'
import { soughtOf } from './question.ts'

export interface GrowthOptions extends ReadOptions {
  readonly gpus?: string
  readonly time?: string
  readonly budget?: string
  readonly power?: string
}

export interface GrowthScenario {
  readonly sought: Sought
  readonly asked: Asked
  readonly rates: Rates
}

export async function growthScenario(
  file: string | undefined,
  options: GrowthOptions,
  host: Host,
): Promise<GrowthScenario> {
  const loaded = await load(file, options, host)
  const { device } = loaded.job.cluster
  const { peakFlopPerSecond: peak } = device
  const rates = Object.fromEntries(Object.entries(peak).map(([name, rate]) => [name, rate / peak.bf16])) as Rates
  const gpu = loaded.scenario.cluster.gpu.name ?? 'GPU'
  return { sought: soughtOf(loaded), asked: { name: loaded.name, file: file ?? loaded.file, gpu, tool }, rates }
}

async function load(file: string | undefined, options: GrowthOptions, host: Host): Promise<Loaded> {
  const sets = [...(options.set ?? []), ...flagSets(options)]
  const entry = file === undefined || /^clusters\/[\w.-]+$/.test(file) ? (file ?? USUAL_CLUSTER) : undefined
  if (file === undefined && flagSets(options).length === 0)
    throw new UsageError(
      'nothing to ask about',
      'name a scenario or a cluster of the catalog, or say --gpus, --budget or --power',
    )
  const stdin = entry ? fragment(entry) : file === '-' ? await readStdin(host) : undefined
  const view = {
    ...(stdin === undefined ? {} : { stdin }),
    ...(options.root === undefined ? {} : { root: options.root }),
  }
  return readScenario(stdin === undefined ? (file as string) : '-', scenarioFiles(view, host), {
    sets,
    anyStrategy: true,
  })
}

/** Flags are overrides by another name. */
function flagSets({ gpus, time, budget, power }: GrowthOptions): readonly string[] {
  const named = { 'growth.gpus': gpus, 'growth.time': time, 'growth.budget': budget, 'growth.power': power }
  return Object.entries(named).flatMap(([path, value]) => (value === undefined ? [] : [`${path}=${value}`]))
}

const USUAL_CLUSTER = 'clusters/dgx-h100'

/** What a cluster of the catalog lacks: a family of models, a stack and a context. */
const fragment = (cluster: string): string => `name: ${cluster.replace('clusters/', '')}
extends: [${cluster}, models/llama3-405b, software/megatron-core-2025]
cluster: { gpus: 16384 }
training: { sequence_length: 8192, global_batch: 2048, tokens: 15.6T }
economics: { price: 2.5 USD/h }
`
