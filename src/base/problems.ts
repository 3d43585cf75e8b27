/**
 * Every way a user can be wrong: what it means and the way out. `{name}` stands for a parameter. A golden case under
 * `tests/golden/problems/` shows each row at work; `explain CODE` prints it.
 */
interface Entry {
  readonly message: string
  readonly hint: string
}

export const problems = {
  // Files.
  'file/missing': {
    message: 'there is no file {file}',
    hint: 'check the spelling; a path in `extends` counts from the file that says it',
  },
  'file/outside': {
    message: '{file} lies outside {root}',
    hint: 'a scenario reads only files below that folder, and the catalog: copy the file to there, or widen it with --root',
  },
  'file/too-large': {
    message: '{file} has {size}; a scenario file may have {limit}',
    hint: 'a scenario is a few kB of settings: keep other data elsewhere',
  },
  'file/unreadable': {
    message: '{file} cannot be read: {reason}',
    hint: 'name a text file in UTF-8 that you may read',
  },

  // YAML.
  'yaml/syntax': {
    message: 'this is not valid YAML: {detail}',
    hint: 'check indentation, brackets and quotes here and on the line before',
  },
  'yaml/duplicate-key': {
    message: '`{key}` is said twice in the same mapping',
    hint: 'keep one of the two: a mapping has each key once',
  },
  'yaml/unknown-tag': {
    message: 'the tag {tag} has no meaning here',
    hint: 'remove it; to build on another file use `extends`',
  },
  'yaml/old-version': {
    message: 'this file asks for YAML {version}',
    hint: 'remove the %YAML line: scenarios are YAML 1.2, where no and off are words and 010 is ten',
  },
  'yaml/several-documents': {
    message: 'this file holds several documents; here a scenario is one',
    hint: 'remove the line `---`, or put each scenario into a file of its own',
  },
  'yaml/too-many-values': {
    message: 'this file holds more than {limit} values, aliases expanded',
    hint: 'a scenario has a few hundred: do not nest aliases; to share settings use `extends`',
  },
  'yaml/key': {
    message: 'a key must be a plain word, not {found}',
    hint: 'write `key: value` with a word as key',
  },
  'yaml/too-deep': {
    message: 'values are nested deeper than {limit} levels',
    hint: 'a scenario needs five levels: look for a bracket too many, or for an alias inside its own anchor',
  },

  // extends and --set.
  'extends/not-a-name': {
    message: '`extends` takes a name or a list of names, not {found}',
    hint: 'write it like `extends: [clusters/dgx-h100, ./base.yaml]`',
  },
  'extends/unknown-name': {
    message: 'the catalog has no entry {name}',
    hint: '{meant}',
  },
  'extends/cycle': {
    message: '`extends` goes round in a circle: {chain}',
    hint: 'take one of these files out of the circle',
  },
  'extends/too-deep': {
    message: '`extends` goes deeper than {limit} files',
    hint: 'extend the files that you need from one file, side by side',
  },
  'set/syntax': {
    message: '--set {text} is not of the form path=value',
    hint: 'write it like --set parallel.tp=4',
  },
  'set/path': {
    message: '--set cannot reach {path}: {reason}',
    hint: 'write the keys as they stand in a file, joined by points: parallel.layers_per_stage[0]',
  },

  // The shape of a scenario.
  'scenario/unknown-key': {
    message: 'unknown key `{key}` in {section}',
    hint: '{meant}',
  },
  'scenario/missing-key': {
    message: '{section} must say {keys}',
    hint: 'add {examples}, or extend a catalog entry that says it',
  },
  'scenario/wrong-type': {
    message: '{name} must be {expected}, not {found}',
    hint: '{way}',
  },
  'scenario/unknown-choice': {
    message: '{name} cannot be {found}',
    hint: '{meant}',
  },
  'scenario/out-of-range': {
    message: '{name} must be {asked}, not {found}',
    hint: '{about}',
  },
  'scenario/quantity-keys': {
    message: '{name} takes `value` and `source`, not `{key}`',
    hint: 'write a quantity as a word, or as `{ value: 80 GB, source: … }`',
  },

  // Quantities.
  'units/wrong-dimension': {
    message: '{name} must be {noun}, and {found} is {measures}',
    hint: '{meant}',
  },
  'units/unknown-unit': {
    message: '{name}: {found} has a unit that we do not know, {symbol}',
    hint: '{meant}',
  },
  'units/bare-number': {
    message: '{name} needs a unit, and {found} has none',
    hint: '{meant}',
  },
  'units/not-a-quantity': {
    message: '{name} must be {noun}, not {found}',
    hint: 'write it like {example}',
  },

  // Rules between fields.
  'cluster/both-directions': {
    message: 'scale_up.bandwidth is {bandwidth}, and all links of this GPU together carry {peak} in one direction',
    hint: 'vendors add up both directions: write the rate of one, such as {half}',
  },
  'cluster/whole-nodes': {
    message: '{gpus} GPUs do not fill nodes of {perNode}',
    hint: 'choose gpus as a multiple of gpus_per_node, such as {choices}',
  },
  'model/head-dim': {
    message: 'hidden {hidden} is not a multiple of {heads} heads',
    hint: 'correct one of them, or say head_dim',
  },
  'model/kv-heads': {
    message: '{kvHeads} key-value heads do not divide {heads} heads',
    hint: 'each key-value head serves as many query heads: choose kv_heads from {choices}',
  },
  'model/pattern-letter': {
    message: 'no kind of layer is called {letter}',
    hint: 'one letter a layer: M Mamba-2, * attention, - MLP, E experts, L LSTM, C convolution',
  },
  'model/pattern-length': {
    message: 'a pattern of {length} does not fill {layers} layers',
    hint: 'it is repeated until every layer has a letter: make model.layers a multiple of its length',
  },
  'model/pattern-leaves-out': {
    message: '`{section}` describes layers, and no layer is one of them',
    hint: 'put the letter {letter} into model.pattern, or set model.{section} to null',
  },
  'model/mamba-heads': {
    message: '{channels} channels do not fill heads of {headDim}',
    hint: 'choose mamba.head_dim so that it divides expand × hidden, or say mamba.heads',
  },
  'model/mamba-groups': {
    message: '{groups} groups do not divide {heads} heads',
    hint: 'every group has as many heads: choose mamba.groups so that it divides them',
  },
  'model/convolution-groups': {
    message: '{groups} groups do not divide {channels} channels',
    hint: 'every group has as many channels: choose convolution.groups so that it divides them',
  },
  'model/max-positions': {
    message: 'learned positions end at {maxPositions}, and sequences have {seqLen} tokens',
    hint: 'raise model.max_positions or shorten training.sequence_length',
  },
  'training/tokens-and-steps': {
    message: 'both tokens and steps are given',
    hint: 'keep one; set the other to null if it comes from a file you extend',
  },
  'training/lora-without-attention': {
    message: 'adapters of rank {rank} stand beside the projections of attention, and no layer has any',
    hint: 'leave training.lora_rank out, or choose a model.pattern with attention (*)',
  },
  'training/no-datatype': {
    message: 'precision {precision} needs {datatype}, and {gpu} has no peak rate in it',
    hint: 'choose a precision that the GPU has: {choices}',
  },
  'phases/no-rollout': {
    message: 'a phase of {kind} has no rollouts',
    hint: 'remove `rollout`, or say `kind: reinforcement`',
  },
  'phases/uneven-updates': {
    message: '{responses} responses cannot be shared out evenly to {updates} updates',
    hint: 'choose updates that divide prompts × group',
  },
  'phases/generation-tp': {
    message: '{tp} tensor-parallel ranks do not divide {gpus} GPUs and {heads} heads',
    hint: 'while it generates every rank holds whole heads: choose a tp that divides both',
  },
  'phases/generation-ep': {
    message: '{ep} expert-parallel ranks do not divide {gpus} GPUs and {experts} experts',
    hint: 'choose an ep that divides both; a model without experts has ep 1',
  },
  'economics/price-and-capex': {
    message: 'both price and capex are given',
    hint: 'say a price for rented GPUs, capex and lifetime for own ones; set the other to null if it is inherited',
  },

  // Checks.
  'check/syntax': {
    message: 'this check cannot be read: {detail}',
    hint: 'write it like `mfu >= 38%`, `memory.peak < 72 GB` or `run.cost <= 60 M USD and run.time <= 90 days`',
  },
  'check/too-long': {
    message: 'this check is longer than {limit}',
    hint: 'say it in several checks: all of them must hold',
  },
  'check/not-allowed': {
    message: 'a check may not use {what}',
    hint: 'it has numbers, metrics, numeric inputs, units, + - * / ^ %, comparisons, and, or, not, ( ), a ? b : c, min max ceil floor round abs sqrt log2 log10 log exp pow gcd lcm mod',
  },
  'check/unknown-name': {
    message: '`{name}` is no metric, input or unit',
    hint: '{meant}',
  },
  'check/wrong-dimension': {
    message: 'this check {deed}',
    hint: '{meant}',
  },
  'check/not-a-comparison': {
    message: '`{expr}` is a number, and a check must hold or fail',
    hint: 'compare it with a limit, or give it a max_increase or max_decrease against the baseline',
  },
  'check/budget-of-comparison': {
    message: '`{expr}` holds or fails, and {budget} limits how far a number may move',
    hint: 'leave {budget} out, or give `expr` a number such as step.time',
  },
  'check/no-value': {
    message: '`{name}` has no value in this scenario',
    hint: 'give it one, or leave the check out: no answer can come of it',
  },

  // Strategies that cannot run.
  'strategy/tp-splits-heads': {
    message: 'tp {tp} does not divide {heads} attention heads',
    hint: 'every rank holds whole heads: choose tp from {choices}',
  },
  'strategy/tp-splits-kv-heads': {
    message: 'tp {tp} neither divides {kvHeads} key-value heads nor is a multiple of them',
    hint: 'each rank holds whole key-value heads, or each head is copied to as many ranks: choose tp so that one divides the other',
  },
  'strategy/tp-splits-ffn': {
    message: 'tp {tp} does not divide the MLP width of {ffn}',
    hint: 'every rank holds an equal slice of the MLP: choose a tp that divides model.ffn',
  },
  'strategy/tp-splits-mamba': {
    message: 'tp {tp} does not fit {heads} Mamba heads in {groups} groups',
    hint: 'every rank holds whole heads, and whole groups or a copy of one: choose a tp that divides the heads and the groups, or is a multiple of the groups',
  },
  'strategy/tp-splits-cells': {
    message: 'tp {tp} does not divide {cells} cells of the LSTM',
    hint: 'every rank holds an equal part of the cells: choose a tp that divides model.lstm.cells',
  },
  'strategy/tp-splits-channels': {
    message: 'tp {tp} does not fit {channels} channels in {groups} groups of the convolution',
    hint: 'every rank holds an equal part of the channels, and whole groups: choose a tp that divides both, or one group',
  },
  'strategy/cp-through-recurrence': {
    message: 'cp {cp} splits each sequence, and an LSTM reads its tokens one after another',
    hint: 'set parallel.cp to 1: spread sequences over dp, cells over tp or layers over pp; or choose layers that mix tokens at once',
  },
  'strategy/sp-without-tp': {
    message: 'sp splits the norms over the tp ranks, and tp is 1',
    hint: 'set tp above 1, or sp to false',
  },
  'strategy/sp-splits-sequence': {
    message: 'tp {tp} times cp {cp} does not divide a sequence of {seqLen} tokens',
    hint: 'with sp every rank takes an equal part of the sequence: choose a tp and cp that divide it',
  },
  'strategy/cp-splits-sequence': {
    message: 'cp {cp} does not divide a sequence of {seqLen} tokens',
    hint: 'every rank takes an equal part of each sequence: choose a cp that divides training.sequence_length',
  },
  'strategy/ulysses-splits-heads': {
    message: 'cp {cp} times tp {tp} does not divide {heads} attention heads',
    hint: 'ulysses gives every rank whole heads: lower cp or tp, or choose cp_mode ring',
  },
  'strategy/ep-without-experts': {
    message: 'ep {ep} spreads experts, but the model has none',
    hint: 'set parallel.ep and parallel.etp to 1, or describe the experts under model.moe',
  },
  'strategy/ep-splits-experts': {
    message: 'ep {ep} does not divide {experts} experts',
    hint: 'every rank holds whole experts: ep must divide model.moe.experts',
  },
  'strategy/ep-folds': {
    message: 'ep {ep} × etp {etp} does not divide the {ranks} ranks of a pipeline stage',
    hint: 'experts fold over tp × cp × dp ranks: ep × etp must divide that number',
  },
  'strategy/etp-splits-ffn': {
    message: "etp {etp} does not divide an expert's width of {ffn}",
    hint: 'every rank holds whole columns: etp must divide model.moe.ffn',
  },
  'strategy/degrees-and-gpus': {
    message: 'tp {tp} × cp {cp} × pp {pp} × dp {dp} is {product}, and the cluster has {gpus} GPUs',
    hint: 'make the product equal to cluster.gpus; dp: auto takes what is left when tp × cp × pp divides it',
  },
  'strategy/micro-batch-divides': {
    message: 'a global batch of {globalBatch} does not split over dp {dp} into micro-batches of {microBatch}',
    hint: 'dp × training.micro_batch must divide training.global_batch',
  },
  'strategy/pp-exceeds-layers': {
    message: '{layers} layers do not fill the chunks of pp {pp} × vpp {vpp}',
    hint: 'every chunk holds a layer, but for the first (embedding) and the last (output): lower pp or vpp',
  },
  'strategy/interleaved-needs-pp': {
    message: 'vpp {vpp} cuts the layers of a pipeline stage, and there is no pipeline',
    hint: 'set pp above 1, or vpp to 1',
  },
  'strategy/interleaved-micro-batches': {
    message: 'the interleaved schedule runs micro-batches in groups of pp {pp}, and each rank has {microBatches}',
    hint: 'make global_batch / (dp × micro_batch) a multiple of pp',
  },
  'strategy/schedule-needs-vpp': {
    message: 'schedule {schedule} does not go with vpp {vpp}',
    hint: 'interleaved needs a vpp above 1, v-min, v-half and zb-v a vpp of 2, the other schedules a vpp of 1',
  },
  'strategy/dualpipe-pairs': {
    message: 'dualpipe runs from both ends: {pp} stages and {microBatches} micro-batches must both be even',
    hint: 'choose an even pp, and an even number of micro-batches for each rank',
  },
  'strategy/layers-per-stage': {
    message: 'layers_per_stage has {given} entries; this pipeline needs {expected}',
    hint: 'give one entry for each stage, or for each chunk (pp × vpp) in model order',
  },
  'strategy/layers-sum': {
    message: 'layers_per_stage adds up to {sum}, and the model has {layers} layers',
    hint: 'the entries must add up to model.layers',
  },
  'strategy/too-many-passes': {
    message: '{microBatches} micro-batches through {chunks} chunks are more than {limit} passes',
    hint: 'raise dp or training.micro_batch, or lower training.global_batch: the pipeline is played out pass by pass',
  },
  'strategy/shard-group': {
    message: 'shard groups of {shardRanks} do not divide {ranks} data-parallel ranks',
    hint: 'choose a shard_group that divides dp × cp',
  },
} as const satisfies Record<string, Entry>

export type ProblemCode = keyof typeof problems
