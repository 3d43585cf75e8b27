/** The one place where an error becomes words and an exit code. Nothing of it goes to stdout. */
import { CommanderError } from 'commander'
import { ScenarioError } from '../base/problem.ts'
import { problemsData, renderProblems } from '../report/render/problems.ts'
import type { Theme } from '../report/report.ts'
import { type ExitCode, exit, UsageError } from './exit.ts'
import type { Host } from './host.ts'
import { themeFor } from './terminal.ts'
import { tool } from './version.ts'

/** Read off the bare arguments, since the parsing itself may be what failed. */
interface Request {
  readonly json: boolean
  readonly debug: boolean
  readonly ascii: boolean
  readonly color?: boolean
}

function requestOf(argv: readonly string[]): Request {
  const has = (...flags: readonly string[]) => flags.some((flag) => argv.includes(flag))
  const format = argv[Math.max(argv.indexOf('-f'), argv.indexOf('--format')) + 1]
  const color = has('--no-color') ? { color: false } : has('--color') ? { color: true } : {}
  const json = has('--json', '--format=json', '-fjson') || (has('-f', '--format') && format === 'json')
  return { json, debug: has('--debug'), ascii: has('--ascii'), ...color }
}

export function fail(error: unknown, argv: readonly string[], host: Host): ExitCode {
  const request = requestOf(argv)
  const theme = themeFor(request, host, host.stderr)
  if (error instanceof ScenarioError) {
    host.stderr.write(request.json ? document(problemsData(error.problems)) : renderProblems(error.problems, theme))
    return exit.badInput
  }
  const usage = usageOf(error)
  if (usage) {
    host.stderr.write(request.json ? document([{ code: 'cli/usage', ...usage }]) : usageText(usage, theme))
    return exit.badInput
  }
  host.stderr.write(request.json ? document([bugOf(error, request)]) : bugText(error, request, theme))
  return exit.ourBug
}

const document = (errors: readonly object[]): string =>
  `${JSON.stringify({ schemaVersion: 1, tool, errors }, null, 2)}\n`

interface Usage {
  readonly message: string
  readonly hint: string
}

function usageOf(error: unknown): Usage | undefined {
  if (error instanceof UsageError) return { message: error.message, hint: error.hint }
  const denied = deniedBy(error)
  if (denied !== undefined)
    return { message: `Node may not open ${denied}`, hint: 'give it --allow-fs-read or --allow-fs-write for that path' }
  if (!(error instanceof CommanderError)) return undefined
  // "error: unknown command 'rnu'\n(Did you mean run?)"
  const [message = '', guess = ''] = error.message.replace(/^error: /, '').split('\n')
  return { message, hint: guess.replace(/^\((.*)\)$/, '$1').replace(/^Did/, 'did') || 'see clusterwise --help' }
}

/** The path that `node --permission` refuses. */
function deniedBy(error: unknown): string | undefined {
  const { code, resource } = Object(error) as { readonly code?: unknown; readonly resource?: unknown }
  return code === 'ERR_ACCESS_DENIED' ? String(resource ?? 'something') : undefined
}

function usageText({ message, hint }: Usage, theme: Theme): string {
  return `${theme.bad('error')}: ${message}\n${hint ? `  ${hint}\n` : ''}`
}

const plea = 'This is a mistake in clusterwise, not in your scenario: please report it, with the file and the stack.'

function bugOf(error: unknown, request: Request): object {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { code: 'cli/bug', message, hint: plea, ...(request.debug ? { stack } : {}) }
}

function bugText(error: unknown, request: Request, theme: Theme): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const detail = request.debug ? (stack ?? message) : `${message}\n  --debug prints the stack.`
  return `${theme.bad('internal error')}: ${detail}\n  ${plea}\n`
}
