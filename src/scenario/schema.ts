/**
 * What may be written in a scenario: every key, its unit, its default and its meaning, declared once. Types, messages,
 * the JSON Schema and the reference page come out of it.
 *
 * A file may be a fragment (the catalog is made of them), so nothing is required here: what a whole scenario must say is
 * in `complete.ts`. Defaults that are physics stand in the catalog entry `calibrations/default`, each with its source.
 */
import * as z from 'zod'
import { attentionKernels, datatypes } from '../engine/job.ts'
import { optimizerKinds } from '../engine/optimizer/kinds.ts'
import { phaseKinds } from '../engine/phases/rollout.ts'
import { cpModes, recomputeModules, recomputes, schedules, vocabularyPlaces } from '../engine/strategy.ts'
import {
  choice,
  count,
  factor,
  flag,
  orWord,
  quantity,
  section,
  share,
  shareOfRate,
  shorthand,
  text,
} from './fields.ts'

const rateOf = (datatype: string) =>
  quantity(
    'flopPerSecond',
    `Dense peak in ${datatype}, without sparsity. Leave it out where the chip has none.`,
  ).optional()

const heldOf = (datatype: string) =>
  shareOfRate(`Share of the ${datatype} peak that large matmuls hold through a long training run.`).optional()

const each = <K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>

const gpu = section('One accelerator.', {
  name: text('Name of the accelerator.').optional(),
  vendor: text('Who makes it.').optional(),
  peak: section('Dense peak rate by datatype.', each(datatypes, rateOf)).prefault({}),
  hbm: section('Memory of one GPU.', {
    capacity: quantity('bytes', 'Memory that a process can use, in full.', { from: 1e6 }).optional(),
    bandwidth: quantity('bytesPerSecond', 'Peak rate of that memory, as the vendor states it.').optional(),
  }).prefault({}),
  multiprocessors: count(
    'Streaming multiprocessors, compute units or matrix cores: what a wave of tiles fills.',
  ).optional(),
  tdp: quantity('watts', 'Power of one accelerator under full load.').optional(),
  price: quantity('usdPerSecond', 'Price of one GPU-hour, such as 2.5 USD/h.', { from: 0 }).optional(),
  link_peak: quantity(
    'bytesPerSecond',
    'Physical rate of all its scale-up links together, in one direction. Catches a link rate given for both directions.',
  ).optional(),
  sustained: section('What a long training run reaches of the peaks.', {
    matmul: section('Share of the dense peak by datatype.', each(datatypes, heldOf)).prefault({}),
    attention: section(
      'Share of the bf16 peak by attention kernel, counting only the FLOP that a causal mask leaves.',
      each(attentionKernels, (kernel) =>
        shareOfRate(`Share of the bf16 peak that ${kernel} attention reaches.`).optional(),
      ),
    ).prefault({}),
    memory: shareOfRate('Share of the memory bandwidth that streaming kernels reach.').optional(),
  }).prefault({}),
  reserved: quantity('bytes', 'Memory taken by driver context and communicators before the first tensor.', {
    from: 0,
  }).optional(),
  calibration: choice(
    ['fitted', 'own', 'estimated'],
    'Whether `sustained` was fitted to whole training runs, to your own (`clusterwise calibrate`), or is an estimate. Default: estimated.',
  ).default('estimated'),
}).prefault({})

const scaleUp = section('What joins the GPUs of one domain: NVLink, xGMI, ICI.', {
  name: text('Name of the link.').optional(),
  bandwidth: quantity(
    'bytesPerSecond',
    'Link rate of one GPU in one direction: half of the figure that vendors print.',
  ).optional(),
  domain: count('GPUs that this link joins. Default: gpus_per_node.').optional(),
  topology: choice(
    ['switch', 'mesh', 'torus'],
    'Through a switch, each to each, or along axes. Default: switch.',
  ).default('switch'),
  axes: count('Axes of a torus. Default: 1.').default(1),
  efficiency: shareOfRate(
    'Bus bandwidth of a large ring collective over the link rate. Default 0.8: nccl-tests on DGX H100, 361 of 450 GB/s.',
  ).default(0.8),
  reduction_efficiency: factor(
    'The same for an all-reduce done in the switch (NVLink SHARP); above 1 where it saves traffic. Default 0: there is none.',
    { from: 0, to: 2 },
  ).default(0),
  reduction_ranks: count('Ranks from which the switch does it. Default 5: NCCL asks for more than 4.').default(5),
  all_to_all_efficiency: factor(
    'Rate of a large all-to-all over that of a ring. Default 0.96: 8 H100 and 4 to 72 GB300 in OpenXLA, collective_interpolator_data.h.',
    { from: 0.01, to: 2 },
  ).default(0.96),
  latency: quantity('seconds', 'Time of one step of a ring. Default 3.4 µs: NCCL tuning.cc, Simple protocol, NVLink.', {
    from: 0,
  }).prefault('3.4 µs'),
}).prefault({})

const scaleOut = section('What joins the domains: InfiniBand, RoCE, EFA.', {
  name: text('Name of the network.').optional(),
  bandwidth: quantity('bytesPerSecond', 'Network rate of one GPU in one direction, such as 400 Gb/s.').optional(),
  topology: choice(['rail', 'fat-tree'], 'Rail-optimised, or plain fat tree. Default: rail.').default('rail'),
  efficiency: shareOfRate(
    'Bus bandwidth of a large collective over the network rate. Default 0.9: nccl-tests reaches 46 of 50 GB/s.',
  ).default(0.9),
  oversubscription: factor('Rate into a block over rate out of it; 1 is non-blocking. Default: 1.', {
    from: 1,
  }).default(1),
  pod: count(
    'GPUs under one non-blocking block. Default: 32 × gpus_per_node with rails, 4 × gpus_per_node in a fat tree.',
  ).optional(),
  latency: quantity('seconds', 'Time of one step of a ring. Default 14 µs: NCCL tuning.cc, Simple protocol, network.', {
    from: 0,
  }).prefault('14 µs'),
}).prefault({})

const cluster = section('The machine.', {
  name: text('Name of the cluster.').optional(),
  gpus: count('GPUs that train.').optional(),
  gpus_per_node: count('GPUs in one node. Default: 8.').default(8),
  node_power: quantity(
    'watts',
    'Power of one node under full load, without cooling. Default: gpus_per_node × 1.8 × tdp, as DGX H100 has 10.2 kW for 8 × 700 W.',
  ).optional(),
  gpu,
  scale_up: scaleUp,
  scale_out: scaleOut,
}).prefault({})

const model = section('The network to be trained.', {
  name: text('Name of the model.').optional(),
  kind: choice(['decoder', 'encoder'], 'Decoders attend causally, encoders both ways. Default: decoder.').default(
    'decoder',
  ),
  attention: choice(['causal', 'bidirectional'], 'Overrides what `kind` says.').optional(),
  layers: count('Layers: attention and feed-forward each, or with a pattern one block each.', {
    from: 1,
    to: 10_000,
  }).optional(),
  pattern: text(
    'One letter for each layer, repeated until all have one, where a layer is one block: M Mamba-2, * attention, - MLP, E experts (as in Megatron-LM and Nemotron-H), L LSTM, C convolution. In quotes where it begins with * or -. Left out: every layer is attention and feed-forward.',
  ).optional(),
  hidden: count('Width of the residual stream.').optional(),
  heads: count('Query heads.').optional(),
  kv_heads: count('Key and value heads. Default: heads.').optional(),
  head_dim: count('Width of one head. Default: hidden / heads.').optional(),
  ffn: count('Inner width of the MLP. Default: 4 × hidden.').optional(),
  gated: flag('Does the MLP have a gate (SwiGLU, GeGLU)? Default: false.').default(false),
  norm: choice(['layernorm', 'rmsnorm'], 'Kind of norm. Default: layernorm.').default('layernorm'),
  norms_per_layer: count('Norms in one layer. Default: 2.', { from: 0 }).default(2),
  qk_norm: flag('A norm over each head of query and key. Default: false.').default(false),
  bias: choice(['none', 'qkv', 'all'], 'Which linear layers have a bias. Default: none.').default('none'),
  dropout: flag('Is dropout applied? Default: false.').default(false),
  vocabulary: count('Rows of the embedding table.').optional(),
  predictions: count(
    'Tokens predicted at each position. Each beyond the first (multi-token prediction) runs the output layer once more; its layer is one of the layers. Default: 1.',
  ).default(1),
  tied_embeddings: flag('Do embedding and output share one table? Default: false.').default(false),
  positions: choice(
    ['rope', 'yarn', 'learned', 'alibi', 'none'],
    'Positional scheme; yarn is rotary, stretched for long sequences. Default: rope.',
  ).default('rope'),
  max_positions: count('Rows of the learned position table.').optional(),
  sliding_window: count(
    'Tokens that a windowed layer looks back. Left out: every layer sees the whole sequence.',
  ).optional(),
  global_every: count(
    'One layer in this many sees the whole sequence in spite of the window. Left out: none does.',
  ).optional(),
  token_types: count('Rows of the segment table (BERT: 2). Default: 0.', { from: 0 }).default(0),
  embedding_norm: flag('A norm after the embedding. Default: false.').default(false),
  final_norm: flag('A norm before the output matrix. Default: true.').default(true),
  pooler: flag("BERT's pooler over the first token. Default: false.").default(false),
  head_transform: flag(
    "BERT's dense layer and norm before the output matrix, and a bias on it. Default: false.",
  ).default(false),
  moe: section('Feed-forward blocks of which each token visits a few.', {
    experts: count('Experts of one layer.').optional(),
    top_k: count('Experts that a token visits.').optional(),
    ffn: count('Inner width of one expert.').optional(),
    latent: count(
      'Width of the narrower stream that routed experts work in, as in Nemotron 3 Super. Default 0: the width of the model.',
      { from: 0 },
    ).default(0),
    shared_ffn: count('Inner width of the experts that every token visits, together. Default: 0.', { from: 0 }).default(
      0,
    ),
    dense_layers: count('Leading layers with one dense block instead. Default: 0.', { from: 0 }).default(0),
    every: count('Of the other layers one in this many has experts. Default: 1.').default(1),
    bias: flag('Do the experts have biases, as in GPT-OSS? Default: false.').default(false),
    clamp: flag('Are gate and value clamped before the activation, as in GPT-OSS? Default: false.').default(false),
    imbalance: factor('Rows of the fullest rank over the mean; 1 where balance is forced. Default: 1.', {
      from: 1,
    }).default(1),
  }).optional(),
  mla: section('Multi-head latent attention: keys and values from one narrow vector (DeepSeek-V2).', {
    q_rank: count('Rank of the query projection; 0 where it is one matrix. Default: 0.', { from: 0 }).default(0),
    kv_rank: count('Rank of keys and values.').optional(),
    nope_head_dim: count('Channels of a head without position.').optional(),
    rope_head_dim: count('Channels of a head with rotary position.').optional(),
    v_head_dim: count('Channels of a head of the values.').optional(),
  }).optional(),
  mamba: section('State-space layers: Mamba-2.', {
    state: count('Numbers that each channel carries from token to token (d_state).').optional(),
    expand: factor('Channels of the scan over hidden. Default: 2.', { above: 0 }).default(2),
    head_dim: count('Channels of one head. Default: 64.').default(64),
    heads: count('Heads. Default: expand × hidden / head_dim.').optional(),
    groups: count('Groups of heads that share what is written to and read from the state. Default: 1.').default(1),
    conv: count('Taps of the short convolution (d_conv). Default: 4.').default(4),
    chunk: count('Tokens that are mixed at once, by matmuls. Default: 256.').default(256),
  }).optional(),
  lstm: section('Recurrent layers: one token after another.', {
    cells: count(
      'Memory cells. Default: hidden; where it is another number, a projection to hidden follows and feeds the recurrence.',
    ).optional(),
  }).optional(),
  convolution: section('Convolutions along the sequence.', {
    kernel: count('Taps.').optional(),
    channels: count(
      'Channels of the filters, between two pointwise products (ByteNet). Left out: they work on the stream itself.',
    ).optional(),
    groups: orWord('depthwise', 'count', 'Groups of channels that see only one another. Default: 1.', {
      from: 1,
      whole: true,
    }).default(1),
    gated: flag('Do the filters make a gate as well (gated linear units)? Default: false.').default(false),
  }).optional(),
  parameters: count('The published number of parameters. Documentation: ours is counted from the shape.').optional(),
}).prefault({})

const perElement = (what: string) =>
  quantity('bytes', `Bytes of one ${what}. Default: what the precision says.`, { from: 0 }).optional()

const training = section('What is trained, and in what precision.', {
  sequence_length: count('Tokens of one sequence.').optional(),
  document_length: count(
    'Tokens of the documents packed into a sequence, each attending to itself alone. Left out: one document fills it.',
  ).optional(),
  global_batch: count('Sequences of one step, over all GPUs.').optional(),
  micro_batch: count('Sequences that a rank takes at a time. Default: 1.').default(1),
  tokens: quantity('tokens', 'Tokens of the whole run, such as 15.6T. Or say steps.', {
    from: 1,
    whole: true,
  }).optional(),
  steps: count(
    'Steps of the whole run. Or say tokens. Neither: 20 tokens per parameter (Hoffmann et al. 2022).',
  ).optional(),
  precision: choice(
    ['bf16', 'fp16', 'fp8', 'fp8-blockwise', 'mxfp8', 'nvfp4', 'tf32', 'fp32', 'fp64'],
    'Recipe: datatype of the matmuls, and the bytes that weights, gradients and optimizer take. Default: bf16.',
  ).default('bf16'),
  bytes: section('Bytes per parameter or element, where they differ from the recipe.', {
    weights: perElement('weight'),
    gradients: perElement('gradient as kept between micro-batches'),
    gradients_on_wire: perElement('gradient as sent by the data-parallel reduction'),
    master: perElement('weight of the master copy'),
    optimizer_state: perElement("parameter's optimizer state, without master copy"),
    activations: perElement('activation'),
  }).prefault({}),
  optimizer: choice(
    optimizerKinds,
    'Optimizer. sgd has momentum, adafactor has none; muon leaves embedding, head and norms to AdamW. Default: adamw.',
  ).default('adamw'),
  preconditioner: section('Of shampoo and soap.', {
    block: count(
      'Widest side that is preconditioned as one: shampoo cuts matrices into such blocks, soap leaves wider sides alone. Default: 1024 and 10,000.',
    ).optional(),
    every: count('Steps from one decomposition to the next. Default: 100 for shampoo, 10 for soap.').optional(),
  }).prefault({}),
  recompute: choice(
    recomputes,
    'What is computed again instead of kept: nothing, the core of attention, or the whole layer. Default: none.',
  ).default('none'),
  recompute_modules: z
    .array(choice(recomputeModules, 'Part of a layer.'))
    .meta({
      description: 'What selective recomputation computes again. Default: the core of attention, where it is unfused.',
    })
    .optional(),
  lora_rank: count('Rank of low-rank adapters on a frozen model. Left out: every weight is trained.').optional(),
  loss: choice(
    ['fused', 'eager', 'unfused'],
    'Cross entropy: one kernel, PyTorch in fp32, or a vocabulary-parallel chain in fp32. Default: fused.',
  ).default('fused'),
}).prefault({})

const parallel = section('How the work is spread over the GPUs.', {
  tp: count('Tensor-parallel ranks. Default: 1.').default(1),
  sp: flag(
    'Megatron sequence parallelism: norms and residuals are split over the tp ranks too. Default: false.',
  ).default(false),
  cp: count('Context-parallel ranks: each takes a part of every sequence. Default: 1.').default(1),
  cp_mode: choice(cpModes, 'How they exchange keys and values. Default: ring.').default('ring'),
  ep: count('Expert-parallel ranks: each holds a part of the experts. Default: 1.').default(1),
  etp: count('Ranks that share the width of one expert. Default: 1.').default(1),
  pp: count('Pipeline stages. Default: 1.').default(1),
  vpp: count('Chunks of layers on each stage. Default: 1, or 2 where the schedule is a V.').optional(),
  schedule: choice(
    schedules,
    'Order of the passes. v-min, v-half and zb-v take two chunks a stage, down the stages and back. Default: interleaved if vpp > 1, otherwise 1f1b.',
  ).optional(),
  vocabulary: choice(
    vocabularyPlaces,
    'Embedding and output matrix: at the ends of the pipeline, or in equal parts on all stages. Default: ends.',
  ).default('ends'),
  dp: orWord('auto', 'count', 'Data-parallel ranks. Default auto: gpus / (tp · cp · pp).', {
    from: 1,
    whole: true,
  }).default('auto'),
  zero: z
    .literal([0, 1, 2, 3, 'fsdp', 'hsdp'])
    .meta({
      description:
        'What data-parallel ranks shard: 1 the optimizer state, 2 gradients too, 3 weights too. fsdp is 3; hsdp is 3 within shard_group. Default: 0.',
    })
    .default(0),
  shard_group: count(
    'Data-parallel ranks that shard together; groups hold replicas. Default: dp · cp; for hsdp those of one scale-up domain.',
  ).optional(),
  layers_per_stage: z
    .array(count('Layers of this stage.', { from: 0 }))
    .min(1)
    .meta({
      description:
        'Layers of each stage (pp entries) or chunk in model order (pp · vpp entries). Left out: as even as can be.',
    })
    .optional(),
  overlap: section('Which communication hides behind compute. Software stacks of the catalog set these.', {
    tp: flag('Tensor-parallel communication, cut up and hidden behind its own matmuls. Default: false.').default(false),
    gradients: flag('The reduction of gradients, behind the last backward pass. Default: false.').default(false),
    weights: flag('The gathering of weights, behind the first forward pass. Default: false.').default(false),
    pp: flag('Transfers between stages. Default: false.').default(false),
  }).prefault({}),
}).prefault({})

const software = section('The training stack as documented facts.', {
  name: text('Name and version of the stack.').optional(),
  year: factor('When this version was current: 2024.5 is the middle of 2024.', { from: 2015, to: 2100 }).optional(),
  attention: choice(
    attentionKernels,
    'Attention kernel. Default: the fastest that the accelerator has a rate for.',
  ).optional(),
  elementwise: choice(
    ['fused', 'eager'],
    'Norms, residuals and activations in few fused kernels, or one kernel per operator. Default: fused.',
  ).default('fused'),
  norms: choice(['fused', 'eager'], 'The same of the norms alone. Default: software.elementwise.').optional(),
  logits: choice(
    ['split', 'gathered'],
    'Loss of the part of the vocabulary that a tensor-parallel rank has, or of gathered logits. Default: split.',
  ).default('split'),
  tensors: choice(
    ['megatron', 'dtensor', 'xla'],
    'What splits layers over ranks: modules of their own, distributed tensors of PyTorch with its pipeline, or the compiler, which plans memory too. Default: megatron.',
  ).default('megatron'),
  recompute_stops: flag(
    'Does full recomputation stop before the last product of a layer, which backward does not need (PyTorch from 2.1 on)? Default: false.',
  ).default(false),
  own_gradients: flag(
    'Does autograd keep 16-bit gradients beside the fp32 sums and flat copies of them (DeepSpeed)? Default: false.',
  ).default(false),
  offloaded: share(
    'Of what is kept for backward, the share that waits in host memory; its transfers are taken as hidden. Default: 0.',
  ).default(0),
  buffers: quantity('bytes', 'Set aside for buckets of gradients and weights. Default: 0 B.', { from: 0 }).prefault(
    '0 B',
  ),
  fragmentation: share(
    'Lost to gaps between tensors under a pipeline or recomputation, as a share of those that come and go. Default: calibration.fragmentation, or fragmentation_before of a stack until 2023.',
  ).optional(),
  host: quantity('seconds', 'Time the host needs to issue one layer in one pass. CUDA graphs make it 0.', {
    from: 0,
  }).optional(),
  moe: section('How tokens reach their experts.', {
    dispatcher: choice(
      ['alltoall', 'deepep', 'hybridep', 'einsum'],
      'NCCL with a copy of each token per expert, one copy per rank (DeepEP, HybridEP), or products with a mask (GShard). Default: alltoall.',
    ).default('alltoall'),
    permute: choice(
      ['unfused', 'fused'],
      'Sorting tokens by expert in several kernels or in one. Default: unfused.',
    ).default('unfused'),
    hidden: share('Share of the exchange that runs behind compute. Default: 0.').default(0),
    host: quantity(
      'seconds',
      'Time the host needs to issue one layer with experts, in one pass. Default: software.host.',
      { from: 0 },
    ).optional(),
    host_per_expert: quantity('seconds', 'And for each expert of a rank. Default: 0 s.', { from: 0 }).prefault('0 s'),
    fixed_rows: flag(
      'Do all experts take the same number of rows (a capacity)? Then the host need not wait to learn it. Default: false.',
    ).default(false),
  }).prefault({}),
  cuda_graphs: flag('Are layers replayed as CUDA graphs? Then the host costs nothing. Default: false.').default(false),
  tp_rate: shareOfRate(
    'Rate of tensor-parallel collectives over that of a stack tuned for the machine. Default: 1.',
  ).default(1),
  dp_rate: shareOfRate('The same of data-parallel collectives. Default: 1.').default(1),
  sharded_pieces: count(
    'Collectives in which ZeRO 2 and 3 move one layer: 1 where its tensors travel as one (FSDP), else as many as it has. Default: 1.',
  ).default(1),
  step_overhead: quantity('seconds', 'Once a step: data, loss, gradient norm, logging.', { from: 0 }).optional(),
  contention: factor('Slow-down of compute while a collective runs beside it, as a share.', {
    from: 0,
    to: 1,
  }).optional(),
}).prefault({})

const reliability = section('How often it fails, and what that costs.', {
  failures: quantity('perSecond', 'Failures of the job per GPU, such as 2e-5 /h.', { from: 0 }).optional(),
  checkpoint: quantity('seconds', 'How long all GPUs wait while a checkpoint is written.', { from: 0 }).optional(),
  restart: quantity('seconds', 'From failure until training goes on.', { from: 0 }).optional(),
  checkpoint_interval: orWord('auto', 'seconds', 'Time between checkpoints. Default auto: the best one (Young 1974).', {
    above: 0,
  }).default('auto'),
}).prefault({})

const economics = section('What it costs. Say a price, or capex and lifetime.', {
  price: quantity('usdPerSecond', 'Price of one GPU-hour, energy included. Default: cluster.gpu.price.', {
    from: 0,
  }).optional(),
  capex: quantity(
    'usd',
    'What one GPU costs with its share of node, network and building; energy is then paid apart.',
    {
      from: 0,
    },
  ).optional(),
  lifetime: quantity('seconds', 'Time over which capex is written off, such as 4 years.').optional(),
  pue: factor('Power of the building over power of the nodes, at least 1.', { from: 1 }).optional(),
  energy_price: quantity('usdPerJoule', 'Price of energy, such as 0.08 USD/kWh.', { from: 0 }).optional(),
}).prefault({})

const time = (description: string) => quantity('seconds', description, { from: 0 }).optional()
const part = (description: string) => share(description).optional()
const partOfRate = (description: string) => shareOfRate(description).optional()
const rate = (description: string) => factor(description, { above: 0 }).optional()
const plain = (description: string) => factor(description).optional()

const calibration = section('Constants of the performance model that belong to no chip.', {
  matmul_half_depth: plain('Inner dimension at which a matmul tile reaches half its rate: prologue and epilogue.'),
  matmul_tile_loss: plain('Loss of narrower tiles.'),
  matmul_wave_weight: part('Weight of whole waves against a perfectly spread tail.'),
  kernel: time('Launch and ramp of one kernel.'),
  attention_half_sequence: plain('Sequence length at which attention reaches half its rate.'),
  attention_half_blocks: plain('Row blocks per multiprocessor at which attention reaches half its rate.'),
  attention_backward_rate: rate('Backward rate of attention over its forward rate.'),
  attention_exponentials: time(
    'Time of a multiprocessor for the exponentials that come with one FLOP of attention at 128 channels.',
  ),
  attention_context_parallel: rate('Rate of attention under context parallelism, over the rate without.'),
  unaligned_attention_rate: rate('The same for heads whose width in bytes is no multiple of 16.'),
  unfused_attention_rate: rate('Rate of the batched matmuls of unfused attention over that of large matmuls.'),
  attention_latent_rate: rate('Rate of attention with keys and values of different widths, over that with equal ones.'),
  scan_rate: partOfRate('Rate of the kernels of a chunked scan (Mamba-2) over what compute and memory would allow.'),
  scan_backward_rate: rate('Backward rate of such a scan over its forward rate.'),
  recurrent_step: time('Time of one step of a recurrence whose weights stay on the chip.'),
  recurrent_launch: time('Time of one step of a recurrence that is launched step by step.'),
  recurrent_weights: quantity('bytes', 'Weights that one multiprocessor keeps in its registers.', {
    from: 0,
  }).optional(),
  grouped_memory_rate: rate('Memory rate of grouped matmuls over that of large ones.'),
  group: time('Time per expert of a grouped matmul.'),
  eager_traffic: plain('Memory traffic of one kernel per operator over that of fused kernels.'),
  collective: time('Fixed cost of one collective.'),
  ramp: time('Time on the wire of a message that moves at half the rate.'),
  crossing_step: time('Time of one step inside a domain of a ring that crosses domains.'),
  tree_step: time('Time of one step of a tree.'),
  tree_efficiency: partOfRate('Bandwidth of a tree over that of a ring.'),
  in_network: time('Time of a reduction in the switch.'),
  all_to_all_peer: time('Time of an all-to-all per rank it talks to.'),
  point_to_point: time('Fixed cost of one transfer between stages.'),
  tp_hidden: part('Share of tensor-parallel communication that a stack with overlap hides.'),
  tp_backward_hidden: part("Share of it that Megatron's backward hides behind matmuls without further ado."),
  cp_exposed: part('Share of context-parallel communication that stays exposed even behind long attention.'),
  dp_exposed: part('Share of data-parallel communication that stays exposed even under a long window.'),
  dp_window: part('Share of the window in which data-parallel communication can hide.'),
  pp_blocking: part('Share of a stage-to-stage transfer that blocks the sender.'),
  pp_blocking_overlapped: part('The same with overlap.'),
  stragglers_per_doubling: part('Growth of the step per doubling of nodes.'),
  fragmentation: part('Lost to gaps between tensors, as a share of those that come and go.'),
  fragmentation_before: part(
    'The same of stacks until 2023, without expandable segments, where a pipeline or recomputation mixes the order.',
  ),
  communicator: quantity('bytes', 'Buffers of one more group of ranks.', { from: 0 }).optional(),
  modules_before: quantity('bytes', 'Kernels that stacks before March 2023 load at the start, used or not.', {
    from: 0,
  }).optional(),
}).prefault({})

/**
 * How a source counts the FLOP of a step: attention by the causal half or in full; `hardware` adds what full
 * recomputation repeats (Narayanan et al. 2021, equation 3); `palm-6n` is six per parameter, embeddings included, plus
 * attention (Chowdhery et al. 2022, appendix B); `lora-two-thirds` leaves out the weight gradients of a frozen model.
 */
export const flopConventions = [
  'causal',
  'full',
  'hardware',
  'palm-6n',
  'palm-6n-causal',
  'lora-two-thirds',
  'unknown',
] as const
export type FlopConvention = (typeof flopConventions)[number]

const measured = section('What someone measured and published for this very scenario.', {
  id: text('Short name of the row.').optional(),
  source_key: text('Name under which runs of one source are summed up.').optional(),
  step_time: quantity('seconds', 'Time of one step.').optional(),
  tokens_per_second_per_gpu: quantity('tokensPerSecond', 'Throughput of one GPU, such as 400 tokens/s.').optional(),
  flop_per_second_per_gpu: quantity('flopPerSecond', 'Throughput of one GPU, by the convention given.').optional(),
  mfu: share('Model FLOPs utilization, by the convention given.').optional(),
  hfu: share('Hardware FLOPs utilization, by the convention given.').optional(),
  flop_convention: choice(flopConventions, 'How the source counts FLOP. Default: unknown.').optional(),
  peak: quantity('flopPerSecond', 'Peak that its MFU refers to. Default: the bf16 peak of the GPU.').optional(),
  printed: z
    .array(z.string())
    .meta({ description: 'Which of these the source prints; the rest is arithmetic on them.' })
    .optional(),
  memory_peak: quantity('bytes', 'Peak memory of the fullest GPU.').optional(),
  memory_kind: choice(
    ['allocated', 'reserved', 'device'],
    'What that counts: tensors, what the allocator holds, or all that the driver reports. Default: allocated.',
  ).optional(),
  trust: choice(['A', 'B', 'C'], 'How well the run is documented; C: incomplete or doubtful.').optional(),
  suspect: text('Why the row is doubtful.').optional(),
  unsupported: text('Why the run cannot be predicted yet; it is reported, not simulated.').optional(),
  inferred: z
    .array(z.string())
    .meta({ description: 'Paths of the scenario that the source does not state and that we had to assume.' })
    .optional(),
  notes: text('What a reader should know.').optional(),
}).optional()

/** Nobody reads more; what a hostile file costs is bounded. */
const mostChecks = 200

const check = shorthand(
  'expr',
  section('Something that must hold, short (`mfu >= 38%`) or long.', {
    expr: text(
      'A comparison of metrics, inputs and numbers with units; or with max_increase or max_decrease, a number.',
    ).optional(),
    severity: choice(['error', 'warning'], 'Whether it stops a pull request or is only said. Default: error.').default(
      'error',
    ),
    reason: text('Why it must hold; printed where it does not.').optional(),
    max_increase: factor('How far the number may rise over the baseline, such as 5 %.').optional(),
    max_decrease: factor('How far the number may fall below the baseline, such as 5 %.').optional(),
  }),
)

const checks = z
  .array(check)
  .max(mostChecks)
  .meta({ description: 'What must hold for this plan: asked by `clusterwise check`.' })
  .optional()

/** Nobody reads more; what a hostile file costs is bounded. */
const mostPhases = 20

const rollout = section('Of a phase of reinforcement learning: how responses are made and learnt from (GRPO).', {
  prompts: count('Prompts of one rollout.').optional(),
  group: count('Responses to each prompt, judged against one another. Default: 16.').default(16),
  prompt_length: count('Tokens of a prompt, on average.').optional(),
  response_length: count('Tokens of a response, on average.').optional(),
  longest_response: count(
    'Tokens of the longest response of a rollout, which is waited for. Default: the average.',
  ).optional(),
  rollouts: count('Rollouts of the phase.').optional(),
  updates: count('Steps of the optimizer on the responses of one rollout. Default: 1.').default(1),
  forward_passes: count(
    'Forward passes over each response beside the update: the old policy and a reference. Default: 2.',
    { from: 0 },
  ).default(2),
  tp: count('Tensor-parallel ranks of the model while it generates. Default: 1.').default(1),
  ep: count('Expert-parallel ranks while it generates. Default: 1.').default(1),
  sequences: count(
    'Sequences that a rank decodes at a time, at most. Left out: as many as fit beside the weights.',
  ).optional(),
})

const phases = z
  .array(
    section('One stretch of the life of a model: what it does not say is as the scenario says.', {
      kind: choice(phaseKinds, 'What the model learns from: text, examples, or its own responses.').default(
        'pretraining',
      ),
      name: text('Its name in the report. Default: its kind.').optional(),
      gpus: count('GPUs of this phase. Default: cluster.gpus.').optional(),
      training,
      parallel,
      rollout: rollout.optional(),
    }),
  )
  .min(1)
  .max(mostPhases)
  .meta({
    description: 'The life of a model, phase by phase: `clusterwise run` adds them up. Left out: one of pretraining.',
  })
  .optional()

/** Names as in src/growth/, which this room does not know; `cli/growth/question.ts` fails to compile where they differ. */
const growth = section('From compute to a model: asked by absorb, grow and compare-paradigms.', {
  time: quantity(
    'seconds',
    'How long the cluster trains. Default: 90 days, a long run of 2024 (Epoch AI: rarely above half a year).',
  ).prefault('90 days'),
  gpus: count('GPUs that may be used. Default: what budget and power allow, or else cluster.gpus.').optional(),
  budget: quantity(
    'usd',
    'Money for GPUs: owned at economics.capex where that is given, else rented at the price.',
  ).optional(),
  power: quantity('watts', 'Power of the site; a GPU draws its share of the node times the PUE.').optional(),
  architecture: choice(
    ['transformer', 'encoder', 'moe', 'convolution', 'lstm', 'mamba', 'hybrid'],
    'Family of the model. Default: that of the scenario: moe if it has experts, what its pattern says, encoder if it is one, else transformer.',
  ).optional(),
  active_fraction: share(
    'Active over all parameters of a mixture. Default: that of the model if it has experts, else 3.5 % (Ling team 2025, arXiv:2507.17702).',
  ).optional(),
  optimizer: choice(optimizerKinds, 'Default: training.optimizer.').optional(),
  objective: choice(
    ['next-token', 'masked', 'replaced-token', 'diffusion'],
    'What the model is asked. Default: masked for encoders, else next-token.',
  ).optional(),
  surface: choice(
    ['besiroglu', 'hoffmann', 'hoffmann-printed', 'muennighoff', 'llama-3', 'deepseek'],
    'Law of the loss; llama-3 and deepseek say how compute is shared between model and data, and no loss. Default: besiroglu (Besiroglu et al. 2024, arXiv:2404.10102).',
  ).default('besiroglu'),
  data: orWord(
    'unlimited',
    'tokens',
    'Unique tokens there are. Default: 300T, effective public text (Villalobos et al. 2024, arXiv:2211.04325).',
    {
      from: 1,
    },
  ).prefault('300T'),
  data_policy: choice(
    ['standard', 'regularized'],
    'regularized: 30 × weight decay and ensembles (Kim et al. 2025, arXiv:2509.14786). Default: standard.',
  ).default('standard'),
  epochs: factor('How often the data may be read at most. Left out: as often as pays.', { above: 0 }).optional(),
  effort: choice(
    ['perfect', 'none', 'laws', 'transfer'],
    'Search for learning rate and batch. Default: laws, 1 % of the compute (Li et al. 2025, arXiv:2503.04715).',
  ).default('laws'),
  batch_law: choice(
    ['power-lines', 'zhang', 'zhang-noise', 'step-law', 'deepseek', 'moonlight', 'cube-root', 'kaplan', 'constant'],
    'Law of the critical batch. Default: power-lines (Bergsma et al. 2025, arXiv:2505.13738).',
  ).default('power-lines'),
  batch_tokens: quantity('tokens', 'Largest batch. Left out: as large as pays.', { from: 1 }).optional(),
  shape: choice(
    ['aspect', 'levine'],
    'Depth and width of a size: width 128 × depth, or depth as the logarithm of width. Default: aspect.',
  ).default('aspect'),
}).prefault({})

export const scenarioSchema = section('A training run on a cluster, or a fragment of one.', {
  $schema: text('Where the JSON Schema of this file is, for editors.').optional(),
  name: text('Name of the scenario.').optional(),
  description: text('What it is for.').optional(),
  extends: z
    .union([z.string(), z.array(z.string())])
    .meta({
      description:
        'What this file builds on: files relative to it (ending in .yaml or .yml) or catalog entries such as clusters/dgx-h100. Later ones win over earlier ones, this file over all. Mappings merge; lists and values replace.',
    })
    .optional(),
  cluster,
  model,
  training,
  parallel,
  software,
  reliability,
  economics,
  phases,
  growth,
  calibration,
  measured,
  checks,
})

/** A scenario as merged and parsed: numbers in SI base units. */
export type Scenario = z.output<typeof scenarioSchema>
export type Measured = NonNullable<Scenario['measured']>
