/** What was fitted, as a fragment of a scenario: numbers of the catalog times their factors, with where they are from. */
import { attentionKernels, datatypes } from '../engine/job.ts'
import type { Loaded } from '../scenario/read.ts'
import { formatQuantity } from '../units/format.ts'
import { applied, type Calibrated } from '../validation/calibrate.ts'

export function calibrationText(first: Loaded, { factors, fitted }: Calibrated, ids: readonly string[]): string {
  const { cluster, software } = applied(first.job, factors)
  const source = JSON.stringify(`clusterwise calibrate, from ${ids.slice(0, 5).join(', ')}${more(ids)}`)
  const { sustained } = first.scenario.cluster.gpu
  const rates = (
    names: readonly string[],
    said: object,
    now: Readonly<Record<string, number>>,
    usual: readonly string[],
  ) =>
    names
      .filter((name) => (said as Record<string, unknown>)[name] !== undefined || usual.includes(name))
      .filter((name) => (now[name] as number) > 0)
      .map((name) => `        ${name}: ${round(now[name] as number)}`)
  const { device, scaleOut } = cluster
  const { matmul, activation } = first.job.precision
  const tells = fitted.includes('matmul') || fitted.includes('attention')
  const gpu = [
    '  gpu:',
    '    calibration: own',
    ...(tells ? ['    sustained:', `      source: ${source}`] : []),
    ...(fitted.includes('matmul')
      ? ['      matmul:', ...rates(datatypes, sustained.matmul, device.matmulEfficiency, [matmul, activation])]
      : []),
    ...(fitted.includes('attention')
      ? [
          '      attention:',
          ...rates(attentionKernels, sustained.attention, device.attentionEfficiency, [first.job.software.attention]),
        ]
      : []),
  ]
  const network = fitted.includes('network')
    ? ['  scale_out:', `    efficiency: { value: ${round(scaleOut.efficiency)}, source: ${source} }`]
    : []
  const host = fitted.includes('host')
    ? [
        'software:',
        `  host: { value: ${seconds(software.hostSecondsPerLayer)}, source: ${source} }`,
        '  moe:',
        `    host: { value: ${seconds(software.hostSecondsPerMoeLayer)}, source: ${source} }`,
      ]
    : []
  const head = '# Written by clusterwise calibrate: give it to run, search or sweep with --calibration, or extend it.'
  return `${[head, 'cluster:', ...gpu, ...network, ...host].join('\n')}\n`
}

const more = (ids: readonly string[]): string => (ids.length > 5 ? ` and ${ids.length - 5} more` : '')
const round = (share: number): string => String(Number(share.toPrecision(4)))
const seconds = (value: number): string => formatQuantity(value, 'seconds')
