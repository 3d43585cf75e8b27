/** Any operation in seconds. */
import type { Job } from '../job.ts'
import type { Layout } from '../layout.ts'
import type { Operation } from '../operation.ts'
import { priceDecomposition } from '../optimizer/decomposition.ts'
import type { Timing } from '../timing.ts'
import { priceAttention } from './attention.ts'
import { priceCollective } from './collective.ts'
import { priceMatmul } from './matmul.ts'
import { priceElementwise } from './memory-bound.ts'
import { priceRecurrence } from './recurrence.ts'
import { priceScan } from './scan.ts'

export function price(operation: Operation, job: Job, layout: Layout): Timing {
  const { cluster, calibration } = job
  switch (operation.kind) {
    case 'matmul':
      return priceMatmul(operation, cluster.device, calibration)
    case 'attention':
      return priceAttention(operation, job.precision.activation, cluster.device, calibration)
    case 'scan':
      return priceScan(operation, job.precision.activation, cluster.device, calibration)
    case 'recurrence':
      return priceRecurrence(operation, cluster.device, calibration)
    case 'elementwise':
      return priceElementwise(operation, cluster.device, calibration)
    case 'decomposition':
      return priceDecomposition(operation, job)
    case 'collective':
      return priceCollective(operation, layout[operation.dimension], cluster, calibration)
  }
}
