/** A world for main(): real files, everything else made up and written down. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { disk } from '../../src/cli/disk.ts'
import { bundledScenarios, type Host } from '../../src/cli/host.ts'
import { main } from '../../src/cli/main.ts'

export interface World {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What stands on stdin; without it stdin is a terminal. */
  readonly stdin?: string
  /** Columns of the terminal that stdout is; without it stdout is a pipe. */
  readonly terminal?: number
}

export interface Answer {
  readonly code: number
  readonly out: string
  readonly err: string
}

export const repo = join(bundledScenarios, '..')

/** One command line in that world, as the shell would see it. */
export async function clusterwise(argv: readonly string[], world: World = {}): Promise<Answer> {
  const written = { out: '', err: '' }
  const host: Host = {
    cwd: world.cwd ?? repo,
    env: world.env ?? {},
    stdin: { isTTY: world.stdin === undefined, read: async () => world.stdin ?? '' },
    stdout: stream(world, (text) => {
      written.out += text
    }),
    stderr: stream(world, (text) => {
      written.err += text
    }),
    disk,
    scenarios: bundledScenarios,
  }
  const code = await main(argv, host)
  return { code, ...written }
}

function stream(world: World, write: (text: string) => void): Host['stdout'] {
  return { isTTY: world.terminal !== undefined, columns: world.terminal, write }
}

/** A folder of one's own for the length of a test. */
export async function inFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'clusterwise-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
