/** `schema`: what an editor needs to complete and underline scenario files. */
import { scenarioJsonSchema } from '../../scenario/json-schema.ts'
import { type ExitCode, exit } from '../exit.ts'
import type { Host } from '../host.ts'

export function schema(host: Host): ExitCode {
  host.stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`)
  return exit.answered
}
