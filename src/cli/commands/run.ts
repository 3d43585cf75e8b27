/** `run`: scenarios in, reports out. */
import { remedies } from '../../check/remedy.ts'
import { Players } from '../../engine/schedule/players.ts'
import { simulate } from '../../engine/simulate.ts'
import { composeRun } from '../../report/compose/run.ts'
import { render } from '../../report/render/render.ts'
import type { Report } from '../../report/report.ts'
import type { Loaded } from '../../scenario/read.ts'
import { withAssumptions } from '../assumptions.ts'
import { type ExitCode, exit } from '../exit.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { type ReadOptions, readScenarios } from '../reading.ts'
import { tool } from '../version.ts'

interface Options extends ReadOptions, OutputOptions {
  readonly verbose?: boolean
}

export async function run(files: readonly string[], options: Options, host: Host): Promise<ExitCode> {
  const scenarios = await readScenarios(files, options, host)
  const reports = await Promise.all(
    scenarios.map(async (loaded) => {
      const report = await answer(loaded)
      return options.verbose ? withAssumptions(report, loaded) : report
    }),
  )
  deliver((format, theme) => render(reports, format, theme), options, host)
  return exit.answered
}

async function answer(loaded: Loaded): Promise<Report> {
  const players = new Players()
  const simulation = simulate(loaded.job, loaded.strategy, players)
  const report = composeRun({ loaded, simulation, remedies: remedies(simulation, players), tool })
  if (!loaded.phases) return report
  const { withLife } = await import('../life.ts')
  return withLife(report, loaded.phases)
}
