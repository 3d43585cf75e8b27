/** What the shell learns. Like sysexits where it says something of its own: 70 is EX_SOFTWARE, 130 is 128 + SIGINT. */
export const exit = {
  answered: 0,
  checkFailed: 1,
  badInput: 2,
  nothingFeasible: 3,
  ourBug: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof exit)[keyof typeof exit]

/** The command line asks for what cannot be done; the text says how to ask better. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint: string
  constructor(message: string, hint = '') {
    super(message)
    this.hint = hint
  }
}
