/** `absorb`: how much of a cluster's compute becomes model, and what binds. */
import { answerAbsorb } from '../../growth/answer/absorb.ts'
import { composeAbsorb } from '../../report/compose/growth/absorb.ts'
import { render } from '../../report/render/render.ts'
import { type ExitCode, exit } from '../exit.ts'
import { type GrowthOptions, growthScenario } from '../growth/scenario.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'

interface Options extends GrowthOptions, OutputOptions {
  readonly verbose?: boolean
}

export async function absorb(file: string | undefined, options: Options, host: Host): Promise<ExitCode> {
  const { sought, asked } = await growthScenario(file, options, host)
  const answer = answerAbsorb(sought)
  const report = composeAbsorb(asked, answer, options.verbose)
  deliver((format, theme) => render([report], format, theme), options, host)
  return answer.kind === 'reached' ? exit.answered : exit.nothingFeasible
}
