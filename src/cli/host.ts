/** The world as an argument: `main(argv, host)` touches nothing else, so tests hand in another world. */
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { type Disk, disk } from './disk.ts'
import { exit } from './exit.ts'

export interface Output {
  readonly isTTY: boolean
  /** Of the terminal; undefined where there is none. */
  readonly columns: number | undefined
  write(text: string): void
}

export interface Host {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: { readonly isTTY: boolean; read(): Promise<string> }
  readonly stdout: Output
  readonly stderr: Output
  readonly disk: Disk
  /** The folders that ship with the program. */
  readonly scenarios: string
  /** From now on an interrupt is told to this instead of ending the process; a second one ends it. Returns the way back. */
  readonly onInterrupt?: (listener: () => void) => () => void
}

/** As deep in dist/ as in src/: scripts/build.mjs sees to it. */
export const bundledScenarios = fileURLToPath(new URL('../../scenarios', import.meta.url))

/** The real world. Call it once: it also decides what an interrupt and a closed pipe mean. */
export function processHost(node: NodeJS.Process): Host {
  let listener: (() => void) | undefined
  node.on('SIGINT', () => {
    if (!listener) node.exit(exit.interrupted)
    listener?.()
    listener = undefined
  })
  return {
    cwd: node.cwd(),
    env: node.env,
    // Node opens a stream when it is first asked for, and most runs need only one of the three.
    stdin: { isTTY: isatty(0), read: () => readAll(node.stdin) },
    stdout: output(1, () => node.stdout),
    stderr: output(2, () => node.stderr),
    disk,
    scenarios: bundledScenarios,
    onInterrupt: (told) => {
      listener = told
      return () => {
        listener = undefined
      }
    },
  }
}

function output(descriptor: number, open: () => NodeJS.WriteStream): Output {
  let stream: NodeJS.WriteStream | undefined
  const opened = () => {
    if (stream) return stream
    stream = open()
    // `clusterwise … | head` closes the pipe early: nobody reads on, which is no error.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
    return stream
  }
  return {
    isTTY: isatty(descriptor),
    get columns() {
      return opened().columns
    },
    write: (text) => void opened().write(text),
  }
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  let text = ''
  stream.setEncoding('utf8')
  for await (const piece of stream) text += piece
  return text
}
