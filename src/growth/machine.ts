/** A cluster as the growth laws see it: flat rates at one precision. */
import type { Cluster, Datatype, Reliability } from '../engine/job.ts'
import type { Cited } from './cited.ts'
import type { Repair } from './reliability.ts'

export interface Machine extends Repair {
  readonly chips: number
  /** Dense peak of one chip at the training precision. */
  readonly peakFlopPerSecond: number
  readonly hbmBytes: number
  readonly hbmBytesPerSecond: number
  /** Per chip and direction. */
  readonly scaleUpBytesPerSecond: number
  readonly scaleUpDomain: number
  readonly scaleOutBytesPerSecond: number
  /** What one layer costs at least, each way: launches and exposed all-reduces. */
  readonly layerSeconds: number
  /** The same of one time step of a recurrent layer. */
  readonly cellSeconds: number
  readonly chipWatts: number
}

/** Chosen, not measured: see each. */
export const latencies = {
  layer: {
    label: 'serial time of a layer, each way',
    seconds: 16e-6,
    source: 'chosen so that latencyWallFlop meets the 2e31 FLOP of Erdil and Schneider-Joseph 2024, arXiv:2411.01137',
    validity: '10 to 20 µs are as plausible: 5.5e31 to 1.4e31 FLOP',
    confidence: 'derived',
  },
  cell: {
    label: 'one step of a recurrent layer in a persistent kernel',
    seconds: 2e-6,
    source: 'Diamos et al. 2016, Persistent RNNs, proceedings.mlr.press/v48/diamos16',
    validity: 'weights stay on the chip; 6 to 8 µs otherwise',
    confidence: 'derived',
  },
  reduction: {
    label: 'a small all-reduce between nodes',
    seconds: 20e-6,
    source: 'NCCL src/graph/tuning.cc: about 14 µs per network step',
    validity: '20 to 50 µs',
    confidence: 'derived',
  },
} as const satisfies Record<string, Cited & { readonly seconds: number }>

export function machineOf(cluster: Cluster, datatype: Datatype, reliability: Reliability): Machine {
  const { device, scaleUp, scaleOut } = cluster
  return {
    chips: cluster.gpus,
    peakFlopPerSecond: device.peakFlopPerSecond[datatype],
    hbmBytes: device.hbmBytes,
    hbmBytesPerSecond: device.hbmBytesPerSecond,
    scaleUpBytesPerSecond: scaleUp.bytesPerSecond,
    scaleUpDomain: scaleUp.domain,
    scaleOutBytesPerSecond: scaleOut.bytesPerSecond,
    layerSeconds: latencies.layer.seconds,
    cellSeconds: latencies.cell.seconds,
    chipWatts: cluster.nodeWatts / cluster.gpusPerNode,
    chipMeanSeconds: 1 / reliability.failuresPerGpuSecond,
    checkpointSeconds: reliability.checkpointSeconds,
    restartSeconds: reliability.restartSeconds,
  }
}

/** What is given; what is left out does not limit. */
export interface Means {
  readonly seconds: number
  readonly chips?: number
  readonly usd?: number
  /** To own a chip, or to rent it for a second. */
  readonly usdPerChip?: number
  readonly usdPerChipSecond?: number
  /** Of the site; a chip draws its share of the server times the PUE. */
  readonly watts?: number
  readonly pue?: number
}

export type Resource = 'chips' | 'money' | 'power'

/** How many chips the means allow, and which of them runs out first. */
export function affordableChips(means: Means, chipWatts: number): { readonly chips: number; readonly bound: Resource } {
  const perChip = (means.usdPerChip ?? 0) + (means.usdPerChipSecond ?? 0) * means.seconds
  const limits: readonly (readonly [Resource, number])[] = [
    ['chips', means.chips ?? Number.POSITIVE_INFINITY],
    ['money', means.usd === undefined ? Number.POSITIVE_INFINITY : means.usd / perChip],
    ['power', means.watts === undefined ? Number.POSITIVE_INFINITY : means.watts / (chipWatts * (means.pue ?? 1))],
  ]
  const [bound, chips] = limits.reduce((least, limit) => (limit[1] < least[1] ? limit : least))
  return { chips: Math.floor(chips), bound }
}
