/** `sweep --emit`: the job that a cluster's own queue runs, one task for each shard, and a last one that merges. */
import { type ExitCode, exit, UsageError } from './exit.ts'
import type { Host } from './host.ts'

export const engines = ['slurm', 'k8s', 'github', 'parallel'] as const
export type Engine = (typeof engines)[number]

export interface EmitOptions {
  readonly emit?: Engine
  readonly shards?: number
  readonly image?: string
  readonly output?: readonly string[]
}

/** What a sweep is told and its job hands on. */
export interface Sent extends EmitOptions {
  readonly set?: readonly string[]
  readonly vary?: readonly string[]
  readonly zip?: boolean
  readonly best?: boolean
  readonly closedForm?: boolean
  readonly columns?: string
  readonly require?: readonly string[]
  readonly fix?: readonly string[]
}

/** What every engine's job is made of. */
interface Job {
  readonly shards: number
  /** `clusterwise sweep …` without shard and output. */
  readonly command: string
  readonly table: string
  /** Where parts are kept until they are merged. */
  readonly folder: string
  readonly image: string
}

const usualShards = 16

export function emit(file: string, options: Sent, count: number, host: Host): ExitCode {
  if (file === '-') throw new UsageError('a job reads a file, and stdin is none', 'save the scenario and name it')
  const shards = Math.min(options.shards ?? usualShards, count)
  const [table = 'sweep.parquet'] = options.output ?? []
  const job: Job = {
    shards,
    command: commandOf(file, options),
    table,
    folder: `${table.replace(/\.\w+$/u, '')}.parts`,
    image: options.image ?? 'node:20-slim',
  }
  host.stdout.write(scripts[options.emit ?? 'slurm'](job))
  return exit.answered
}

function commandOf(file: string, options: Sent): string {
  const repeated = (['vary', 'set', 'require', 'fix'] as const).flatMap((name) =>
    (options[name] ?? []).flatMap((value) => [`--${name}`, quoted(value)]),
  )
  const flags = [
    ...(options.zip ? ['--zip'] : []),
    ...(options.best ? ['--best'] : []),
    ...(options.closedForm ? ['--closed-form'] : []),
    ...(options.columns === undefined ? [] : ['--columns', quoted(options.columns)]),
  ]
  return ['clusterwise', 'sweep', quoted(file), ...repeated, ...flags].join(' ')
}

/** As a POSIX shell takes it. */
function quoted(text: string): string {
  return /^[\w./=:,@%+-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

const partOf = (folder: string, number: string): string => `${quoted(folder)}/part-${number}.part`

/** Shards are numbered from 1. A task that is run again goes on where it was. */
const shardCommand = ({ command, folder, shards }: Job, number: string): string =>
  `${command} --shard "${number}/${shards}" --resume -o ${partOf(folder, number)}`

const mergeCommand = ({ folder, table }: Job): string =>
  `clusterwise merge ${quoted(folder)}/part-*.part -o ${quoted(table)}`

const scripts = {
  slurm: (job) => `#!/bin/sh
# Sends the sweep as an array of ${job.shards} tasks, and the merge to be run when all of them are done:
#   sh this-file
# A task of a lost node is requeued and goes on where it was.
set -eu
mkdir -p ${quoted(job.folder)}
array=$(sbatch --parsable --job-name=clusterwise --array=1-${job.shards} --requeue --open-mode=append \\
  --output=${quoted(job.folder)}/task-%a.log <<'TASK'
#!/bin/sh
set -eu
${shardCommand(job, '$SLURM_ARRAY_TASK_ID')}
TASK
)
sbatch --parsable --job-name=clusterwise-merge --dependency=afterok:"$array" \\
  --output=${quoted(job.folder)}/merge.log <<'TASK'
#!/bin/sh
set -eu
${mergeCommand(job)}
TASK
`,
  parallel: (job) => `#!/bin/sh
# Runs the sweep in ${job.shards} shards with GNU parallel; run it again after a failure, and only what is missing is done:
#   sh this-file
set -eu
mkdir -p ${quoted(job.folder)}
seq ${job.shards} | parallel --joblog ${quoted(job.folder)}/joblog --resume-failed \\
  ${parallelQuoted(shardCommand(job, '{}'))}
${mergeCommand(job)}
`,
  k8s: (
    job,
  ) => `# An indexed Job of ${job.shards} shards (Kubernetes 1.29 or later). The volume \`work\` holds the scenario and takes the parts;
# when the Job is complete, in that folder: ${mergeCommand(job)}
apiVersion: batch/v1
kind: Job
metadata:
  name: clusterwise-sweep
spec:
  completions: ${job.shards}
  parallelism: ${job.shards}
  completionMode: Indexed
  backoffLimitPerIndex: 3
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: sweep
          image: ${JSON.stringify(job.image)}
          workingDir: /work
          command: ["sh", "-c"]
          args:
            - |
              set -eu
              mkdir -p ${quoted(job.folder)}
              shard=$((JOB_COMPLETION_INDEX + 1))
              ${shardCommand(job, '$shard')}
          volumeMounts:
            - { name: work, mountPath: /work }
      volumes:
        - name: work
          persistentVolumeClaim: { claimName: clusterwise }
`,
  github: (
    job,
  ) => `# A matrix of ${job.shards} shards for GitHub Actions. It takes clusterwise from the repository that it runs in.
name: sweep
on: workflow_dispatch
permissions:
  contents: read
jobs:
  shard:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        shard: [${Array.from({ length: job.shards }, (_, n) => n + 1).join(', ')}]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 20 }
      - run: npm ci && npm link
      - run: |
          mkdir -p ${quoted(job.folder)}
          ${shardCommand(job, '$SHARD')}
        env:
          SHARD: \${{ matrix.shard }}
      - uses: actions/upload-artifact@v4
        with:
          name: part-\${{ matrix.shard }}
          path: ${job.folder}/part-\${{ matrix.shard }}.part
  merge:
    needs: shard
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 20 }
      - run: npm ci && npm link
      - uses: actions/download-artifact@v4
        with: { path: ${JSON.stringify(job.folder)}, merge-multiple: true }
      - run: ${mergeCommand(job)}
      - uses: actions/upload-artifact@v4
        with:
          name: sweep
          path: ${JSON.stringify(job.table)}
`,
} satisfies Record<Engine, (job: Job) => string>

/** One argument for GNU parallel, which hands it to a shell. */
function parallelQuoted(command: string): string {
  return `'${command.replaceAll("'", String.raw`'\''`)}'`
}
