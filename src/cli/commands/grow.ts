/** `grow`: the road of growing compute, its walls and what would move them. */
import { answerGrow } from '../../growth/answer/grow.ts'
import { USUAL_MFU } from '../../growth/sought.ts'
import { composeGrow } from '../../report/compose/growth/grow.ts'
import { render } from '../../report/render/render.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { type GrowthOptions, growthScenario } from '../growth/scenario.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'

interface Options extends GrowthOptions, OutputOptions {
  readonly from: number
  readonly to: number
  readonly verbose?: boolean
}

/** Nobody's road is longer, and each decade costs a search. */
const MOST_DECADES = 16

export async function grow(file: string | undefined, options: Options, host: Host): Promise<ExitCode> {
  const { from, to } = options
  const decades = Math.log10(to / from)
  if (!(decades >= 1 && decades <= MOST_DECADES))
    throw new UsageError('the road goes from --from up to --to, 1 to 16 decades', 'such as --from 1e24 --to 1e31')
  const { sought, asked } = await growthScenario(file, options, host)
  const report = composeGrow(asked, answerGrow(sought, USUAL_MFU, from, to), options.verbose)
  deliver((format, theme) => render([report], format, theme), options, host)
  return exit.answered
}
