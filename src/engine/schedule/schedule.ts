/** Pipeline schedules: the order of passes on each stage, and its closed form for equal stages, side by side. */
export interface PipelineShape {
  readonly pp: number
  readonly vpp: number
  readonly microBatches: number
}

/** `weight` stands apart only where the schedule splits the backward pass; else it is part of `backward`. */
export const passKinds = ['forward', 'backward', 'weight'] as const
export type PassKind = (typeof passKinds)[number]

/** Seconds that a whole stage takes for one micro-batch. */
export interface StageSeconds {
  readonly forward: number
  /** For the inputs, recomputation included. */
  readonly backward: number
  readonly weight: number
}

export interface Schedule {
  readonly source: string
  readonly splitsBackward: boolean
  /** `fold`: the second chunk of the stages comes back from the last to the first. */
  readonly placement: 'loop' | 'fold'
  /** 2: a stage also holds its mirror image's layers, and takes half of the micro-batches through each. */
  readonly copies: 1 | 2
  /** From the first pass to the last, for equal stages and free transfers. */
  seconds(shape: PipelineShape, stage: StageSeconds): number
  /** Micro-batches whose activations a stage holds at once, at most. */
  inFlight(shape: PipelineShape, stage: number): number
  /**
   * Passes of one stage, in order, by number: `(kind × vpp + chunk) × microBatches + microBatch`, with kinds as in
   * `passKinds` and chunks of this stage, first to last. Without it only the closed form is known.
   */
  order?(shape: PipelineShape, stage: number): Int32Array
}

export type Playable = Schedule & Required<Pick<Schedule, 'order'>>

export function isPlayable(schedule: Schedule): schedule is Playable {
  return schedule.order !== undefined
}

/** Where a chunk of the model stands, counted from the first. */
export function stageOf({ placement }: Pick<Schedule, 'placement'>, position: number, pp: number): number {
  const back = placement === 'fold' && Math.floor(position / pp) % 2 === 1
  return back ? pp - 1 - (position % pp) : position % pp
}
