/** The whole program as a function: arguments and a world in, an exit code out. */
import { CommanderError } from 'commander'
import { type ExitCode, exit } from './exit.ts'
import type { Host } from './host.ts'
import { createProgram } from './program.ts'

export { processHost } from './host.ts'

export async function main(argv: readonly string[], host: Host): Promise<ExitCode> {
  try {
    return await answer(argv, host)
  } catch (error) {
    // Help and version end so too, and nothing more need be loaded for them.
    if (error instanceof CommanderError && error.exitCode === 0) return exit.answered
    const { fail } = await import('./failure.ts')
    return fail(error, argv, host)
  }
}

async function answer(argv: readonly string[], host: Host): Promise<ExitCode> {
  let code: ExitCode = exit.answered
  const program = createProgram(host, (finished) => {
    code = finished
  })
  const { operands, unknown } = program.parseOptions([...argv])
  if (operands.length + unknown.length === 0) {
    const { welcome } = await import('./commands/welcome.ts')
    return welcome(host)
  }
  await program.parseAsync(argv, { from: 'user' })
  return code
}
