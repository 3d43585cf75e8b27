/** One published run as its data set says it. `null` or absent means not stated: never a default in disguise. */

type Said<T> = T | null | undefined

export interface MoeRow {
  readonly experts?: Said<number>
  readonly n_experts?: Said<number>
  readonly top_k?: Said<number>
  readonly expert_ffn_hidden?: Said<number>
  readonly expert_ffn?: Said<number>
  readonly shared_experts?: Said<number>
  readonly shared?: Said<number>
  readonly shared_ffn_hidden?: Said<number>
  readonly shared_ffn?: Said<number>
  readonly moe_layers?: Said<number>
  readonly dense_layers?: Said<number>
  readonly mtp_layers?: Said<number>
  readonly latent?: Said<number>
}

export interface MlaRow {
  readonly q_lora_rank?: Said<number>
  readonly kv_lora_rank?: Said<number>
  readonly qk_nope_head_dim?: Said<number>
  readonly qk_rope_head_dim?: Said<number>
  readonly v_head_dim?: Said<number>
}

/** Layers that are one block each, by the letters of Megatron-LM. */
export interface HybridRow {
  readonly pattern?: Said<string>
  readonly mamba_heads?: Said<number>
  readonly mamba_head_dim?: Said<number>
  readonly mamba_state?: Said<number>
  readonly mamba_groups?: Said<number>
}

export interface ModelRow {
  readonly layers?: Said<number>
  readonly hidden?: Said<number>
  readonly heads?: Said<number>
  readonly kv_heads?: Said<number>
  readonly head_dim?: Said<number>
  readonly ffn_hidden?: Said<number>
  readonly gated_mlp?: Said<boolean>
  readonly vocab?: Said<number>
  readonly seq_len?: Said<number>
  readonly params_b?: Said<number>
  readonly tied_embeddings?: Said<boolean>
  readonly learned_pos_emb?: Said<boolean>
  readonly sliding_window?: Said<number>
  readonly sliding_window_every?: Said<number>
  readonly local_global?: Said<string>
  readonly mtp_layers?: Said<number>
  readonly moe?: Said<MoeRow>
  readonly mla?: Said<MlaRow>
  readonly hybrid?: Said<HybridRow>
}

export interface ParallelRow {
  readonly tp?: Said<number>
  readonly sp?: Said<boolean>
  readonly cp?: Said<number>
  readonly pp?: Said<number>
  readonly vpp?: Said<number>
  readonly dp?: Said<number>
  readonly ep?: Said<number>
  readonly etp?: Said<number>
  readonly folding?: Said<boolean>
  readonly zero_stage?: Said<number | string>
  readonly schedule?: Said<string>
  readonly vocab_method?: Said<string>
}

export interface Row {
  readonly id: string
  readonly source_key?: Said<string>
  readonly source?: Said<string | Readonly<Record<string, string | number | null>>>
  readonly year?: Said<number>
  readonly framework?: Said<string>
  readonly release?: Said<string>
  readonly gpu?: Said<string>
  readonly gpus_per_node?: Said<number>
  readonly inter_node_link?: Said<string>
  readonly inter_node_link_nominal?: Said<string>
  readonly n_gpus?: Said<number>
  readonly model_name?: Said<string>
  readonly model_family?: Said<string>
  readonly model?: Said<ModelRow>
  readonly parallel?: Said<ParallelRow>
  readonly micro_batch?: Said<number>
  readonly global_batch?: Said<number>
  readonly precision?: Said<string>
  readonly precision_class?: Said<string>
  readonly recompute?: Said<string>
  readonly recompute_class?: Said<string>
  readonly flash_attention?: Said<string | boolean>
  readonly overlap?: Said<string>
  readonly moe_balance?: Said<string>
  readonly kind?: Said<string>
  readonly measured?: Said<Readonly<Record<string, number | null>>>
  readonly printed?: Said<readonly string[]>
  readonly derived?: Said<readonly string[]>
  readonly flops_convention?: Said<string>
  readonly peak?: Said<number>
  readonly stated_hw_tflops?: Said<number>
  readonly notes?: Said<string>
  readonly trust?: Said<string>
  readonly suspect?: Said<string>
  readonly status?: Said<string>
  readonly row_kind?: Said<string>
}

/**
 * Forks of Megatron-LM whose published scripts train in fp16 and do not tie the embeddings:
 * https://github.com/sail-sg/zero-bubble-pipeline-parallelism, examples/pretrain_zero_bubble.sh.
 */
export const zeroBubbleFork = /sail-sg|zero-bubble-pipeline/iu

/** What the converter had to assume or cannot express, gathered on the way. */
export interface Remarks {
  readonly inferred: string[]
  readonly notes: string[]
  readonly unsupported: string[]
}

/** A piece of a scenario as it is written: maps, lists and words with units. */
export type Written = string | number | boolean | readonly Written[] | { readonly [key: string]: Written | undefined }
export type Section = { readonly [key: string]: Written | undefined }

/** The value, or the assumption in its place, which is then on record. */
export function saidOr<T>(value: Said<T>, path: string, assumed: T, { inferred }: Remarks): T {
  if (value !== null && value !== undefined) return value
  inferred.push(path)
  return assumed
}

/** Where the release is named by year and month (24.12), that; else the year of the source. */
export function yearOf({ framework, release, year, source }: Row): number {
  const version = /\b(2[2-9])\.(0[1-9]|1[0-2])\b/u.exec(`${release ?? ''} ${framework ?? ''}`)
  if (version) return 2000 + Number(version[1]) + (Number(version[2]) - 1) / 12
  const inName = /\((20[12]\d)\)/u.exec(framework ?? '')
  const paper = typeof source === 'object' ? /^(2\d)(\d\d)\./u.exec(String(source?.['arxiv'] ?? '')) : undefined
  const stated = inName ? Number(inName[1]) : (year ?? (typeof source === 'object' ? source?.['year'] : undefined))
  // No run is younger than the paper about it.
  const latest = paper ? 2000 + Number(paper[1]) + (Number(paper[2]) - 0.5) / 12 : Number.POSITIVE_INFINITY
  return typeof stated === 'number' ? Math.min(stated + 0.5, latest) : defaultYear
}

/** Of a run that does not say when it was made. */
const defaultYear = 2024.5
