/** Names, flags and help. What a command does stands in commands/, and is loaded when it is called. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ExitCode } from './exit.ts'
import { formats } from './formats.ts'
import { addCheck, addDiff, addLint } from './gate-program.ts'
import { addGrowth } from './growth-program.ts'
import type { Host } from './host.ts'
import { widthOf } from './look.ts'
import { tool } from './version.ts'

type Finish = (code: ExitCode) => void

const purpose =
  'What a GPU cluster will do, before anyone buys it or books it: step time, memory, FLOPs, communication and ' +
  'utilization of training a transformer, from one small file.'

export function createProgram(host: Host, finish: Finish): Command {
  const program = new Command('clusterwise')
  program
    .description(purpose)
    .version(tool.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .optionsGroup('Options of every command:')
    .option('--color', 'colour, even where nobody looks')
    .option('--no-color', 'no colour (also: NO_COLOR=1)')
    .option('--ascii', 'no signs beyond ASCII')
    .option('--root <dir>', 'files outside of this folder are not read (default: git top level, else here)')
    .option('-q, --quiet', 'results and errors only')
    .option('-v, --verbose', 'also the assumptions used')
    .option('--debug', 'stack traces')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHelpWidth: () => widthOf(host.env, host.stdout),
      getErrHelpWidth: () => widthOf(host.env, host.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      // Said once, by failure.ts, which knows whether a person or a program reads it.
      outputError: () => {},
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', examples(programExamples))
  for (const add of [
    addRun,
    addSearch,
    addSweep,
    addMerge,
    addScale,
    addSensitivity,
    addExplain,
    addCheck,
    addDiff,
    addLint,
    addList,
    addSchema,
    addValidate,
    addCalibrate,
    addGrowth,
    addInit,
    addCompletion,
  ])
    add(program, host, finish)
  return program
}

const flagship = 'scenarios/examples/llama3-405b-h100-16k.yaml'

const programExamples = [
  `clusterwise run ${flagship}`,
  'clusterwise init plan.yaml && clusterwise run plan.yaml',
  'clusterwise run plan.yaml --set parallel.tp=4 --json',
  'clusterwise explain plan.yaml mfu',
]

const examples = (lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`

function addRun(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('run <file...>'))
    .description('Simulate scenarios: does it fit, how long is a step, where do time and memory go.')
    .addOption(calibrationOption())
    .addOption(setOption())
    .addHelpText(
      'after',
      examples([
        `clusterwise run ${flagship}`,
        'clusterwise run plan.yaml -o report.md -o json:-',
        'clusterwise run - < plan.yaml',
      ]),
    )
    .action(async (files: string[], _: unknown, command: Command) => {
      const { run } = await import('./commands/run.ts')
      finish(await run(files, command.optsWithGlobals(), host))
    })
}

function addSearch(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('search <file>'))
    .description('Find the best strategy: every legal one is tried, the best are played out.')
    .addOption(new Option('--sort <metric>', 'what is best (default: step.time)'))
    .addOption(new Option('--pareto <metrics>', 'the front of several: step.time,memory.peak'))
    .option('--require <condition>', 'what must hold (repeatable): "memory.peak < 0.9 gpu.hbm"', collect)
    .option('--fix <name=values>', 'hold to these (repeatable): tp=8, tp=4,8, or tp as the scenario has it', collect)
    .option('-n, --best <count>', 'how many to show (default: 10)', positive)
    .option('--jobs <count>', 'worker threads (default: one per core)', positive)
    .option('--timing', 'also seconds and candidates per second')
    .option('--write <file>', 'write the winner as a scenario')
    .option('--from <list>', 'price these strategies instead: one JSON object a line, - is stdin')
    .addOption(calibrationOption())
    .addOption(setOption())
    .addHelpText(
      'after',
      examples([
        `clusterwise search ${flagship}`,
        "clusterwise search plan.yaml --require 'memory.peak < 0.9 gpu.hbm' --write best.yaml",
        'clusterwise search plan.yaml --pareto step.time,memory.peak --json',
      ]),
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { search } = await import('./commands.ts')
      finish(await search(file, command.optsWithGlobals(), host))
    })
}

function addSweep(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('sweep <file>'))
    .description('The scenario at many points: every combination of values, a row of a table for each.')
    .option('--vary <path=values>', 'values of one path (repeatable): 256..65536*2, 1..8, "[450, 900] GB/s"', collect)
    .option('--zip', 'all lists in step, instead of every combination')
    .option('--best', 'each point with its best strategy, instead of the one of the scenario')
    .option('--require <condition>', 'of --best: what must hold (repeatable)', collect)
    .option('--fix <name=values>', 'of --best: hold to these (repeatable)', collect)
    .option('--closed-form', 'pipelines by formula instead of pass by pass: faster, and a little less exact')
    .option('--columns <metrics>', 'these metrics: step.time,mfu')
    .option('--jobs <count>', 'worker threads (default: one per core)', positive)
    .option('--resume', 'go on where an interrupted run of the same sweep was')
    .option('--shard <i/n>', 'one of n parts, into FILE.part; join them with merge')
    .addOption(
      new Option('--emit <engine>', 'print the job for a queue').choices(['slurm', 'k8s', 'github', 'parallel']),
    )
    .option('--shards <count>', 'of --emit: how many (default: 16)', positive)
    .option('--image <name>', 'of --emit k8s: a container image with clusterwise')
    .addOption(calibrationOption())
    .addOption(setOption())
    .addHelpText(
      'after',
      examples([
        "clusterwise sweep plan.yaml --vary 'cluster.gpus=256..65536*2' --best",
        "clusterwise sweep plan.yaml --vary 'cluster.scale_out.bandwidth=[200, 400, 800] Gb/s' -o sweep.parquet",
        "clusterwise sweep plan.yaml --vary 'training.micro_batch=1,2,4' --emit slurm --shards 64 > sweep.sh",
      ]),
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { sweep } = await import('./commands.ts')
      finish(await sweep(file, command.optsWithGlobals(), host))
    })
}

function addMerge(program: Command, host: Host, finish: Finish): void {
  program
    .command('merge <part...>')
    .description('Join the parts of a sweep into one table.')
    .requiredOption('-o, --output <file>', 'the table: .parquet, .csv or .ndjson', collect)
    .addHelpText('after', examples(['clusterwise merge sweep.parts/part-*.part -o sweep.parquet']))
    .action(async (parts: string[], _: unknown, command: Command) => {
      const { merge } = await import('./commands.ts')
      finish(await merge(parts, command.optsWithGlobals(), host))
    })
}

function addScale(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('scale <file>'))
    .description('How far the cluster is worth growing: the best strategy at every size, the knee, and what binds.')
    .option('--gpus <sizes>', 'such as 256..65536*2 (default: a sixteenth to sixteen times the cluster)')
    .addOption(new Option('--growth <kind>', 'the batch stays, or grows along').choices(['strong', 'weak', 'both']))
    .option('--floor <condition>', 'the largest cluster that keeps it: "utilization.effective >= 0.3"')
    .option('--require <condition>', 'what every strategy must keep (repeatable)', collect)
    .option('--fix <name=values>', 'hold to these (repeatable)', collect)
    .option('--jobs <count>', 'worker threads (default: one per core)', positive)
    .addOption(setOption())
    .addHelpText('after', examples(["clusterwise scale plan.yaml --floor 'utilization.effective >= 0.3'"]))
    .action(async (file: string, _: unknown, command: Command) => {
      const { scale } = await import('./commands.ts')
      finish(await scale(file, command.optsWithGlobals(), host))
    })
}

function addSensitivity(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('sensitivity <file>'))
    .description('Which inputs matter most; or how far one must go to reach a goal.')
    .option('--metric <name>', 'what they move (default: step.time)')
    .option('--part <percent>', 'by how much each is turned (default: 10)', positive)
    .option('--goal <condition>', 'what is to hold: "mfu >= 0.45"')
    .option('--solve <path>', 'the input that is to make it so: cluster.scale_up.bandwidth')
    .option('--best', 'of --goal: with the best strategy at each value')
    .addOption(setOption())
    .addHelpText(
      'after',
      examples([
        'clusterwise sensitivity plan.yaml --metric mfu',
        "clusterwise sensitivity plan.yaml --goal 'mfu >= 0.45' --solve cluster.scale_up.bandwidth",
      ]),
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { sensitivity } = await import('./commands.ts')
      finish(await sensitivity(file, command.optsWithGlobals(), host))
    })
}

function addExplain(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('explain [file] [subject]'))
    .description('Ask any number why: formula, the same with numbers, where each input was written, and its source.')
    .addHelpText(
      'after',
      '\nThe subject is a metric (mfu), an operation (attention.qkv.forward) or the code\n' +
        'of a problem. Without a file a metric is explained without numbers; without a\n' +
        'subject all metrics are listed.\n' +
        examples(['clusterwise explain plan.yaml step.time --depth 3', 'clusterwise explain strategy/tp-splits-heads']),
    )
    .option('--depth <levels>', 'levels of the tree', positive)
    .addOption(setOption())
    .action(async (file: string | undefined, subject: string | undefined, _: unknown, command: Command) => {
      const { explain } = await import('./commands.ts')
      finish(await explain([file, subject], command.optsWithGlobals(), host))
    })
}

function addValidate(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('validate <file...>'))
    .description(
      'Hold predictions against measured runs: scenarios with a `measured` section, as YAML documents or as NDJSON.',
    )
    .addOption(setOption())
    .addHelpText('after', examples(['clusterwise validate runs.ndjson', 'clusterwise validate - --json < runs.ndjson']))
    .action(async (files: string[], _: unknown, command: Command) => {
      const { validate } = await import('./commands.ts')
      finish(await validate(files, command.optsWithGlobals(), host))
    })
}

function addCalibrate(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('calibrate <file...>'))
    .description(
      'Fit the model to measured runs of your own cluster: scenarios with a `measured` section. One run helps.',
    )
    .option('--out <file>', 'write what was fitted, for --calibration and extends')
    .addOption(setOption())
    .addHelpText(
      'after',
      examples([
        'clusterwise calibrate monday.yaml --out calibration.yaml',
        'clusterwise run plan.yaml --calibration calibration.yaml',
      ]),
    )
    .action(async (files: string[], _: unknown, command: Command) => {
      const { calibrate } = await import('./commands.ts')
      finish(await calibrate(files, command.optsWithGlobals(), host))
    })
}

function addList(program: Command, host: Host, finish: Finish): void {
  withOutput(program.command('list [name]'))
    .description(
      'The catalog: accelerators, clusters, models, software. A kind or a part of a name narrows the list; the name of an entry prints its numbers and their sources.',
    )
    .addHelpText('after', examples(['clusterwise list models', 'clusterwise list accelerators/h100-sxm']))
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const { list } = await import('./commands.ts')
      finish(await list(name, command.optsWithGlobals(), host))
    })
}

function addSchema(program: Command, host: Host, finish: Finish): void {
  program
    .command('schema')
    .description('Print the JSON Schema of scenario files, for editors.')
    .action(async () => {
      const { schema } = await import('./commands.ts')
      finish(await schema(host))
    })
}

function addInit(program: Command, host: Host, finish: Finish): void {
  program
    .command('init [file]')
    .description('Write a commented scenario to start from (scenario.yaml).')
    .option('--force', 'replace a file that exists')
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      const { init } = await import('./commands/init.ts')
      finish(await init(file ?? 'scenario.yaml', command.optsWithGlobals(), host))
    })
}

function addCompletion(program: Command, host: Host, finish: Finish): void {
  program
    .command('completion <shell>')
    .description('Print a completion script for bash, zsh or fish.')
    .addHelpText('after', examples(['source <(clusterwise completion bash)', 'clusterwise completion fish | source']))
    .action(async (shell: string) => {
      const { completion } = await import('./commands/completion.ts')
      finish(await completion(shell, program, host))
    })
}

function withOutput(command: Command): Command {
  return command
    .addOption(new Option('-f, --format <format>', 'how to print').choices(formats))
    .option('--json', 'short for --format json')
    .option('-o, --output <file>', 'write to a file instead (repeatable; format by extension, or json:FILE)', collect)
}

const setOption = (): Option =>
  new Option('--set <path=value>', 'override one value (repeatable): parallel.tp=4').argParser(collect).default([])

const calibrationOption = (): Option =>
  new Option('--calibration <file>', 'what calibrate wrote, over the scenario and under --set')

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

function positive(text: string): number {
  const levels = Number(text)
  if (!Number.isInteger(levels) || levels < 1) throw new InvalidArgumentError('a whole number from 1 on.')
  return levels
}
