/** A collective in seconds, by group, placement and message size. */

import { type Formula, formula } from '../formula.ts'
import type { Calibration, Cluster } from '../job.ts'
import type { Group } from '../layout.ts'
import type { Collective, Communication } from '../operation.ts'
import type { Timing } from '../timing.ts'

export interface CollectiveInputs {
  readonly bytes: number
  readonly ranks: number
  readonly local: number
  readonly domains: number
  /** Bus bandwidth: of the slowest link that the ring crosses. */
  readonly bytesPerSecond: number
  readonly baseSeconds: number
  readonly stepSeconds: number
  readonly networkStepSeconds: number
  /** A message that the wire alone would take this long for moves at half the rate. */
  readonly rampSeconds: number
}

const NCCL =
  'NCCL src/graph/tuning.cc (latency of a ring: base, NVLink steps, network steps); Thakur et al. 2005, doi:10.1177/1094342005051521 (volume); bus bandwidth grows with message size as tables of nccl-tests and OpenXLA collective_interpolator_data.h show: wire time x becomes x + sqrt(rampSeconds * x)'

/** Time on the wire, at a rate that small messages do not reach. */
function rampedSeconds(bytes: number, bytesPerSecond: number, rampSeconds: number): number {
  const wire = bytes / bytesPerSecond
  return wire + Math.sqrt(rampSeconds * wire)
}

export const ringSeconds = formula<CollectiveInputs>({
  id: 'ringSeconds',
  unit: 'seconds',
  text: 'baseSeconds + (ranks - domains) * stepSeconds + (domains - 1) * networkStepSeconds + (ranks - 1) / ranks * (bytes / bytesPerSecond + sqrt(rampSeconds * bytes / bytesPerSecond))',
  source: NCCL,
  compute: ({ baseSeconds, ranks, domains, stepSeconds, networkStepSeconds, bytes, bytesPerSecond, rampSeconds }) =>
    baseSeconds +
    (ranks - domains) * stepSeconds +
    (domains - 1) * networkStepSeconds +
    ((ranks - 1) / ranks) * rampedSeconds(bytes, bytesPerSecond, rampSeconds),
})

export const ringAllReduceSeconds = formula<CollectiveInputs>({
  id: 'ringAllReduceSeconds',
  unit: 'seconds',
  text: 'baseSeconds + 2 * ((ranks - domains) * stepSeconds + (domains - 1) * networkStepSeconds + (ranks - 1) / ranks * (bytes / bytesPerSecond + sqrt(rampSeconds * bytes / bytesPerSecond)))',
  source: `${NCCL}; a reduce-scatter, then an all-gather: Patarasuk and Yuan 2009, doi:10.1016/j.jpdc.2008.09.002`,
  compute: ({ baseSeconds, ranks, domains, stepSeconds, networkStepSeconds, bytes, bytesPerSecond, rampSeconds }) =>
    baseSeconds +
    2 *
      ((ranks - domains) * stepSeconds +
        (domains - 1) * networkStepSeconds +
        ((ranks - 1) / ranks) * rampedSeconds(bytes, bytesPerSecond, rampSeconds)),
})

interface TreeInputs extends CollectiveInputs {
  readonly treeStepSeconds: number
  readonly treeEfficiency: number
}

export const treeAllReduceSeconds = formula<TreeInputs>({
  id: 'treeAllReduceSeconds',
  unit: 'seconds',
  text: 'baseSeconds + 2 * ((local - 1) * treeStepSeconds + log2(domains) * networkStepSeconds + (ranks - 1) / ranks * (bytes / (bytesPerSecond * treeEfficiency) + sqrt(rampSeconds * bytes / (bytesPerSecond * treeEfficiency))))',
  source:
    'NCCL src/graph/tuning.cc (latency and bandwidth of the tree); Sanders et al. 2009, doi:10.1016/j.parco.2009.09.001 (two trees)',
  compute: ({
    baseSeconds,
    ranks,
    local,
    domains,
    treeStepSeconds,
    networkStepSeconds,
    bytes,
    bytesPerSecond,
    treeEfficiency,
    rampSeconds,
  }) =>
    baseSeconds +
    2 *
      ((local - 1) * treeStepSeconds +
        Math.log2(domains) * networkStepSeconds +
        ((ranks - 1) / ranks) * rampedSeconds(bytes, bytesPerSecond * treeEfficiency, rampSeconds)),
})

interface InSwitchInputs {
  readonly bytes: number
  readonly ranks: number
  readonly bytesPerSecond: number
  readonly baseSeconds: number
  readonly inNetworkSeconds: number
  readonly rampSeconds: number
}

export const inSwitchAllReduceSeconds = formula<InSwitchInputs>({
  id: 'inSwitchAllReduceSeconds',
  unit: 'seconds',
  text: 'baseSeconds + inNetworkSeconds + 2 * (ranks - 1) / ranks * (bytes / bytesPerSecond + sqrt(rampSeconds * bytes / bytesPerSecond))',
  source: 'NCCL src/graph/tuning.cc (NVLS); rates by nccl-tests issues 212 and 272, NVIDIA/nccl-tests on GitHub',
  compute: ({ baseSeconds, inNetworkSeconds, ranks, bytes, bytesPerSecond, rampSeconds }) =>
    baseSeconds + inNetworkSeconds + ((2 * (ranks - 1)) / ranks) * rampedSeconds(bytes, bytesPerSecond, rampSeconds),
})

interface AllToAllInputs extends Omit<CollectiveInputs, 'stepSeconds'> {
  readonly networkBytesPerSecond: number
  readonly allToAllEfficiency: number
  /** Of a send, of which NCCL makes it. */
  readonly sendSeconds: number
  readonly peerSeconds: number
  /** Bytes across domains over those without merging copies for one domain. */
  readonly merged: number
}

export const allToAllSeconds = formula<AllToAllInputs>({
  id: 'allToAllSeconds',
  unit: 'seconds',
  text: 'baseSeconds + sendSeconds + (ranks - 1) * peerSeconds + (domains - 1) * networkStepSeconds + max((local - 1) / ranks * (bytes / (bytesPerSecond * allToAllEfficiency) + sqrt(rampSeconds * bytes / (bytesPerSecond * allToAllEfficiency))), (ranks - local) / ranks * (merged * bytes / networkBytesPerSecond + sqrt(rampSeconds * merged * bytes / networkBytesPerSecond)))',
  source:
    'each rank sends an equal part to each other rank, inside and across domains at once; rate over ring rate: NVIDIA GTC 2025 session S72583; latency and ramp: tables of OpenXLA collective_interpolator_data.h',
  compute: (x) =>
    x.baseSeconds +
    x.sendSeconds +
    (x.ranks - 1) * x.peerSeconds +
    (x.domains - 1) * x.networkStepSeconds +
    Math.max(
      ((x.local - 1) / x.ranks) * rampedSeconds(x.bytes, x.bytesPerSecond * x.allToAllEfficiency, x.rampSeconds),
      ((x.ranks - x.local) / x.ranks) * rampedSeconds(x.merged * x.bytes, x.networkBytesPerSecond, x.rampSeconds),
    ),
})

interface PointToPointInputs {
  readonly bytes: number
  readonly bytesPerSecond: number
  readonly latencySeconds: number
}

export const pointToPointSeconds = formula<PointToPointInputs>({
  id: 'pointToPointSeconds',
  unit: 'seconds',
  text: 'latencySeconds + bytes / bytesPerSecond',
  source: 'Hockney 1994, doi:10.1016/S0167-8191(06)80021-9; intercepts by NCCL src/graph/tuning.cc',
  compute: ({ latencySeconds, bytes, bytesPerSecond }) => latencySeconds + bytes / bytesPerSecond,
})

/** Ring rate inside one domain. A mesh or torus gives a small group only the links between its own members. */
export function scaleUpBytesPerSecond(cluster: Cluster, ranks: number): number {
  const { bytesPerSecond, efficiency, topology, domain, axes } = cluster.scaleUp
  const whole = bytesPerSecond * efficiency
  if (topology === 'switch' || ranks >= domain) return whole
  if (topology === 'mesh') return (whole * Math.max(1, ranks - 1)) / (domain - 1)
  const side = domain ** (1 / axes)
  return (whole * Math.min(axes, Math.ceil(Math.log(ranks) / Math.log(side) - 1e-9))) / axes
}

/** One GPU's rate into the network; less where its block is oversubscribed and neighbours lie in another block. */
export function scaleOutBytesPerSecond(cluster: Cluster, group: Group): number {
  const { bytesPerSecond, efficiency, podGpus, oversubscription } = cluster.scaleOut
  const rate = bytesPerSecond * efficiency
  if (group.ranks * group.stride <= podGpus) return rate
  // Of a block's GPUs only those within one stride of its edge have their neighbour outside.
  const crossing = Math.min(1, (group.stride * group.local) / podGpus)
  return rate * Math.min(1, 1 / (oversubscription * crossing))
}

/** A ring drives the network adapters of all its members in a domain: their rates add up, to the scale-up rate at most. */
export function busBytesPerSecond(cluster: Cluster, group: Group): number {
  const up = scaleUpBytesPerSecond(cluster, group.local)
  if (group.domains === 1) return up
  const out = group.local * scaleOutBytesPerSecond(cluster, group)
  return group.local === 1 ? out : Math.min(up, out)
}

interface Choice {
  readonly formula: Formula<never>
  readonly inputs: Readonly<Record<string, number>>
  readonly seconds: number
}

function choose<Inputs extends object>(by: Formula<Inputs>, inputs: Inputs): Choice {
  return {
    formula: by as unknown as Formula<never>,
    inputs: inputs as Record<string, number>,
    seconds: by.compute(inputs),
  }
}

interface Quote {
  readonly operation: Communication
  readonly cluster: Cluster
  readonly group: Group
  readonly calibration: Calibration
}

type Pricer = (inputs: CollectiveInputs, quote: Quote) => Choice

const ring: Pricer = (inputs) => choose(ringSeconds, inputs)

const pricers = {
  'all-gather': ring,
  'reduce-scatter': ring,
  'all-reduce': fastestAllReduce,
  'all-to-all': ({ stepSeconds: _, ...inputs }, { operation, cluster, group, calibration }) =>
    choose(allToAllSeconds, {
      ...inputs,
      // Alone in its domain a rank sends nothing there; any rate will do.
      bytesPerSecond: scaleUpBytesPerSecond(cluster, Math.max(2, group.local)) * operation.rate,
      networkBytesPerSecond: scaleOutBytesPerSecond(cluster, group),
      allToAllEfficiency: cluster.scaleUp.allToAllEfficiency,
      sendSeconds: calibration.pointToPointSeconds,
      peerSeconds: calibration.allToAllPeerSeconds,
      merged: operation.merged ?? 1,
    }),
  'point-to-point': ({ bytes, domains, networkStepSeconds }, { cluster, group, calibration }) =>
    choose(pointToPointSeconds, {
      bytes,
      bytesPerSecond: domains === 1 ? scaleUpBytesPerSecond(cluster, 2) : scaleOutBytesPerSecond(cluster, group),
      latencySeconds: calibration.pointToPointSeconds + (domains === 1 ? 0 : networkStepSeconds),
    }),
} satisfies Record<Collective, Pricer>

/** NCCL takes the algorithm it expects to be fastest; so do we. */
function fastestAllReduce(inputs: CollectiveInputs, { cluster, group, calibration }: Quote): Choice {
  const byRing = choose(ringAllReduceSeconds, inputs)
  if (group.domains > 1) {
    const { treeStepSeconds, treeEfficiency } = calibration
    return faster(byRing, choose(treeAllReduceSeconds, { ...inputs, treeStepSeconds, treeEfficiency }))
  }
  const { reductionEfficiency, reductionRanks, bytesPerSecond } = cluster.scaleUp
  if (reductionEfficiency === 0 || group.ranks < reductionRanks) return byRing
  const { bytes, ranks, baseSeconds, rampSeconds } = inputs
  const rate = bytesPerSecond * reductionEfficiency * (inputs.bytesPerSecond / busBytesPerSecond(cluster, group))
  const { inNetworkSeconds } = calibration
  const inSwitch = { bytes, ranks, baseSeconds, bytesPerSecond: rate, inNetworkSeconds, rampSeconds }
  return faster(byRing, choose(inSwitchAllReduceSeconds, inSwitch))
}

function faster(a: Choice, b: Choice): Choice {
  return b.seconds < a.seconds ? b : a
}

export const repeatedSeconds = formula<{ readonly times: number; readonly onceSeconds: number }>({
  id: 'repeatedSeconds',
  unit: 'seconds',
  text: 'times * onceSeconds',
  source:
    'as often as a recurrent layer has tokens: each waits for the one before (Sutskever et al. 2014, arXiv:1409.3215)',
  compute: ({ times, onceSeconds }) => times * onceSeconds,
})

/** Nothing moves in a group of one. */
export function priceCollective(
  operation: Communication,
  group: Group,
  cluster: Cluster,
  calibration: Calibration,
): Timing {
  const { times, bytes } = operation
  if (times === undefined) return priceOnce(operation, group, cluster, calibration)
  const once = priceOnce({ ...operation, bytes: bytes / times }, group, cluster, calibration)
  const inputs = { times, onceSeconds: once.seconds }
  const exposedSeconds = times * once.exposedSeconds
  return {
    ...once,
    operation,
    seconds: repeatedSeconds.compute(inputs),
    exposedSeconds,
    formula: repeatedSeconds,
    inputs,
  }
}

function priceOnce(operation: Communication, group: Group, cluster: Cluster, calibration: Calibration): Timing {
  const inputs: CollectiveInputs = {
    bytes: operation.bytes,
    ranks: group.ranks,
    local: group.local,
    domains: group.domains,
    bytesPerSecond: busBytesPerSecond(cluster, group) * operation.rate,
    baseSeconds: calibration.collectiveSeconds,
    // Inside a domain NCCL keeps to protocols of low latency up to large messages; rings across domains do not.
    stepSeconds: group.domains === 1 ? cluster.scaleUp.stepSeconds : calibration.crossingStepSeconds,
    networkStepSeconds: cluster.scaleOut.stepSeconds,
    rampSeconds: calibration.rampSeconds,
  }
  const choice = pricers[operation.collective](inputs, { operation, cluster, group, calibration })
  const wire = operation.bytes / (choice.inputs['bytesPerSecond'] ?? 1)
  return {
    operation,
    flop: 0,
    seconds: choice.seconds,
    exposedSeconds: choice.seconds * (1 - operation.hidden),
    bound: wire > choice.seconds / 2 ? 'bandwidth' : 'latency',
    formula: choice.formula,
    inputs: choice.inputs,
  }
}
