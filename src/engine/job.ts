/** What an engine must know. SI numbers only; the unit is in the name. `scenario/resolve.ts` makes a Job of a scenario. */
import type { OptimizerKind } from './optimizer/kinds.ts'

export const datatypes = ['fp64', 'fp32', 'tf32', 'bf16', 'fp16', 'fp8', 'fp4'] as const
export type Datatype = (typeof datatypes)[number]

export const attentionKernels = ['unfused', 'fa1', 'fa2', 'fa3', 'cudnn'] as const
export type AttentionKernel = (typeof attentionKernels)[number]

/** All that stays fixed while strategies vary. */
export interface Job {
  readonly model: ModelShape
  readonly cluster: Cluster
  readonly batch: Batch
  readonly precision: Precision
  readonly optimizer: Optimizer
  /** Absent: every weight is trained. */
  readonly adapter?: Adapter
  readonly software: Software
  readonly reliability: Reliability
  readonly economics: Economics
  readonly calibration: Calibration
}

export interface ModelShape {
  /** Causal attention computes half the square; bidirectional (encoders) the whole. */
  readonly causal: boolean
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly ffn: number
  readonly gated: boolean
  readonly norm: 'layernorm' | 'rmsnorm'
  readonly normsPerLayer: number
  /** A norm over each head of query and key (Qwen 3, Gemma 3). */
  readonly qkNorm: boolean
  readonly bias: 'none' | 'qkv' | 'all'
  readonly dropout: boolean
  readonly vocabulary: number
  /** Tokens predicted at each position: each beyond the first runs the output layer once more. */
  readonly predictions: number
  readonly tiedEmbeddings: boolean
  /** yarn: rotary, stretched and scaled for long sequences (Peng et al. 2023, arXiv:2309.00071). */
  readonly positions: 'rope' | 'yarn' | 'learned' | 'alibi' | 'none'
  /** Rows of the learned position table; 0 without one. */
  readonly maxPositions: number
  /** Rows of the segment table (BERT: 2); 0 without one. */
  readonly tokenTypes: number
  readonly embeddingNorm: boolean
  readonly finalNorm: boolean
  readonly pooler: boolean
  /** BERT's dense + norm before the output matrix, and a bias on it. */
  readonly headTransform: boolean
  /** Tokens that a windowed layer looks back; 0 means every layer sees the whole sequence. */
  readonly slidingWindow: number
  /** One layer in this many sees the whole sequence although there is a window; 0 means none does. */
  readonly globalEvery: number
  readonly moe?: MoeShape
  readonly mla?: MlaShape
  /** A letter for each layer, first to last (`lower/pattern.ts`). Absent: every layer is attention and feed-forward. */
  readonly pattern?: string
  readonly mamba?: MambaShape
  readonly lstm?: LstmShape
  readonly convolution?: ConvolutionShape
}

/** A block that mixes tokens through a state: Mamba-2 (Dao and Gu 2024, arXiv:2405.21060 §7). */
export interface MambaShape {
  readonly heads: number
  readonly headDim: number
  /** Numbers that each channel carries from token to token. */
  readonly state: number
  /** Heads of a group share what is written to and read from the state. */
  readonly groups: number
  /** Taps of the convolution before it. */
  readonly kernel: number
  /** Tokens that are mixed at once, by matmuls. */
  readonly chunk: number
}

/** One token after another: Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735. */
export interface LstmShape {
  /** Where there are not as many as the stream is wide, a projection follows (Sak et al. 2014, arXiv:1402.1128). */
  readonly cells: number
}

/** A convolution along the sequence. */
export interface ConvolutionShape {
  readonly kernel: number
  /** Of the convolution where pointwise products stand before and after it (ByteNet); 0 where it is all there is. */
  readonly channels: number
  /** Channels of a group see only one another; as many groups as channels: depthwise. */
  readonly groups: number
  /** It makes twice its channels, of which one half gates the other (Dauphin et al. 2016, arXiv:1612.08083). */
  readonly gated: boolean
}

/** Feed-forward blocks of which a token visits a few. */
export interface MoeShape {
  readonly experts: number
  readonly topK: number
  readonly ffn: number
  /** Width of the narrower stream that the routed experts work in (latent MoE); 0 where it is the model's own. */
  readonly latent: number
  /** Width of the experts that every token visits, together; 0 without. */
  readonly sharedFfn: number
  /** Leading layers that keep one dense block. */
  readonly denseLayers: number
  /** Of the other layers one in this many has experts. */
  readonly every: number
  /** Does each expert add a bias after its second product (GPT-OSS)? */
  readonly bias: boolean
  /** Are gate and value clamped before the activation (GPT-OSS)? */
  readonly clamp: boolean
  /** Rows of the fullest rank over the mean: 1 where routing is forced to balance or tokens are dropped. */
  readonly imbalance: number
}

/** Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 §2.1). */
export interface MlaShape {
  /** Rank of the query projection; 0 where it is one matrix. */
  readonly queryRank: number
  readonly keyValueRank: number
  readonly plainHeadDim: number
  readonly rotaryHeadDim: number
  readonly valueHeadDim: number
}

export interface Cluster {
  readonly gpus: number
  readonly gpusPerNode: number
  readonly nodeWatts: number
  readonly device: Device
  readonly scaleUp: ScaleUp
  readonly scaleOut: ScaleOut
}

export interface Device {
  /** Dense peak by datatype, 0 where the chip has none. */
  readonly peakFlopPerSecond: Readonly<Record<Datatype, number>>
  readonly hbmBytes: number
  readonly hbmBytesPerSecond: number
  /** Streaming multiprocessors, compute units or matrix cores: what a wave of tiles fills. */
  readonly multiprocessors: number
  readonly watts: number
  /** Share of the dense peak that large matmuls hold through a long training run. */
  readonly matmulEfficiency: Readonly<Record<Datatype, number>>
  /** Share of the bf16 peak of each attention kernel, on the FLOP it must do. */
  readonly attentionEfficiency: Readonly<Record<AttentionKernel, number>>
  readonly hbmEfficiency: number
  /** Held by driver context and communicators before the first tensor. */
  readonly reservedBytes: number
  /** Were the efficiencies fitted to whole training runs, or estimated? */
  readonly calibrated: boolean
}

/** NVLink, xGMI, ICI …: what joins the GPUs of one domain. Rates are per GPU and per direction. */
export interface ScaleUp {
  readonly bytesPerSecond: number
  readonly domain: number
  readonly topology: 'switch' | 'mesh' | 'torus'
  /** Axes of a torus; 1 otherwise. */
  readonly axes: number
  /** Ring bus bandwidth over link rate. */
  readonly efficiency: number
  /** Bus bandwidth over link rate of an all-reduce done in the switch (NVLS); 0 where there is none. */
  readonly reductionEfficiency: number
  /** Ranks from which that path is taken. */
  readonly reductionRanks: number
  /** Rate of an all-to-all over that of a ring. */
  readonly allToAllEfficiency: number
  readonly stepSeconds: number
}

/** InfiniBand, RoCE, EFA …: what joins the domains. Rates are per GPU and per direction. */
export interface ScaleOut {
  readonly bytesPerSecond: number
  readonly efficiency: number
  /** GPUs under one non-blocking block. */
  readonly podGpus: number
  /** Rate into a block over rate out of it. */
  readonly oversubscription: number
  readonly stepSeconds: number
}

/** Fine-tuning of a frozen model through low-rank adapters on its linear layers (Hu et al. 2021, arXiv:2106.09685). */
export interface Adapter {
  readonly rank: number
}

export interface Batch {
  readonly seqLen: number
  /** Tokens of the documents packed into a sequence, which see nothing of one another; absent: one fills it. */
  readonly documentLen?: number
  /** Sequences per step. */
  readonly globalBatch: number
  /** Tokens of the whole run. */
  readonly tokens: number
}

/** Bytes per parameter of what training keeps, and the datatype of the linear layers. */
export interface Precision {
  readonly matmul: Datatype
  /** Of attention, norms, embedding and head: fp8 and fp4 recipes keep these in bf16. */
  readonly activation: Datatype
  readonly weightBytes: number
  /** As kept in memory between micro-batches. */
  readonly gradientBytes: number
  /** As sent over the wire by the data-parallel reduction. */
  readonly gradientWireBytes: number
  readonly masterBytes: number
  /** Of activations, and of the fp32 sums beside them in multiples of it. */
  readonly activationBytes: number
  /** Of the inputs of the linear layers: 1 in fp8, 0.5625 in fp4 (its block scales included), else as activations. */
  readonly matmulBytes: number
  /** Rate of a scaled matmul over that of a plain one: block scales cost time. */
  readonly matmulRate: number
  /** Bytes moved per element to scale an input and, where the recipe needs it, transpose it; 0 without scaling. */
  readonly quantizeBytes: number
}

export interface Optimizer {
  readonly kind: OptimizerKind
  /** Bytes of state per weight in a matrix of a layer, without the master copy. */
  readonly stateBytes: number
  /** The same of embedding, output matrix, norms and biases. */
  readonly plainStateBytes: number
  /** Of one number as the optimizer computes. */
  readonly numberBytes: number
  /** Are these bytes the user's? Then there is no state beside them. */
  readonly stated: boolean
  /** Widest side that is preconditioned as one; 0 without preconditioners. */
  readonly block: number
  /** Steps from one decomposition of the preconditioners to the next. */
  readonly every: number
}

/** The training stack as documented facts. */
export interface Software {
  readonly attention: AttentionKernel
  /** Norms, residuals and activations fused into few kernels, or one kernel per PyTorch operator. */
  readonly elementwise: 'fused' | 'eager'
  /** The same of the norms alone, of which a stack may have its own kernel. */
  readonly norms: 'fused' | 'eager'
  /** fused: one kernel; eager: PyTorch in fp32; unfused: Megatron's vocabulary-parallel chain in fp32. */
  readonly loss: 'fused' | 'eager' | 'unfused'
  /** Does each tensor rank take the loss of its part of the vocabulary, or are the logits gathered first? */
  readonly logits: 'split' | 'gathered'
  /** Does full recomputation stop short of the product that nobody needs again, the last of the layer? */
  readonly recomputeStops: boolean
  /** Who splits layers over ranks: modules of the stack's own, distributed tensors of PyTorch, or the compiler. */
  readonly tensors: 'megatron' | 'dtensor' | 'xla'
  /** Does autograd keep gradients of its own, in the type of the weights, beside sums and flat copies? */
  readonly ownGradients: boolean
  /** Of what is kept for backward, the share that waits in host memory. */
  readonly offloaded: number
  /** Kernels that the driver loads at the start, used or not. */
  readonly moduleBytes: number
  /** Set aside for buckets of gradients and weights. */
  readonly bufferBytes: number
  /** Lost to gaps between tensors where pipeline or recomputation mix their order, as a share of those that come and go. */
  readonly fragmentation: number
  /** Time the host needs to issue one layer, forward and again backward; 0 under CUDA graphs. */
  readonly hostSecondsPerLayer: number
  /** The same for a layer with experts. */
  readonly hostSecondsPerMoeLayer: number
  readonly moe: MoeSoftware
  /** Rate of tensor-parallel collectives over that of a stack that was tuned for the machine. */
  readonly tensorParallelRate: number
  /** The same of data-parallel collectives. */
  readonly dataParallelRate: number
  /** Collectives in which ZeRO 2 and 3 move one layer: 1 where its tensors travel as one, else as many as it has. */
  readonly shardedPieces: number
  /** Once a step: data, loss, gradient norm, logging. */
  readonly stepSeconds: number
  /** Slow-down of compute while a collective runs beside it. */
  readonly contention: number
  /** Years, as 2024.5. */
  readonly year: number
}

/** How tokens reach their experts. */
export interface MoeSoftware {
  /**
   * alltoall: NCCL, a copy of each token per expert; deepep, hybridep: one copy per rank, and over the network one per
   * domain (DeepEP, NVIDIA HybridEP); einsum: tokens are sorted by products with a mask (GShard, MaxText).
   */
  readonly dispatcher: 'alltoall' | 'deepep' | 'hybridep' | 'einsum'
  readonly permute: 'unfused' | 'fused'
  /** Time the host needs for the two matmuls of each expert of a rank, in one pass; scaling their inputs comes on top. */
  readonly hostSecondsPerExpert: number
  /** Share of the exchange hidden behind compute (1F1B overlap, DualPipe). */
  readonly hidden: number
}

export interface Reliability {
  readonly failuresPerGpuSecond: number
  /** Stall of all GPUs while a checkpoint is written. */
  readonly checkpointSeconds: number
  readonly restartSeconds: number
  /** 0 means the best interval (Young 1974). */
  readonly checkpointIntervalSeconds: number
}

export interface Economics {
  readonly usdPerGpuSecond: number
  readonly pue: number
  readonly usdPerJoule: number
  /** Energy is already in the price of a rented GPU. */
  readonly energyIncluded: boolean
}

/** Constants of the engine that belong to no chip. In the catalog, each with its source: `calibrations/default.yaml`. */
export interface Calibration {
  /** k at which a matmul tile reaches half its rate: prologue and epilogue. */
  readonly matmulHalfDepth: number
  /** Loss of narrower tiles. */
  readonly matmulTileLoss: number
  /** Weight of whole waves against a perfectly spread tail, 0…1. */
  readonly matmulWaveWeight: number
  /** Launch and ramp of one kernel. */
  readonly kernelSeconds: number
  readonly attentionHalfSequence: number
  /** Row blocks, per multiprocessor, at which attention reaches half its rate. */
  readonly attentionHalfBlocks: number
  /** Backward rate over forward rate. */
  readonly attentionBackwardRate: number
  /**
   * Of a multiprocessor, for the exponentials that one FLOP brings with it at 128 channels: narrower heads have more of
   * them per FLOP.
   */
  readonly attentionExponentialSeconds: number
  readonly attentionContextParallel: number
  /** Rate of the batched matmuls of unfused attention over that of large matmuls. */
  readonly unfusedAttentionRate: number
  /** The same for heads that do not start at multiples of 16 bytes. */
  readonly unalignedAttentionRate: number
  /** Rate of attention with different widths of keys and values (MLA) over that with equal ones. */
  readonly attentionLatentRate: number
  /** Rate of the kernels of a chunked scan over what compute and memory would allow. */
  readonly scanRate: number
  /** Backward rate over forward rate. */
  readonly scanBackwardRate: number
  /** A step of a recurrence whose weights stay on the chip, and of one that is launched step by step. */
  readonly recurrentStepSeconds: number
  readonly recurrentLaunchSeconds: number
  /** Weights that one multiprocessor keeps in its registers. */
  readonly recurrentWeightBytes: number
  /** Memory rate of grouped matmuls over that of large ones. */
  readonly groupedMemoryRate: number
  /** Per expert of a grouped matmul. */
  readonly groupSeconds: number
  readonly eagerTraffic: number
  readonly collectiveSeconds: number
  /** Time on the wire of a message that moves at half the rate: bus bandwidth grows with its square root. */
  readonly rampSeconds: number
  /** Step inside a domain of a ring that crosses domains. */
  readonly crossingStepSeconds: number
  readonly treeStepSeconds: number
  readonly treeEfficiency: number
  readonly inNetworkSeconds: number
  /** Of an all-to-all, per rank it talks to. */
  readonly allToAllPeerSeconds: number
  readonly pointToPointSeconds: number
  /** Share of tensor-parallel communication that a stack with overlap hides. */
  readonly tpHidden: number
  /** Share of it that Megatron's backward hides behind matmuls without further ado. */
  readonly tpBackwardHidden: number
  /** Share of context-parallel communication that stays exposed even behind long attention. */
  readonly cpExposed: number
  /** Share of data-parallel communication that stays exposed even under a long window: the last bucket. */
  readonly dpExposed: number
  /** Share of the window in which it can hide. */
  readonly dpWindow: number
  /** Share of a stage-to-stage transfer that blocks the sender: without and with overlap. */
  readonly ppBlocking: number
  readonly ppBlockingOverlapped: number
  /** Growth of the step per doubling of nodes. */
  readonly stragglersPerDoubling: number
  /** Lost to gaps between tensors where they are freed as they were made, as a share of those that come and go. */
  readonly fragmentation: number
  /** Buffers of one more group of ranks. */
  readonly communicatorBytes: number
}
