/**
 * Whether someone looks at a descriptor. `node:tty` stands on the whole network of Node, some 7 ms of a start-up: it is
 * asked only where the answer may be yes.
 */
import { fstatSync, statSync } from 'node:fs'
import { devNull } from 'node:os'

export function isatty(descriptor: number): boolean {
  return mayBeTerminal(descriptor) && process.getBuiltinModule('node:tty').isatty(descriptor)
}

function mayBeTerminal(descriptor: number): boolean {
  try {
    const opened = fstatSync(descriptor)
    return opened.isCharacterDevice() && opened.rdev !== statSync(devNull).rdev
  } catch {
    // Closed, or a system that knows neither.
    return true
  }
}
