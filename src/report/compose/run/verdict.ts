/** Does it fit? Said before anything else. */
import { reserveOf, type StageMemory } from '../../../engine/memory.ts'
import { formatQuantity } from '../../../units/format.ts'
import type { Verdict } from '../../report.ts'
import { change, percent } from '../../words.ts'
import { fits, type RunInput } from './input.ts'

export function verdict(input: RunInput): Verdict {
  return fits(input.simulation) ? holds(input) : fails(input)
}

/** Less than this share of the memory free, and fragmentation decides whether the run lives. */
const tight = 0.04

function holds({ simulation }: RunInput): Verdict {
  const { metrics } = simulation
  const used = metrics['memory.peak'] / metrics['memory.capacity']
  const text = `${amounts(simulation)}, ${bytes(metrics['memory.headroom'])} to spare`
  return used > 1 - tight
    ? { kind: 'verdict', role: 'warn', word: 'FITS, BARELY', text, lines: [marginOf(simulation)] }
    : { kind: 'verdict', role: 'good', word: 'FITS', text, lines: [] }
}

function fails({ simulation, remedies }: RunInput): Verdict {
  const { metrics } = simulation
  const text = `${amounts(simulation)}: ${bytes(-metrics['memory.headroom'])} too much`
  const narrow = metrics['memory.allocated'] <= metrics['memory.capacity'] ? [marginOf(simulation)] : []
  const lines = [...narrow, 'The times below are what it would do if there were room.', ...wayOut(simulation, remedies)]
  return { kind: 'verdict', role: 'bad', word: 'DOES NOT FIT', text, lines }
}

function amounts({ metrics, strategy, worstStage }: RunInput['simulation']): string {
  const share = percent(metrics['memory.peak'] / metrics['memory.capacity'])
  const where = strategy.pp > 1 ? `on the GPUs of stage ${worstStage}, the fullest of ${strategy.pp}` : 'on each GPU'
  return `${bytes(metrics['memory.peak'])} of ${bytes(metrics['memory.capacity'])} (${share}) ${where}`
}

/** What is not tensors, and why it is there: it decides where these alone would find room. */
function marginOf({ job, strategy, memory, worstStage }: RunInput['simulation']): string {
  const { fixed, share } = reserveOf(job, strategy, strategy)
  const { reserved } = memory[worstStage] as StageMemory
  return `Of this ${bytes(reserved)} are no tensors: driver and communicators ${bytes(fixed)}, gaps between tensors ${bytes(reserved - fixed)} (${percent(share)} of what comes and goes in a step).`
}

function wayOut(now: RunInput['simulation'], remedies: RunInput['remedies']): readonly string[] {
  const first = remedies.find(({ simulation }) => fits(simulation))
  if (first === undefined) return []
  const slower = first.simulation.metrics['step.time'] / now.metrics['step.time'] - 1
  return [`This makes it fit: ${first.change} (step ${change(`${(slower * 100).toFixed(1)} %`, slower)}).`]
}

function bytes(value: number): string {
  return formatQuantity(value, 'bytes')
}
