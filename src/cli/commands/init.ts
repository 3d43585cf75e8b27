/** `init`: a scenario to start from. It runs as written, and says in comments what may be changed. */
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { save } from '../disk.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import type { Host } from '../host.ts'

interface Options {
  readonly force?: boolean
  readonly quiet?: boolean
}

export function init(file: string, options: Options, host: Host): ExitCode {
  const path = resolve(host.cwd, file)
  const text = starter(schemaFor(path, host))
  if (file === '-') {
    host.stdout.write(text)
    return exit.answered
  }
  if (host.disk.exists(path) && !options.force) {
    throw new UsageError(`${file} is already there`, 'choose another name, or replace it with --force')
  }
  save(file, text, host)
  if (!options.quiet) host.stderr.write(`wrote ${file}\n  next: clusterwise run ${file}\n`)
  return exit.answered
}

/** Relative where the schema lies below the file (node_modules), so that the line also works for colleagues. */
function schemaFor(path: string, host: Host): string {
  const schema = join(host.scenarios, '..', 'schema', 'scenario.schema.json')
  const way = relative(dirname(path), schema)
  return way.startsWith('..') || isAbsolute(way) ? schema : `./${way}`
}

const starter = (schema: string): string => `# yaml-language-server: $schema=${schema}
#
# A scenario: which cluster trains which model, and how. Run it with
#   clusterwise run THIS-FILE
# and ask any number why with
#   clusterwise explain THIS-FILE mfu

name: Llama 3 8B on 64 H100s

# Start from the catalog (clusterwise list) or from files of your own. Later ones win, this file wins over all.
extends:
  - clusters/dgx-h100
  - models/llama3-8b
  - software/megatron-core-2024

cluster:
  gpus: 64
  # What you know better than the catalog goes here, in words with units:
  # scale_out: { bandwidth: 400 Gb/s, oversubscription: 2 }

training:
  sequence_length: 8192
  global_batch: 512      # sequences per step
  micro_batch: 1         # sequences per GPU and pass
  tokens: 1T
  precision: bf16        # or fp16, fp8, tf32, fp32, fp64
  recompute: none        # or selective, full

parallel:
  tp: 2                  # tensor parallel
  sp: true               # its norms and residuals are split too
  pp: 1                  # pipeline stages
  cp: 1                  # context parallel, for long sequences
  dp: auto               # what remains of the GPUs
  zero: 1                # optimizer state is sharded; 3 or fsdp shards the weights

# economics:
#   price: 2.5 USD/h     # per GPU
# reliability:
#   checkpoint: 60 s     # how long all wait while a checkpoint is written
`
