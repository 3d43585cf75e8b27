/** What would help: changes of a single knob that the engine has simulated. */
import type { Players } from '../engine/schedule/players.ts'
import { type Draft, draft } from '../engine/simulate.ts'
import type { Simulation } from '../engine/simulation.ts'
import { settingsOf, type Turn, turnsOf } from './knobs.ts'

export interface Remedy {
  /** As the user would write it: `parallel.tp: 1, parallel.sp: false`. */
  readonly change: string
  readonly label: string
  readonly simulation: Simulation
}

/** Fastest first among the changes that make a step shorter or, where the plan does not fit, that make it fit. */
export function remedies(simulation: Simulation, players: Players, most = 3): readonly Remedy[] {
  const { job, strategy } = simulation
  const fitsNow = fits(simulation)
  const stepNow = simulation.metrics['step.time']
  const promising = turnsOf(job, strategy)
    .map((turn) => estimated(turn, simulation))
    .filter(({ simulation: turned }) => fitsNow || fits(turned))
    .sort(byPromise)
    .slice(0, most)
  return promising
    .map(({ label, change, drafted }) => ({ label, change, simulation: drafted.simulate(players) }))
    .filter((remedy) => !fitsNow || stepOf(remedy) < NOTICEABLE * stepNow)
    .sort(byPromise)
}

function estimated({ label, strategy }: Turn, now: Simulation): Remedy & { readonly drafted: Draft } {
  const drafted = draft(now.job, strategy)
  const change = settingsOf(now.strategy, strategy)
    .map(({ path, value }) => `${path}: ${value}`)
    .join(', ')
  return { label, change, simulation: drafted.estimate(), drafted }
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
