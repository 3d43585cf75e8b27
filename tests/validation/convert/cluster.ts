/** Which machine: accelerator and node by the name of the GPU, network by the rate the row states. */
import { type Remarks, type Row, type Section, saidOr } from './row.ts'

interface Machine {
  readonly entry: string
  readonly gpusPerNode: number
  /** Network rate of one GPU in the catalog entry, Gb/s. */
  readonly gbps: number
}

/** The first that fits, so the narrower name stands first. */
const machines: readonly (readonly [RegExp, Machine])[] = [
  [/GB300/iu, { entry: 'clusters/gb300-nvl72', gpusPerNode: 4, gbps: 800 }],
  [/GB200/iu, { entry: 'clusters/gb200-nvl72', gpusPerNode: 4, gbps: 400 }],
  [/VR200/iu, { entry: 'clusters/vr200-nvl72', gpusPerNode: 4, gbps: 1600 }],
  [/B300/iu, { entry: 'clusters/dgx-b300', gpusPerNode: 8, gbps: 800 }],
  [/B200/iu, { entry: 'clusters/dgx-b200', gpusPerNode: 8, gbps: 400 }],
  [/H200/iu, { entry: 'clusters/dgx-h200', gpusPerNode: 8, gbps: 400 }],
  [/H100.*(500 ?W|HBM2e)/iu, { entry: 'clusters/grand-teton-h100-500w', gpusPerNode: 8, gbps: 400 }],
  [/H100.*PCIe/iu, { entry: 'clusters/h100-pcie-8', gpusPerNode: 8, gbps: 200 }],
  [/H100/iu, { entry: 'clusters/dgx-h100', gpusPerNode: 8, gbps: 400 }],
  [/H800/iu, { entry: 'clusters/h800-cluster', gpusPerNode: 8, gbps: 400 }],
  [/\bH20\b/iu, { entry: 'clusters/hgx-h20', gpusPerNode: 8, gbps: 400 }],
  [/A100.*PCIe/iu, { entry: 'clusters/a100-pcie-8', gpusPerNode: 8, gbps: 200 }],
  [/A100.*40 ?GB/iu, { entry: 'clusters/dgx-a100-40', gpusPerNode: 8, gbps: 200 }],
  [/A100/iu, { entry: 'clusters/dgx-a100-80', gpusPerNode: 8, gbps: 200 }],
  [/A800/iu, { entry: 'clusters/hgx-a800', gpusPerNode: 8, gbps: 200 }],
  [/V100/iu, { entry: 'clusters/dgx-1v', gpusPerNode: 8, gbps: 50 }],
  [/MI355X/iu, { entry: 'clusters/mi355x-8', gpusPerNode: 8, gbps: 400 }],
  [/MI325X/iu, { entry: 'clusters/mi325x-8', gpusPerNode: 8, gbps: 400 }],
  [/MI300X/iu, { entry: 'clusters/mi300x-8', gpusPerNode: 8, gbps: 400 }],
  [/MI250X/iu, { entry: 'clusters/frontier-mi250x', gpusPerNode: 8, gbps: 100 }],
  [/TPU.*v6e|Trillium/iu, { entry: 'clusters/tpu-v6e-pod', gpusPerNode: 8, gbps: 100 }],
  [/TPU.*v5e/iu, { entry: 'clusters/tpu-v5e-pod', gpusPerNode: 8, gbps: 25 }],
  [/TPU.*v5p/iu, { entry: 'clusters/tpu-v5p-pod', gpusPerNode: 4, gbps: 0 }],
  [/TPU.*v4/iu, { entry: 'clusters/tpu-v4-pod', gpusPerNode: 4, gbps: 0 }],
  [/TPU.*(v7|7x)|Ironwood/iu, { entry: 'clusters/tpu-v7x-pod', gpusPerNode: 4, gbps: 0 }],
  [/Gaudi ?3/iu, { entry: 'clusters/gaudi3-8', gpusPerNode: 8, gbps: 0 }],
  [/Gaudi ?2/iu, { entry: 'clusters/gaudi2-8', gpusPerNode: 8, gbps: 0 }],
  [/Ascend.*910C|CloudMatrix/iu, { entry: 'clusters/cloudmatrix384', gpusPerNode: 16, gbps: 0 }],
  [/Ascend|910B/iu, { entry: 'clusters/ascend-910b-8', gpusPerNode: 8, gbps: 0 }],
  [/Trainium ?2|trn2/iu, { entry: 'clusters/trn2-48xlarge', gpusPerNode: 16, gbps: 0 }],
  [/Trainium|trn1/iu, { entry: 'clusters/trn1-32xlarge', gpusPerNode: 16, gbps: 0 }],
]

export interface ClusterPart {
  readonly entry: string
  readonly cluster: Section
}

export function clusterOf(row: Row, remarks: Remarks): ClusterPart {
  const machine = machines.find(([name]) => name.test(row.gpu ?? ''))?.[1]
  if (!machine) remarks.unsupported.push(`the catalog has no accelerator called ${row.gpu ?? '(not stated)'}`)
  if (!row.n_gpus) remarks.unsupported.push('the source does not state the number of GPUs')
  const { entry, gpusPerNode, gbps } = machine ?? unknownMachine
  const perNode = saidOr(row.gpus_per_node, 'cluster.gpus_per_node', gpusPerNode, remarks)
  return {
    entry,
    cluster: {
      gpus: row.n_gpus || 1,
      ...(perNode !== gpusPerNode && { gpus_per_node: perNode }),
      ...networkOf(row, perNode, gbps, remarks),
    },
  }
}

/** Stands in for what is reported as unsupported, so that the rest of the row can still be read. */
const unknownMachine: Machine = { entry: 'clusters/dgx-h100', gpusPerNode: 8, gbps: 400 }

function networkOf(row: Row, perNode: number, standard: number, { inferred }: Remarks): Section {
  const link = row.inter_node_link ?? row.inter_node_link_nominal ?? ''
  const gbps = gbpsPerGpu(link, perNode)
  if (gbps === undefined) {
    if ((row.n_gpus ?? 0) > perNode) inferred.push('cluster.scale_out.bandwidth')
    return {}
  }
  const pods = /1:(\d+) oversubscribed between (\d+)-GPU pods/u.exec(link)
  const fabric = fabrics.find(([name]) => name.test(link))?.[1]
  const said = {
    ...(gbps !== standard && { name: link, bandwidth: `${gbps} Gb/s` }),
    ...(pods && { topology: 'fat-tree', oversubscription: Number(pods[1]), pod: Number(pods[2]) }),
    ...(fabric !== undefined && { efficiency: fabric }),
  }
  return Object.keys(said).length > 0 ? { scale_out: said } : {}
}

/** Where the kind of network, not its rate, decides what arrives. The catalog's entries say it for InfiniBand. */
const fabrics: readonly (readonly [RegExp, number])[] = [
  // An estimate: its adapters leave the moving of data to the host.
  [/Omni-?Path/iu, 0.8],
]

/**
 * Gb/s of one GPU: "400 Gb/s per GPU", "800 Gb/s total per node", "8x400Gb/s", "4x800Gb/s per 4-GPU tray",
 * "Storage: 2x … 400Gb/s, Compute: 8x … 400Gb/s". Of several networks the fastest carries the collectives.
 */
export function gbpsPerGpu(link: string, gpusPerNode: number): number | undefined {
  const perGpu = rateIn(/([\d.]+)\s*([GT])b\/s per GPU/iu.exec(link))
  if (perGpu !== undefined) return perGpu
  const rates = link
    .split(/[,;]|\s\+\s/u)
    .filter((part) => !/storage|management|PCIe|DCN/iu.test(part) || /compute/iu.test(part))
    .flatMap((part) => {
      const rate = rateIn(/([\d.]+)\s*([GT])b\/s/iu.exec(part))
      if (rate === undefined) return []
      // "400Gb/s per node (4x100)" has named the sum before it counts.
      const adapters = Number(/(\d+)\s*x.*b\/s/iu.exec(part)?.[1] ?? 1)
      const sharedBy = Number(/per (\d+)-GPU/iu.exec(part)?.[1] ?? gpusPerNode)
      return [(rate * adapters) / sharedBy]
    })
  return rates.length > 0 ? Math.max(...rates) : undefined
}

const rateIn = (match: RegExpExecArray | null): number | undefined =>
  match ? Number(match[1]) * (match[2]?.toUpperCase() === 'T' ? 1000 : 1) : undefined
