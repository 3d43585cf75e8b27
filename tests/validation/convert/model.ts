/** The network as the row describes it; what a family of models has in common fills what no row says. */
import {
  type HybridRow,
  type MlaRow,
  type ModelRow,
  type MoeRow,
  type Remarks,
  type Row,
  type Section,
  saidOr,
  zeroBubbleFork,
} from './row.ts'
import { extraPredictions } from './size.ts'

/** Width of one head where the source leaves the number of heads out: what nearly all models have. */
const usualHead = 128
/** GPT-2's vocabulary as Megatron-LM pads it. */
const usualVocabulary = 51200

export function modelOf(row: Row, remarks: Remarks): Section {
  const said = row.model ?? {}
  const { layers, hidden, ffn_hidden: ffn } = said
  if (!layers || !hidden) remarks.unsupported.push('the source does not state the size of the model')
  const usual = headsElsewhere(row) ?? usualHeads(hidden ?? usualHead, row.parallel?.tp ?? 1)
  const heads = saidOr(said.heads, 'model.heads', usual, remarks)
  return {
    name: row.model_name ?? 'unnamed',
    layers: (layers ?? 1) + extraPredictions(row),
    hidden: hidden ?? usualHead,
    heads,
    kv_heads: said.kv_heads ?? undefined,
    head_dim: said.head_dim ?? undefined,
    ffn: ffn ?? undefined,
    ...(extraPredictions(row) > 0 && { predictions: 1 + extraPredictions(row) }),
    vocabulary: saidOr(said.vocab, 'model.vocabulary', usualVocabulary, remarks),
    ...styleOf(row, said, remarks),
    ...windowOf(said),
    ...(said.moe && { moe: moeOf(row, said, said.moe, remarks) }),
    ...(said.mla && { mla: mlaOf(said.mla) }),
    ...(said.hybrid && patternOf(said.hybrid, extraPredictions(row), remarks)),
  }
}

/** Nemotron-H and what came of it: no positions, RMSNorm; a layer of multi-token prediction is attention and experts. */
function patternOf(hybrid: HybridRow, extra: number, { unsupported }: Remarks): Section {
  const { pattern, mamba_heads: heads, mamba_head_dim: width, mamba_state: state, mamba_groups: groups } = hybrid
  if (!pattern || !state || /[^M*E-]/u.test(pattern))
    unsupported.push('the source does not state which layers are attention and which are Mamba')
  const letters = `${pattern ?? 'M'}${'*E'.repeat(extra)}`
  return {
    pattern: letters,
    layers: letters.length,
    positions: 'none',
    norm: 'rmsnorm',
    mamba: {
      state: state ?? undefined,
      heads: heads ?? undefined,
      head_dim: width ?? undefined,
      groups: groups ?? undefined,
      chunk: mambaChunk,
    },
  }
}

/** Of the kernels in Megatron-LM (megatron/core/ssm/mamba_mixer.py) and in the configurations of Nemotron-H. */
const mambaChunk = 128

/** What the source says of the same model in another place. */
function headsElsewhere({ notes, model }: Row): number | undefined {
  const heads = Number(/heads not restated[^(]*\((\d+) in/iu.exec(notes ?? '')?.[1])
  return (model?.hidden ?? 0) % heads === 0 ? heads : undefined
}

/** The number of heads that tensor ranks share evenly and whose width comes nearest to the usual one. */
function usualHeads(hidden: number, tp: number): number {
  const possible = Array.from({ length: Math.floor(hidden / 32 / tp) }, (_, index) => (index + 1) * tp)
  const width = (heads: number) => Math.abs(Math.log(hidden / heads / usualHead))
  return possible
    .filter((heads) => hidden % heads === 0)
    .reduce((best, heads) => (width(heads) < width(best) ? heads : best), tp)
}

const family = ({ model_family: stated, model_name: name }: Row): string => `${stated ?? ''} ${name ?? ''}`

/** As its configuration on Hugging Face says: biases, clamped activations, YaRN. */
const gptOss = /gpt.?oss/iu

/** A gate came with RMSNorm, rotary positions and no biases (Llama); without one it is a GPT. */
function styleOf(row: Row, said: ModelRow, remarks: Remarks): Section {
  const name = family(row)
  const gated = said.gated_mlp ?? false
  const nemotron = /nemotron/iu.test(name) || /squared-ReLU/iu.test(row.notes ?? '')
  const mpt = /\bmpt\b/iu.test(name)
  const bloom = /bloom|alibi/iu.test(name)
  const gpt = !gated && !nemotron && !mpt
  const learned = said.learned_pos_emb ?? (gpt && !bloom && !/neox|pythia/iu.test(name))
  return {
    gated,
    norm: gated ? 'rmsnorm' : 'layernorm',
    bias: gpt && !/palm/iu.test(name) ? 'all' : /qwen.?2/iu.test(name) ? 'qkv' : 'none',
    ...(/qwen.?3|gemma.?3/iu.test(name) && { qk_norm: true }),
    ...(bloom && { positions: 'alibi', embedding_norm: true }),
    ...(gptOss.test(name) && { positions: 'yarn' }),
    ...(learned && { positions: 'learned', max_positions: said.seq_len ?? 2048 }),
    tied_embeddings: saidOr(
      said.tied_embeddings,
      'model.tied_embeddings',
      (gpt || mpt) && !zeroBubbleFork.test(row.framework ?? ''),
      remarks,
    ),
    // Megatron-LM's own GPT had dropout until models outgrew their data.
    ...(gpt && /megatron-lm \((20|v)|megatron-lm \+ deepspeed/iu.test(row.framework ?? '') && { dropout: true }),
  }
}

function windowOf({ sliding_window: window, sliding_window_every: every, local_global: pattern }: ModelRow): Section {
  if (!window) return {}
  const local = /^(\d+):1$/u.exec(pattern ?? '')
  const globalEvery = local ? Number(local[1]) + 1 : every
  return { sliding_window: window, ...(globalEvery && globalEvery > 1 && { global_every: globalEvery }) }
}

function moeOf(row: Row, said: ModelRow, moe: MoeRow, remarks: Remarks): Section {
  const experts = moe.experts ?? moe.n_experts ?? undefined
  const ffn = moe.expert_ffn_hidden ?? moe.expert_ffn ?? said.ffn_hidden ?? undefined
  if (!experts || !moe.top_k) remarks.unsupported.push('the source does not state how many experts there are')
  const shared = moe.shared_ffn_hidden ?? moe.shared_ffn ?? (moe.shared_experts ?? moe.shared ?? 0) * (ffn ?? 0)
  const dense = moe.dense_layers ?? 0
  const others = (said.layers ?? 0) - dense
  const every = moe.moe_layers ? Math.max(1, Math.round(others / moe.moe_layers)) : 1
  return {
    experts: experts ?? 1,
    top_k: moe.top_k ?? 1,
    ffn,
    shared_ffn: shared,
    ...(moe.latent && { latent: moe.latent }),
    dense_layers: dense,
    ...(every > 1 && { every }),
    ...(gptOss.test(family(row)) && { bias: true, clamp: true }),
    ...imbalanceOf(row, remarks),
  }
}

/** What Switch Transformers (arXiv:2101.03961) and ST-MoE (arXiv:2202.08906) train with, where a run that drops tokens does not say. */
const usualCapacity = 1.25

/** Rows of the fullest rank over the mean with a real router early in training. */
const unbalanced = 1.2

function imbalanceOf({ moe_balance: balance, notes }: Row, { inferred }: Remarks): Section {
  const text = `${balance ?? ''} ${notes ?? ''}`
  const capacity = /capacity factor (\d+(?:\.\d+)?)/iu.exec(text)
  if (capacity) return { imbalance: Math.max(1, Number(capacity[1])) }
  if (/capacity factor \(dropped\)/iu.test(text)) {
    inferred.push('model.moe.imbalance')
    return { imbalance: usualCapacity }
  }
  if (/forced?.?balanced/iu.test(text) || /token.drop/iu.test(text)) return {}
  inferred.push('model.moe.imbalance')
  return /unbalanced|real router/iu.test(text) ? { imbalance: unbalanced } : {}
}

function mlaOf(mla: MlaRow): Section {
  return {
    q_rank: mla.q_lora_rank ?? 0,
    kv_rank: mla.kv_lora_rank ?? undefined,
    nope_head_dim: mla.qk_nope_head_dim ?? undefined,
    rope_head_dim: mla.qk_rope_head_dim ?? undefined,
    v_head_dim: mla.v_head_dim ?? undefined,
  }
}
