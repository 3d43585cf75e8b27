/** `compare-paradigms`: same FLOP, better model? */
import { answerCompare } from '../../growth/answer/compare.ts'
import { composeCompare } from '../../report/compose/growth/compare.ts'
import { render } from '../../report/render/render.ts'
import { type ExitCode, exit } from '../exit.ts'
import { type GrowthOptions, growthScenario } from '../growth/scenario.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'

interface Options extends GrowthOptions, OutputOptions {
  readonly claims?: boolean
}

export async function compareParadigms(file: string | undefined, options: Options, host: Host): Promise<ExitCode> {
  const { sought, asked, rates } = await growthScenario(file, options, host)
  const report = composeCompare(asked, answerCompare(sought, rates, options.claims))
  deliver((format, theme) => render([report], format, theme), options, host)
  return exit.answered
}
