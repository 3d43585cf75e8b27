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
  const queue = [...crew.stretches]
  return Promise.all(Array.from({ length: many }, () => employ<Result>(errand, queue, crew)))
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

function employ<Result>(errand: Errand, queue: Stretch[], { done, wanted }: Crew): Promise<Result> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: errand })
    let current: Stretch | undefined
    const next = (): void => {
      current = wanted() ? queue.shift() : undefined
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
