/** `--watch`: again whenever a file that was read changes. Ends with an interrupt. */
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { ExitCode } from './exit.ts'
import { fail } from './failure.ts'
import type { Host } from './host.ts'

/** Editors save in several steps. */
const quietMilliseconds = 50

type Round = (seen: (file: string) => void) => Promise<ExitCode>

export async function watching(round: Round, options: object, host: Host): Promise<ExitCode> {
  for (;;) {
    const files = new Set<string>()
    if (host.stdout.isTTY) host.stdout.write('\u001b[2J\u001b[3J\u001b[H')
    try {
      await round((file) => files.add(file))
    } catch (error) {
      // A file that is half written: say so, and wait for the other half.
      fail(error, argumentsOf(options), host)
    }
    host.stderr.write(`watching ${files.size} ${files.size === 1 ? 'file' : 'files'}, Ctrl-C ends it\n`)
    await change(files)
  }
}

const argumentsOf = (options: object): readonly string[] => ('json' in options ? ['--json'] : [])

/** Folders and not files: an editor that writes a new file in place of the old one is seen too. */
function change(files: ReadonlySet<string>): Promise<void> {
  return new Promise((resolve) => {
    const folders = new Set([...files].map((file) => dirname(file)))
    let timer: NodeJS.Timeout | undefined
    const watchers: FSWatcher[] = [...folders].map((folder) =>
      watch(folder, (_, name) => {
        if (name !== null && !/\.ya?ml$/u.test(name)) return
        clearTimeout(timer)
        timer = setTimeout(() => {
          for (const watcher of watchers) watcher.close()
          resolve()
        }, quietMilliseconds)
      }),
    )
  })
}
