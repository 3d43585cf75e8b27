/** Names, flags and help of the commands that ask what compute becomes. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ExitCode } from './exit.ts'
import { formats } from './formats.ts'
import type { Host } from './host.ts'

type Finish = (code: ExitCode) => void

const example = 'scenarios/examples/growth/thirty-billion-dollars.yaml'

export function addGrowth(program: Command, host: Host, finish: Finish): void {
  asking(program.command('absorb [file]'), [
    `clusterwise absorb ${example}`,
    'clusterwise absorb clusters/dgx-b200 --budget "30e9 USD" --time "182 days"',
    'clusterwise absorb --gpus 16384 --time "90 days" --json',
  ])
    .description('How much of a cluster becomes model: the best loss, size, tokens and batch, and what binds.')
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      const { absorb } = await import('./commands.ts')
      finish(await absorb(file, command.optsWithGlobals(), host))
    })
  asking(program.command('grow [file]'), [`clusterwise grow ${example} --from 1e24 --to 1e31`])
    .description('The road of growing compute: what each tenfold brings, the walls, and what would move them.')
    .option('--from <flop>', 'where the road begins', flop, 1e24)
    .option('--to <flop>', 'where it ends', flop, 1e31)
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      const { grow } = await import('./commands.ts')
      finish(await grow(file, command.optsWithGlobals(), host))
    })
  asking(program.command('compare-paradigms [file]'), [`clusterwise compare-paradigms ${example}`])
    .option('--claims', 'also sixteen claims about compute and intelligence, with their numbers here')
    .description('Same FLOP, better model? Architectures, optimizers, precisions and losses in compute-equivalents.')
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      const { compareParadigms } = await import('./commands.ts')
      finish(await compareParadigms(file, command.optsWithGlobals(), host))
    })
}

function asking(command: Command, lines: readonly string[]): Command {
  return command
    .option('--gpus <count>', 'GPUs that may be used')
    .option('--time <time>', 'how long, such as "90 days"')
    .option('--budget <money>', 'what GPUs may cost, such as "30e9 USD"')
    .option('--power <power>', 'what the site may draw, such as "1 GW"')
    .addOption(new Option('--set <path=value>', 'override one value (repeatable)').argParser(collect).default([]))
    .addOption(new Option('-f, --format <format>', 'how to print').choices(formats))
    .option('--json', 'short for --format json')
    .option('-o, --output <file>', 'write to a file instead (repeatable; format by extension, or json:FILE)', collect)
    .addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

function flop(text: string): number {
  const value = Number(text)
  if (!(value >= 1e15 && value <= 1e40)) throw new InvalidArgumentError('FLOP, such as 1e24.')
  return value
}
