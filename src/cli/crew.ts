/** Worker threads, as many as were asked for, that share a row of work. One is this thread itself. */
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

/** What each worker has brought together. */
export async function share<Result>(errand: Errand, crew: Crew): Promise<readonly Result[]> {
  const many = Math.min(crew.jobs, crew.stretches.length)
  if (many < 2 || !existsSync(entry)) return [(await alone(errand, crew)) as Result]
  const runs = runsOf(crew.stretches, many)
  return Promise.all(runs.map((own) => employ<Result>(errand, () => nextOf(own, runs), crew)))
}

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

async function alone(errand: Errand, { stretches, done, wanted }: Crew): Promise<unknown> {
  const labour = await labourOf(errand)
  for (const stretch of stretches) {
    if (!wanted()) break
    done(stretch, labour.work(stretch.from, stretch.to))
    // Signals and streams have their turn between two stretches.
    await breathe()
  }
  return labour.end()
}

function employ<Result>(errand: Errand, take: () => Stretch | undefined, { done, wanted }: Crew): Promise<Result> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: errand })
    let current: Stretch | undefined
    const next = (): void => {
      current = wanted() ? take() : undefined
      worker.postMessage(current ?? 'end')
    }
    worker.on('message', (message: { readonly part?: unknown; readonly result?: Result }) => {
      if ('result' in message) return resolve(message.result as Result)
      if (current) done(current, message.part)
      next()
    })
    worker.on('error', reject)
    next()
  })
}
