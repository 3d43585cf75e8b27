/** The answer of a search for programs. */

import { catalogue } from '../../../engine/catalogue.ts'
import { type MetricName, metricNames } from '../../../engine/metrics.ts'
import { settingKeys, settingNames, settingsOf } from '../../../engine/settings.ts'
import type { Simulation } from '../../../engine/simulation.ts'
import type { Strategy } from '../../../engine/strategy.ts'
import type { Neighbour } from '../../../search/neighbours.ts'
import type { Field, Json } from '../../report.ts'
import type { SearchInput } from '../search.ts'

export function searchRecord(input: SearchInput): { readonly [key: string]: Json } {
  const { name, file, goals, requirements, tally, best, neighbours, given, timed, interrupted } = input
  const [winner] = best
  return {
    name,
    file,
    search: {
      goals: [...goals],
      candidates: tally.candidates,
      legal: tally.legal,
      fitting: tally.fitting,
      feasible: tally.feasible,
      illegal: { ...tally.illegal },
      too_large: { ...tally.shortage },
      refused: requirements.map((text, at) => ({ require: text, count: tally.refused[at] ?? 0 })),
      ...(interrupted ? { interrupted } : {}),
      ...(timed ? { seconds: timed.seconds, candidates_per_second: timed.candidatesPerSecond } : {}),
    },
    best: winner ? playedRecord(winner) : null,
    rows: best.map(playedRecord),
    neighbours: neighbours.map(neighbourRecord),
    ...(given ? { given: playedRecord(given) } : {}),
  }
}

function playedRecord({ strategy, metrics }: Simulation): Json {
  return { strategy: strategyRecord(strategy), metrics: metricsRecord(metrics) }
}

function metricsRecord(metrics: Simulation['metrics']): Json {
  return Object.fromEntries(metricNames.map((name) => [name, { value: metrics[name], unit: catalogue[name].unit }]))
}

/** As a scenario says it. */
export function strategyRecord(strategy: Strategy): { readonly [key: string]: { readonly [key: string]: Json } } {
  const settings = settingsOf(strategy)
  const inSection = (section: string) =>
    Object.fromEntries(
      settingNames.filter((name) => settingKeys[name].section === section).map((name) => [name, settings[name]]),
    )
  const modules = strategy.recompute === 'selective' ? { recompute_modules: [...strategy.recomputeModules] } : {}
  return { parallel: inSection('parallel'), training: { ...inSection('training'), ...modules } }
}

function neighbourRecord({ knob, strategy, fate }: Neighbour): Json {
  const common = { knob, fate: fate.kind, strategy: strategyRecord(strategy) }
  if (fate.kind === 'illegal') return { ...common, code: fate.problem.code, message: fate.problem.message }
  const { 'step.time': step, 'memory.peak': peak } = fate.simulation.metrics
  const loss = fate.kind === 'runs' && fate.loss ? { loss: fate.loss.part, loss_seconds: fate.loss.seconds } : {}
  return { ...common, 'step.time': step, 'memory.peak': peak, ...loss }
}

export function strategyFields({ strategy, metrics }: Simulation): readonly Field[] {
  const settings = settingsOf(strategy)
  return [
    ...settingNames.map((name): Field => {
      const value = settings[name]
      return { name, unit: 'count', value: typeof value === 'boolean' ? String(value) : value }
    }),
    ...metricNames.map((name: MetricName): Field => ({ name, unit: catalogue[name].unit, value: metrics[name] })),
  ]
}
