/** `search`: every legal strategy, the best of them played out. */
import { availableParallelism } from 'node:os'
import { nearest } from '../../base/nearest.ts'
import { type MetricName, metricNames } from '../../engine/metrics.ts'
import { brokenRules } from '../../engine/rules.ts'
import { simulate } from '../../engine/simulate.ts'
import type { Simulation } from '../../engine/simulation.ts'
import { composeSearch, type Timed } from '../../report/compose/search.ts'
import { render } from '../../report/render/render.ts'
import { inputNumbers } from '../../scenario/inputs.ts'
import type { Loaded } from '../../scenario/read.ts'
import { neighboursOf } from '../../search/neighbours.ts'
import { piecesOf } from '../../search/pieces.ts'
import { playOut } from '../../search/play.ts'
import type { Answer, Question } from '../../search/question.ts'
import { join } from '../../search/search.ts'
import { allows, spaceOf } from '../../search/space.ts'
import { type Stretch, share, stretchesOf } from '../crew.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { fixedOf } from '../fixed.ts'
import type { Host } from '../host.ts'
import { questionOf, type SearchErrand } from '../labour.ts'
import { priceList } from '../list.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { progressOn } from '../progress.ts'
import { type ReadOptions, readAnyStrategy } from '../reading.ts'
import { tool } from '../version.ts'
import { writeWinner } from '../winner.ts'

export interface SearchOptions extends ReadOptions, OutputOptions {
  readonly require?: readonly string[]
  readonly sort?: string
  readonly pareto?: string
  readonly fix?: readonly string[]
  readonly best?: number
  readonly jobs?: number
  readonly timing?: boolean
  readonly write?: string
  readonly from?: string
}

export async function search(file: string, options: SearchOptions, host: Host): Promise<ExitCode> {
  const loaded = await readAnyStrategy(file, options, host)
  const errand = errandOf(loaded, options)
  const question = await questionOf(errand)
  const begun = performance.now()
  const { answer, interrupted } = await answerTo(errand, question, options, host)
  const seconds = (performance.now() - begun) / 1000
  const given = givenOf(loaded)
  const others = given && allows(question.fixed, loaded.strategy) && !options.from ? [loaded.strategy] : []
  const best = playOut(question, answer.found, errand.most, others).map(({ simulation }) => simulation)
  const [winner] = best
  const space = spaceOf(loaded.job, loaded.strategy, question.fixed)
  const report = composeSearch({
    name: loaded.name,
    file: loaded.file,
    tool,
    goals: question.goals,
    requirements: question.limits.map(({ text }) => text),
    tally: answer.tally,
    best,
    neighbours: winner && question.goals.length === 1 && !options.from ? neighboursOf(space, winner) : [],
    ...(given && { given }),
    ...(options.timing && { timed: timedOf(answer, seconds) }),
    interrupted,
    command: commandOf(file, options),
  })
  deliver((format, theme) => render([report], format, theme), options, host)
  if (winner && options.write !== undefined) writeWinner(options.write, { file, loaded, winner, options }, host)
  if (interrupted) return exit.interrupted
  return winner ? exit.answered : exit.nothingFeasible
}

function errandOf(loaded: Loaded, options: SearchOptions): SearchErrand {
  const { job, strategy } = loaded
  return {
    kind: 'search',
    job,
    given: strategy,
    fixed: fixedOf(options.fix ?? [], strategy),
    goals: goalsOf(options),
    limits: options.require ?? [],
    constants: inputNumbers(loaded),
    most: options.best ?? 10,
  }
}

export function goalsOf({ sort, pareto }: Pick<SearchOptions, 'sort' | 'pareto'>): readonly MetricName[] {
  if (sort !== undefined && pareto !== undefined)
    throw new UsageError('--sort ranks by one metric, --pareto by several', 'give one of the two')
  const names = (pareto ?? sort ?? 'step.time').split(',').map((name) => name.trim())
  if (pareto !== undefined && names.length < 2)
    throw new UsageError('a front needs two metrics', 'such as --pareto step.time,memory.peak')
  if (pareto === undefined && names.length > 1)
    throw new UsageError('--sort ranks by one metric', 'for several: --pareto step.time,memory.peak')
  return names.map(metricOf)
}

export function metricOf(name: string): MetricName {
  const known = metricNames.find((metric) => metric === name)
  if (known) return known
  const meant = nearest(name, metricNames)
  throw new UsageError(
    `there is no metric ${name}`,
    meant ? `did you mean ${meant}?` : 'metrics are listed by: clusterwise explain',
  )
}

async function answerTo(
  errand: SearchErrand,
  question: Question,
  options: SearchOptions,
  host: Host,
): Promise<{ readonly answer: Answer; readonly interrupted: boolean }> {
  if (options.from !== undefined) return { answer: await priceList(options.from, question, host), interrupted: false }
  const pieces = piecesOf(question)
  const stretches = stretchesOf(pieces.length, 1)
  const progress = progressOn(host, options.quiet === true)
  let interrupted = false
  const release = host.onInterrupt?.(() => {
    interrupted = true
  })
  let done = 0
  const answers = await share<Answer>(errand, {
    jobs: options.jobs ?? jobsFor(pieces.length),
    stretches,
    alone: 3,
    wanted: () => !interrupted,
    done: (_: Stretch) => {
      done++
      progress.at(done / stretches.length, `${done} of ${stretches.length} shardings`)
    },
  })
  progress.end()
  release?.()
  return { answer: join(answers, question), interrupted }
}

/** A worker takes 50 ms to start: a small search is done by then. */
const smallSearch = 100

function jobsFor(pieces: number): number {
  return pieces < smallSearch ? 1 : availableParallelism()
}

function givenOf({ job, strategy }: Loaded): Simulation | undefined {
  return brokenRules(job, strategy).length > 0 ? undefined : simulate(job, strategy)
}

function timedOf({ tally }: Answer, seconds: number): Timed {
  return { seconds, candidatesPerSecond: tally.legal / seconds }
}

function commandOf(file: string, { fix = [], require = [], sort, set = [] }: SearchOptions): readonly string[] {
  const quoted = (text: string) => (/^[\w./=:-]+$/.test(text) ? text : `'${text}'`)
  return [
    'clusterwise',
    'search',
    quoted(file),
    ...set.flatMap((text) => ['--set', quoted(text)]),
    ...fix.flatMap((text) => ['--fix', quoted(text)]),
    ...require.flatMap((text) => ['--require', quoted(text)]),
    ...(sort === undefined ? [] : ['--sort', sort]),
  ]
}
