/** A scenario with a `measured` block → how far off we are, or why we cannot say. */
import { ScenarioError } from '../base/problem.ts'
import { simulate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import { covers, uncertaintyOf } from '../engine/uncertainty.ts'
import type { Files } from '../scenario/files.ts'
import { type Loaded, readScenario } from '../scenario/read.ts'
import type { Measured } from '../scenario/schema.ts'
import { plainOf } from '../scenario/tree.ts'
import { parseYaml } from '../scenario/yaml.ts'
import type { JudgedRun } from '../validation/accuracy.ts'
import type { Observation } from '../validation/calibrate.ts'
import { judge } from '../validation/measured.ts'
import type { Document } from './documents.ts'

export interface Judged {
  readonly run: JudgedRun
  /** Absent where nothing was simulated. */
  readonly simulation?: Simulation
  /** What `calibrate` would be given. */
  readonly observation?: Observation
}

export function judgeDocument(document: Document, files: Files, sets: readonly string[]): Judged {
  try {
    return judgeLoaded(readScenario(document.path, files, { sets }), document)
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    const [first] = error.problems
    const measured = measuredIn(document)
    return { run: unjudged(document, measured, [measured?.unsupported ?? first?.message ?? 'not a scenario']) }
  }
}

function judgeLoaded(loaded: Loaded, document: Document): Judged {
  const { measured } = loaded
  if (!measured) return { run: unjudged(document, undefined, ['nothing is measured: there is no `measured` section']) }
  if (measured.unsupported)
    return { run: { ...unjudged(document, measured, [measured.unsupported]), ...kindOf(loaded) } }
  const simulation = simulate(loaded.job, loaded.strategy)
  const verdict = judge(simulation, measured)
  if (!verdict) return { run: unjudged(document, measured, ['the source gives no speed']) }
  const { basis, error, memoryError, measuredSeconds, predictedSeconds, notes } = verdict
  const { software, cluster } = loaded.scenario
  const range = uncertaintyOf(simulation, { stack: software.name, own: cluster.gpu.calibration === 'own' })
  const run: JudgedRun = {
    ...unjudged(document, measured, notes),
    ...kindOf(loaded),
    measured: verdict.measured,
    predicted: verdict.predicted,
    unit: basis,
    error,
    ...(memoryError !== undefined && { memoryError }),
    range: range.share,
    covered: covers(range, error),
    measuredSeconds,
    predictedSeconds,
  }
  const { job, strategy } = loaded
  return { run, simulation, observation: { job, strategy, measured, ground: { stack: software.name } } }
}

/** Same model, same batch, same machine: what is left to differ is the layout. */
function kindOf({ job, scenario }: Loaded): Pick<JudgedRun, 'moe' | 'sweep'> {
  const { model, batch, cluster } = job
  const { model: said, cluster: place, training } = scenario
  const shape = said.name ?? `${model.hidden} wide, ${model.vocabulary} words`
  const machine = `${cluster.gpus} × ${place.gpu.name ?? 'GPU'}`
  return {
    moe: model.moe !== undefined,
    sweep: `${shape}, ${model.layers} layers, ${machine}, ${batch.globalBatch} × ${batch.seqLen} tokens, ${training.precision}`,
  }
}

function unjudged({ label }: Document, measured: Partial<Measured> | undefined, notes: readonly string[]): JudgedRun {
  const id = measured?.id ?? label
  const key = measured?.source_key ?? measured?.source?.slice(0, 40) ?? 'unnamed'
  return { id, sourceKey: key, moe: false, sweep: id, unit: '', suspect: measured?.suspect !== undefined, notes }
}

/** What a broken scenario still says of itself. */
function measuredIn({ label, text }: Document): Partial<Measured> | undefined {
  const parsed = parseYaml({ label, text, own: true })
  if ('problems' in parsed) return undefined
  const plain = plainOf(parsed.tree) as { readonly measured?: Partial<Measured> }
  return typeof plain.measured === 'object' ? plain.measured : undefined
}
