import type { Machine } from '../../src/growth/machine.ts'

/** H100 SXM in nodes of eight on 400 Gb/s each, failures of Llama 3, restarts of five minutes. */
export const h100: Machine = {
  chips: 16_384,
  peakFlopPerSecond: 989e12,
  hbmBytes: 80e9,
  hbmBytesPerSecond: 3.35e12,
  scaleUpBytesPerSecond: 450e9,
  scaleUpDomain: 8,
  scaleOutBytesPerSecond: 50e9,
  layerSeconds: 16e-6,
  cellSeconds: 2e-6,
  chipWatts: 1275,
  chipMeanSeconds: 50_677 * 3600,
  checkpointSeconds: 5,
  restartSeconds: 300,
}
