/** One line on stderr that says how far it is; nothing for what takes no time. */
import type { Host } from './host.ts'

const patience = 500
const redraw = 100
/** Logs of machines keep every line. */
const redrawInLogs = 10_000

export interface Progress {
  /** Done so far, of a whole of 1; and a rate in words. */
  at(share: number, words: string): void
  end(): void
}

export function progressOn(host: Pick<Host, 'stderr'>, quiet: boolean): Progress {
  if (quiet) return { at: () => {}, end: () => {} }
  const start = performance.now()
  const { stderr } = host
  let drawn = start + patience - redraw
  let shown = false
  return {
    at: (share, words) => {
      const now = performance.now()
      if (now - drawn < (stderr.isTTY ? redraw : redrawInLogs)) return
      drawn = now
      const line = `${barOf(share)} ${Math.floor(share * 100)} %  ${words}  ${leftOf(now - start, share)}`
      shown = stderr.isTTY
      stderr.write(stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
    },
    end: () => {
      if (shown) stderr.write('\r\u001b[K')
    },
  }
}

function barOf(share: number): string {
  const full = Math.round(Math.min(1, share) * 20)
  return `[${'#'.repeat(full)}${'-'.repeat(20 - full)}]`
}

function leftOf(milliseconds: number, share: number): string {
  if (share <= 0) return ''
  return `about ${Math.ceil((milliseconds / share - milliseconds) / 1000)} s left`
}
