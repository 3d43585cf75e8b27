/** What a run's report is made of. */
import type { Remedy } from '../../../check/remedy.ts'
import type { Simulation } from '../../../engine/simulation.ts'
import type { Loaded } from '../../../scenario/read.ts'
import type { Tool } from '../../report.ts'

export interface RunInput {
  readonly loaded: Loaded
  readonly simulation: Simulation
  /** Changes of one knob that the engine tried, best first. */
  readonly remedies: readonly Remedy[]
  readonly tool: Tool
}

/** The dense peak that utilization is measured against. */
export function peakOf({ job }: Simulation): number {
  return job.cluster.device.peakFlopPerSecond[job.precision.matmul]
}

export function fits(simulation: Simulation): boolean {
  return simulation.metrics['memory.headroom'] >= 0
}
