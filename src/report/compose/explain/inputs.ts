/** The inputs of operations in the words of the scenario: which of its paths each one was read from. */
import type { Path } from '../../../base/problem.ts'
import type { Operation } from '../../../engine/operation.ts'
import type { Timing } from '../../../engine/timing.ts'
import type { Run } from './question.ts'

type PathOf = (operation: Operation, run: Run) => Path | undefined

const always =
  (...path: Path): PathOf =>
  () =>
    path

const paths: Readonly<Record<string, PathOf>> = {
  peakFlopPerSecond: (operation, run) => ['cluster', 'gpu', 'peak', datatypeOf(operation, run)],
  efficiency: (operation, run) => efficiencyPath(operation, run),
  scanEfficiency: always('calibration', 'scan_rate'),
  hbmBytesPerSecond: always('cluster', 'gpu', 'hbm', 'bandwidth'),
  hbmEfficiency: always('cluster', 'gpu', 'sustained', 'memory'),
  multiprocessors: always('cluster', 'gpu', 'multiprocessors'),
  halfDepth: always('calibration', 'matmul_half_depth'),
  halfSequence: always('calibration', 'attention_half_sequence'),
  halfBlocks: always('calibration', 'attention_half_blocks'),
  kernelSeconds: always('calibration', 'kernel'),
  baseSeconds: always('calibration', 'collective'),
  rampSeconds: always('calibration', 'ramp'),
  sendSeconds: always('calibration', 'point_to_point'),
  peerSeconds: always('calibration', 'all_to_all_peer'),
  treeStepSeconds: always('calibration', 'tree_step'),
  treeEfficiency: always('calibration', 'tree_efficiency'),
  inNetworkSeconds: always('calibration', 'in_network'),
  allToAllEfficiency: always('cluster', 'scale_up', 'all_to_all_efficiency'),
  stepSeconds: (operation, run) => {
    if (operation.kind !== 'collective') return undefined
    const inside = run.simulation.layout[operation.dimension].domains === 1
    return inside ? ['cluster', 'scale_up', 'latency'] : ['calibration', 'crossing_step']
  },
  networkStepSeconds: always('cluster', 'scale_out', 'latency'),
  networkBytesPerSecond: always('cluster', 'scale_out', 'bandwidth'),
  latencySeconds: always('calibration', 'point_to_point'),
  ranks: (operation) => (operation.kind === 'collective' ? ['parallel', operation.dimension] : undefined),
  local: always('cluster', 'scale_up', 'domain'),
  bytesPerSecond: (operation, run) => {
    if (operation.kind !== 'collective') return undefined
    const inside = run.simulation.layout[operation.dimension].domains === 1
    return ['cluster', inside ? 'scale_up' : 'scale_out', 'bandwidth']
  },
}

/** Undefined for what follows from the shapes of model, batch and strategy. */
export function inputPath(name: string, { operation }: Timing, run: Run): Path | undefined {
  return paths[name]?.(operation, run)
}

function datatypeOf(operation: Operation, { simulation }: Run): string {
  return operation.kind === 'matmul' || operation.kind === 'decomposition' || operation.kind === 'recurrence'
    ? operation.datatype
    : simulation.job.precision.activation
}

function efficiencyPath(operation: Operation, run: Run): Path | undefined {
  if (operation.kind === 'attention' && operation.kernel !== 'unfused')
    return ['cluster', 'gpu', 'sustained', 'attention', operation.kernel]
  return ['cluster', 'gpu', 'sustained', 'matmul', datatypeOf(operation, run)]
}
