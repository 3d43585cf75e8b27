/** `calibrate`: measured runs in, what they say about the cluster out. */
import { simulate } from '../../engine/simulate.ts'
import { composeCalibrate } from '../../report/compose/calibrate.ts'
import { render } from '../../report/render/render.ts'
import { type Loaded, readScenario } from '../../scenario/read.ts'
import { calibrate as fitted, type Observation } from '../../validation/calibrate.ts'
import { judge } from '../../validation/measured.ts'
import { calibrationText } from '../calibration.ts'
import { save } from '../disk.ts'
import { readDocuments } from '../documents.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { scenarioFiles } from '../files.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { type ReadOptions, readStdin } from '../reading.ts'
import { tool } from '../version.ts'

interface Options extends ReadOptions, OutputOptions {
  readonly out?: string
}

export async function calibrate(names: readonly string[], options: Options, host: Host): Promise<ExitCode> {
  const runs = await readRuns(names, options, host)
  const first = oneMachine(runs)
  const calibrated = fitted(runs.map(observationOf))
  if (!calibrated) throw noSpeed(names)
  const ids = runs.map(({ name, measured }) => measured?.id ?? name)
  if (options.out !== undefined) save(options.out, calibrationText(first, calibrated, ids), host)
  const out = options.out === undefined ? {} : { out: options.out }
  const report = composeCalibrate({ runs: ids, first, calibrated, tool, ...out })
  deliver((format, theme) => render([report], format, theme), options, host)
  if (options.out !== undefined && !options.quiet) host.stderr.write(`wrote ${options.out}\n`)
  return exit.answered
}

async function readRuns(names: readonly string[], options: Options, host: Host): Promise<readonly Loaded[]> {
  const stdin = names.includes('-') ? { stdin: await readStdin(host) } : {}
  const root = options.root === undefined ? {} : { root: options.root }
  const { documents, files } = readDocuments(names, scenarioFiles({ ...stdin, ...root }, host), host)
  const loaded = documents.map(({ path }) => readScenario(path, files, { sets: options.set ?? [] }))
  const runs = loaded.filter((each) => hasSpeed(each))
  if (runs.length === 0) throw noSpeed(names)
  return runs
}

const hasSpeed = ({ job, strategy, measured }: Loaded): boolean =>
  measured !== undefined && judge(simulate(job, strategy), measured) !== undefined

const noSpeed = (names: readonly string[]) =>
  new UsageError(
    `nothing is measured in ${names.join(', ')}`,
    'give a scenario a `measured` section with a step_time or tokens_per_second_per_gpu',
  )

/** Rates of one GPU say nothing about another. */
function oneMachine(runs: readonly Loaded[]): Loaded {
  const names = [...new Set(runs.map(({ scenario }) => scenario.cluster.gpu.name ?? 'an unnamed GPU'))]
  if (names.length === 1) return runs[0] as Loaded
  throw new UsageError(`these runs are from different GPUs: ${names.join(', ')}`, 'calibrate one cluster at a time')
}

function observationOf({ job, strategy, measured, scenario }: Loaded): Observation {
  if (measured === undefined) throw new TypeError('a run without a measurement')
  return { job, strategy, measured, ground: { stack: scenario.software.name } }
}
