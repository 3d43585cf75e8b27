/** Stretches of a model's life, and what reinforcement learning adds to a step of training. */
import type { Batch } from '../job.ts'

export const phaseKinds = ['pretraining', 'fine-tuning', 'reinforcement'] as const
export type PhaseKind = (typeof phaseKinds)[number]

/**
 * Group-relative policy optimization: several responses to each prompt are judged against one another, and no value
 * model is kept (DeepSeekMath, Shao et al. 2024, arXiv:2402.03300 §4).
 */
export interface Rollout {
  /** Of one rollout. */
  readonly prompts: number
  /** Responses to each prompt. */
  readonly group: number
  readonly promptLen: number
  /** The mean, and the longest of a rollout: the last one is waited for. */
  readonly responseLen: number
  readonly longestLen: number
  /** Of the phase. */
  readonly rollouts: number
  /** Steps of the optimizer on the responses of one rollout. */
  readonly updates: number
  /** Forward passes over each response beside the update: old policy and reference. */
  readonly forwardPasses: number
  /** How the model is spread while it generates. */
  readonly tp: number
  readonly ep: number
  /** Sequences that a rank decodes at a time, at most; Infinity: as many as fit. */
  readonly mostSequences: number
}

export function responsesOf({ prompts, group }: Rollout): number {
  return prompts * group
}

/** A step of the optimizer sees a share of the responses, each with its prompt. */
export function learningBatch(rollout: Rollout): Batch {
  const { promptLen, responseLen, updates, rollouts } = rollout
  const seqLen = promptLen + responseLen
  const globalBatch = responsesOf(rollout) / updates
  return { seqLen, globalBatch, tokens: rollouts * updates * globalBatch * seqLen }
}
