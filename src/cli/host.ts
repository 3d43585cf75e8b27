/** The world as an argument: `main(argv, host)` touches nothing else, so tests hand in another world. */
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Disk, disk, reasonOf } from './disk.ts'
import { exit, UsageError } from './exit.ts'
import { isatty } from './tty.ts'

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
    stdin: {
      get isTTY() {
        return isatty(0)
      },
      read: () => readAll(node.stdin),
    },
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

/** A stream where it is needed alone: opening one costs more than most runs write. */
function output(descriptor: number, open: () => NodeJS.WriteStream): Output {
  const isTTY = isatty(descriptor)
  let write = isTTY ? streamed : straight
  function straight(text: string): void {
    const rest = writeStraight(descriptor, Buffer.from(text))
    if (rest.length === 0) return
    // Whoever reads is slow: Node waits better.
    write = streamed
    opened().write(rest)
  }
  let stream: NodeJS.WriteStream | undefined
  function opened(): NodeJS.WriteStream {
    stream ??= open().on('error', throwButClosed)
    return stream
  }
  function streamed(text: string): void {
    opened().write(text)
  }
  return {
    isTTY,
    get columns() {
      return isTTY ? opened().columns : undefined
    },
    write: (text) => write(text),
  }
}

/** What could not be written without waiting. */
function writeStraight(descriptor: number, bytes: Buffer): Buffer {
  let rest = bytes
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return rest
    throwButClosed(error as NodeJS.ErrnoException)
  }
  return rest.subarray(rest.length)
}

/** `clusterwise … | head` closes the pipe early: nobody reads on, which is no error. */
function throwButClosed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  throw new UsageError(`cannot write the answer: ${reasonOf(error)}`, 'send it to a file with room: -o FILE')
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  let text = ''
  stream.setEncoding('utf8')
  for await (const piece of stream) text += piece
  return text
}
