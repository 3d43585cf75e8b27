/** What fills the memory of the fullest GPU. */
import type { StageMemory } from '../../../engine/memory.ts'
import { formatQuantity } from '../../../units/format.ts'
import { cell, type Segment, type Stack } from '../../report.ts'
import { percent } from '../../words.ts'
import { fits, type RunInput } from './input.ts'

const parts = [
  ['weights', 'weights'],
  ['gradients', 'gradients'],
  ['optimizer', 'optimizerState'],
  ['activations', 'activations'],
  ['working', 'working'],
  ['reserved', 'reserved'],
] as const satisfies readonly (readonly [string, keyof StageMemory])[]

export function memory({ simulation }: Pick<RunInput, 'simulation'>): Stack {
  const { metrics, memory: stages, worstStage, strategy } = simulation
  const capacity = metrics['memory.capacity']
  const peak = metrics['memory.peak']
  const whole = Math.max(capacity, peak)
  const amounts = `${bytes(peak)} of ${bytes(capacity)} · ${percent(peak / capacity)}`
  return {
    kind: 'stack',
    title: strategy.pp > 1 ? `Memory per GPU (worst: stage ${worstStage})` : 'Memory per GPU',
    aside: fits(simulation) ? cell(`${amounts}  fits ✔`, 'good') : cell(`${amounts}  does not fit ✘`, 'bad'),
    segments: segmentsOf(stages[worstStage], whole),
    free: fits(simulation) ? bytes(metrics['memory.headroom']) : '',
    limit: capacity / whole,
    profile: profileOf(stages, whole),
  }
}

function segmentsOf(stage: StageMemory | undefined, whole: number): readonly Segment[] {
  if (stage === undefined) return []
  return parts.map(([label, key]) => ({ label, text: bytes(stage[key]), share: stage[key] / whole }))
}

function profileOf(stages: readonly StageMemory[], whole: number): Stack['profile'] {
  const peaks = stages.map(({ peak }) => peak)
  const [most, least] = [Math.max(...peaks), Math.min(...peaks)]
  const at = (peak: number) => `${bytes(peak)} (stage ${peaks.indexOf(peak)})`
  const text = most === least ? `${bytes(most)} each` : `most ${at(most)}, least ${at(least)}`
  return {
    label: peaks.length > 1 ? `stages 0 to ${peaks.length - 1}` : '',
    heights: peaks.map((peak) => peak / whole),
    text,
  }
}

function bytes(value: number): string {
  return formatQuantity(value, 'bytes')
}
