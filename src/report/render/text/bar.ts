/** Bars of block characters, exact to an eighth of a column. */
import type { Bar } from '../../report.ts'

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function drawBar(bar: Bar, width: number, unicode: boolean): string {
  const start = Math.min(width - 1, Math.floor(clamp(bar.from) * width))
  const cells = Math.max(0, clamp(bar.to) * width - Math.max(start, clamp(bar.from) * width))
  return ' '.repeat(start) + (unicode ? blocks(cells) : hashes(cells))
}

/** Whatever is more than nothing shows. */
function blocks(cells: number): string {
  const parts = cells > 0 ? Math.max(1, Math.round(cells * 8)) : 0
  return '█'.repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? '')
}

function hashes(cells: number): string {
  return cells > 0 && cells < 0.5 ? '.' : '#'.repeat(Math.round(cells))
}

function clamp(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0
}

const columns = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** One small column for each height, 0…1. */
export function drawProfile(heights: readonly number[]): string {
  return heights.map((height) => columns[Math.min(7, Math.floor(clamp(height) * 8))] ?? '').join('')
}
