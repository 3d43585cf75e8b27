/** A repository of plans in a folder of its own: the one that ships as an example, with its pull requests. */
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { repo } from './host.ts'

export const example = join(repo, 'scenarios/examples/plans')

export const pullRequests = readdirSync(join(example, 'changes')).map((name) => name.replace('.patch', ''))

/** What git needs of the world. */
export const env = { PATH: process.env['PATH'] ?? '' }

const git = (cwd: string, ...words: readonly string[]): void => {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false']
  execFileSync('git', [...who, ...words], { cwd, stdio: 'ignore' })
}

export function layOut(folder: string): void {
  cpSync(example, folder, { recursive: true })
  commitAll(folder)
}

export function commitAll(folder: string): void {
  git(folder, 'init', '-q')
  git(folder, 'add', '-A')
  git(folder, 'commit', '-q', '--allow-empty', '-m', 'plans')
}

export function merge(folder: string, pullRequest: string): void {
  git(folder, 'apply', join(example, 'changes', `${pullRequest}.patch`))
}
