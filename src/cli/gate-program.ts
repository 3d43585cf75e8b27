/** Names, flags and help of the gate: `check`, `diff` and `lint`. */
import { type Command, Option } from 'commander'
import type { ExitCode } from './exit.ts'
import { diffFormats, gateFormats } from './formats.ts'
import type { Host } from './host.ts'

type Finish = (code: ExitCode) => void

const examples = (lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

function withGateOutput(command: Command, formats: readonly string[] = gateFormats): Command {
  return command
    .addOption(new Option('-f, --format <format>', 'how to print').choices(formats))
    .option('--json', 'short for --format json')
    .option('-o, --output <file>', 'write to a file instead (repeatable; format by extension, or junit:FILE)', collect)
    .addOption(new Option('--set <path=value>', 'override one value (repeatable)').argParser(collect).default([]))
}

export function addCheck(program: Command, host: Host, finish: Finish): void {
  withGateOutput(program.command('check <file...>'))
    .description(
      'Hold plans to their checks, say which changed input broke one, and what would mend it. Folders and patterns may be given.',
    )
    .option('--baseline <file>', 'what to compare with: a file, or git:REVISION')
    .option('--update-baseline', 'write that file anew (.clusterwise/baseline.json)')
    .option('--allow-other-model', 'compare even with a baseline of another version of the model')
    .option('--require-checks', 'a plan without checks fails')
    .option('--watch', 'again whenever a file changes')
    .addHelpText(
      'after',
      '\nChecks stand in the scenario:\n\n' +
        '  checks:\n' +
        '    - mfu >= 38%\n' +
        '    - memory.peak < 0.92 cluster.gpu.hbm.capacity\n' +
        '    - expr: run.cost <= 60 M USD\n' +
        '      severity: warning\n' +
        '      reason: FY27 budget\n' +
        '    - expr: step.time\n' +
        '      max_increase: 5 %\n' +
        examples([
          'clusterwise check plans --baseline git:origin/main',
          "clusterwise check 'plans/**/*.yaml' -o junit:checks.xml -o sarif:checks.sarif -o -",
          'clusterwise check plans --update-baseline',
        ]),
    )
    .action(async (files: string[], _: unknown, command: Command) => {
      const { check } = await import('./commands/check.ts')
      finish(await check(files, command.optsWithGlobals(), host))
    })
}

export function addDiff(program: Command, host: Host, finish: Finish): void {
  withGateOutput(program.command('diff <before> <after>'), diffFormats)
    .description(
      'What changed between two plans, or between two revisions of many: inputs, metrics, and which input changed the step.',
    )
    .option('--exit-code', 'end with 1 where something differs')
    .addHelpText(
      'after',
      '\nA side is a file, a folder, a pattern, or git:REVISION with or without :PATH; without\n' +
        'a path it takes that of the other side.\n' +
        examples([
          'clusterwise diff plans/q3.yaml plans/q4.yaml',
          'clusterwise diff git:main plans',
          'clusterwise diff git:v1:plans/q3.yaml git:v2:plans/q3.yaml --json',
        ]),
    )
    .action(async (before: string, after: string, _: unknown, command: Command) => {
      const { diff } = await import('./commands/diff.ts')
      finish(await diff(before, after, command.optsWithGlobals(), host))
    })
}

export function addLint(program: Command, host: Host, finish: Finish): void {
  withGateOutput(program.command('lint <file...>'))
    .description('Are these sound scenarios with sound checks? Nothing is simulated.')
    .option('--partial', 'files that others extend need not be whole')
    .addHelpText('after', examples(['clusterwise lint plans', 'clusterwise lint plans -f github']))
    .action(async (files: string[], _: unknown, command: Command) => {
      const { lint } = await import('./commands/lint.ts')
      finish(await lint(files, command.optsWithGlobals(), host))
    })
}
