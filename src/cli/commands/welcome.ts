/** What someone sees who types the name alone: one screen, and something to try. */
import { join, relative } from 'node:path'
import { type ExitCode, exit } from '../exit.ts'
import type { Host } from '../host.ts'
import { tool } from '../version.ts'

export function welcome(host: Host): ExitCode {
  host.stdout.write(
    [
      `${tool.name} ${tool.version}: what a GPU cluster will do, before anyone buys or books it.`,
      '',
      'Try:',
      ...exampleFiles(host).map((file) => `  clusterwise run ${file}`),
      '',
      'Then:',
      '  clusterwise init plan.yaml                     a scenario of your own',
      '  clusterwise run plan.yaml --set parallel.tp=4  what if',
      '  clusterwise explain plan.yaml step.time        why',
      '  clusterwise list                               the catalog',
      '',
      'All commands and flags: clusterwise --help',
      '',
    ].join('\n'),
  )
  return exit.answered
}

/** As the reader must write them from where they are. */
function exampleFiles(host: Host): readonly string[] {
  const folder = join(host.scenarios, 'examples')
  return host.disk
    .list(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => shorter(join(folder, name), host.cwd))
}

function shorter(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near.startsWith('..') ? path : near
}
