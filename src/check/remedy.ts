/** What would help: changes of a single knob that the engine has simulated. */
import { estimate, simulate } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import { settingsOf, turnsOf } from './knobs.ts'

export interface Remedy {
  /** As the user would write it: `parallel.tp: 1, parallel.sp: false`. */
  readonly change: string
  readonly label: string
  readonly simulation: Simulation
}

/** Fastest first among the changes that make a step shorter or, where the plan does not fit, that make it fit. */
export function remedies(simulation: Simulation, most = 3): readonly Remedy[] {
  const { job, strategy } = simulation
  const fitsNow = fits(simulation)
  const stepNow = simulation.metrics['step.time']
  return turnsOf(job, strategy)
    .map(({ label, strategy: turned }) => ({
      label,
      change: settingsOf(strategy, turned)
        .map(({ path, value }) => `${path}: ${value}`)
        .join(', '),
      simulation: estimate(job, turned),
    }))
    .filter(({ simulation: turned }) => fitsNow || fits(turned))
    .sort(byPromise)
    .slice(0, most)
    .map((remedy) => ({ ...remedy, simulation: simulate(job, remedy.simulation.strategy) }))
    .filter((remedy) => !fitsNow || stepOf(remedy) < NOTICEABLE * stepNow)
    .sort(byPromise)
}

/** A smaller gain is not worth a change. */
const NOTICEABLE = 0.998

function byPromise(a: Remedy, b: Remedy): number {
  return (
    Number(fits(b.simulation)) - Number(fits(a.simulation)) || stepOf(a) - stepOf(b) || (a.change < b.change ? -1 : 1)
  )
}

function stepOf(remedy: Remedy): number {
  return remedy.simulation.metrics['step.time']
}

function fits({ metrics }: Simulation): boolean {
  return metrics['memory.headroom'] >= 0
}
