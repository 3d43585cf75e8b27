/** Who is asked: machine, time and paradigm. */
import type { Sought } from '../../../growth/sought.ts'
import { formatQuantity } from '../../../units/format.ts'
import { type Title, type Tool, titled } from '../../report.ts'
import { group } from '../../words.ts'
import { tokens } from './words.ts'

export interface Asked {
  readonly name: string
  readonly file: string
  /** As the scenario calls the accelerator. */
  readonly gpu: string
  readonly tool: Tool
}

export function titleOf({ name, gpu, tool }: Asked, { question, resource }: Sought, machineFacts = true): Title {
  const { machine, seconds, recipe } = question
  const bought = resource === 'chips' ? '' : `as many as the ${resource} buys`
  const watts = `${formatQuantity(machine.chips * machine.chipWatts, 'watts')} without cooling`
  const data = Number.isFinite(recipe.uniqueTokens) ? `${tokens(recipe.uniqueTokens)} there are` : 'no end of data'
  return titled(name, tool, [
    machineFacts
      ? [`${group(machine.chips)} × ${gpu}`, bought, `for ${formatQuantity(seconds, 'seconds')}`, watts]
      : [gpu, `any number of them for ${formatQuantity(seconds, 'seconds')}`],
    [recipe.architecture, recipe.optimizer, recipe.datatype.toUpperCase(), recipe.objective, data],
    [`${recipe.batchLaw} batch law`, `settings: ${recipe.effort}`, `context ${group(recipe.seqLen)}`],
  ])
}
