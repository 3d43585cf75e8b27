/** A worker thread: does the stretches that it is sent, and hands in its results when asked to. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Errand, labourOf } from './labour.ts'

type Order = { readonly from: number; readonly to: number } | 'end'

/** Loading an errand may take a while: orders that come before wait their turn. */
const labour = labourOf(workerData as Errand)

parentPort?.on('message', async (order: Order) => {
  const { work, end } = await labour
  if (order === 'end') {
    parentPort?.postMessage({ result: end() })
    parentPort?.close()
  } else parentPort?.postMessage({ part: work(order.from, order.to) })
})
