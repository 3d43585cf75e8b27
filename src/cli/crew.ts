/** Threads, as many as were asked for, that share a row of work: this one, and workers beside it. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { breathe } from './breathe.ts'
import { type Errand, labourOf } from './labour.ts'

export interface Crew {
  readonly jobs: number
  /** Stretches of work, in the order in which they are handed out. */
  readonly stretches: readonly Stretch[]
  /** Called in this thread, with what a stretch gave. */
  readonly done: (stretch: Stretch, part: unknown) => void
  /** Says whether to go on. */
  readonly wanted: () => boolean
  /** Seconds of work that this thread does alone: another one must have its code compiled first. */
  readonly alone?: number
}

export interface Stretch {
  readonly from: number
  readonly to: number
}

export function stretchesOf(count: number, size: number): readonly Stretch[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, at) => ({
    from: at * size,
    to: Math.min(count, (at + 1) * size),
  }))
}

/** The bundle has the worker beside the program; the source, run as it is, has none. */
const entry = fileURLToPath(new URL('../cli/worker.js', import.meta.url))

/** With fewer stretches for each they are long: a worker would wait for this thread to be done with its own. */
const shortStretches = 32

/** What each has brought together. */
export async function share<Result>(errand: Errand, crew: Crew): Promise<readonly Result[]> {
  const { jobs, stretches, wanted, alone = 0 } = crew
  const many = existsSync(entry) ? Math.max(1, Math.min(jobs, stretches.length)) : 1
  const runs = runsOf(stretches, many)
  const helps = many === 1 || stretches.length >= many * shortStretches
  const takeFrom = (own: Stretch[]) => () => (wanted() ? nextOf(own, runs) : undefined)
  const hire = (own: Stretch[]) => employ(errand, takeFrom(own), crew, helps ? 2 : 1)
  if (!helps) return (await Promise.all(runs.map(hire))) as readonly Result[]

  const [own = [], ...others] = runs
  const started = performance.now()
  let worked = 0
  let hired: Promise<readonly unknown[]> | undefined
  const lent = await lend(errand, takeFrom(own), crew, () => {
    const left = runs.reduce((sum, run) => sum + run.length, 0)
    const seconds = (performance.now() - started) / 1e3
    const isWanted = alone === 0 || isLong(seconds, worked, left, alone)
    worked++
    if (hired || left === 0 || !isWanted) return
    hired = Promise.all(others.map(hire))
    // Heard below: this thread is at work until then.
    hired.catch(() => {})
  })
  return [lent, ...((await hired) ?? [])] as readonly Result[]
}

/** Long enough to tell, and more to do than one thread is to do alone. */
function isLong(seconds: number, worked: number, left: number, alone: number): boolean {
  return seconds > TELLING && (seconds / worked) * left > alone
}

const TELLING = 0.25

/** Neighbours share what they work out, so each worker has a run of its own. */
function runsOf(stretches: readonly Stretch[], many: number): Stretch[][] {
  const edge = (at: number) => Math.floor((stretches.length * at) / many)
  return Array.from({ length: many }, (_, at) => stretches.slice(edge(at), edge(at + 1)))
}

/** Whoever has done its own helps the one with most left, from the far end. */
function nextOf(own: Stretch[], runs: readonly Stretch[][]): Stretch | undefined {
  if (own.length > 0) return own.shift()
  return runs.reduce((most, run) => (run.length > most.length ? run : most)).pop()
}

type Take = () => Stretch | undefined

async function lend(errand: Errand, take: Take, { done }: Crew, before: () => void): Promise<unknown> {
  before()
  const labour = await labourOf(errand)
  for (let stretch = take(); stretch; stretch = take()) {
    before()
    done(stretch, labour.work(stretch.from, stretch.to))
    // Signals, streams and workers have their turn between two stretches.
    await breathe()
  }
  return labour.end()
}

/** Megabytes: what a worker throws away goes soon; the usual 48 would lie there until they are full. */
const YOUNG = 8

/** `ahead`: how many stretches are with the worker at a time. */
function employ(errand: Errand, take: Take, { done }: Crew, ahead: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: errand, resourceLimits: { maxYoungGenerationSizeMb: YOUNG } })
    const sent: Stretch[] = []
    let over = false
    const next = (): void => {
      if (over) return
      const stretch = take()
      if (stretch) sent.push(stretch)
      else over = true
      worker.postMessage(stretch ?? 'end')
    }
    worker.on('message', (message: { readonly part?: unknown; readonly result?: unknown }) => {
      if ('result' in message) return resolve(message.result)
      done(sent.shift() as Stretch, message.part)
      next()
    })
    worker.on('error', reject)
    for (let at = 0; at < ahead; at++) next()
  })
}
