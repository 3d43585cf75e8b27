/** What a run's report is made of. */
import type { Remedy } from '../../../check/remedy.ts'
import type { Simulation } from '../../../engine/simulation.ts'
import { type Uncertainty, uncertaintyOf } from '../../../engine/uncertainty.ts'
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

/** How far the step time may be off, by what the scenario says of its ground. */
export function rangeOf({ loaded, simulation }: Pick<RunInput, 'loaded' | 'simulation'>): Uncertainty {
  const { software, cluster } = loaded.scenario
  return uncertaintyOf(simulation, { stack: software.name, own: cluster.gpu.calibration === 'own' })
}
