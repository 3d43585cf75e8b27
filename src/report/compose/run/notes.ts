/** What the answer leans on, and what to ask next. */
import type { Note } from '../../../engine/simulation.ts'
import { formatQuantity } from '../../../units/format.ts'
import { type Commands, cell, type Prose } from '../../report.ts'
import { fits, type RunInput, rangeOf } from './input.ts'

export function notesOf({ loaded, simulation }: RunInput): readonly Note[] {
  const all = [...loaded.notes, ...simulation.notes]
  const said = new Set<string>()
  return all.filter(({ message }) => !said.has(message) && said.add(message))
}

/** Notes that weigh more than an assumption. */
const grave: ReadonlySet<string> = new Set(['engine/uncalibrated'])

/** What a program should not overlook. */
export function warningsOf(input: RunInput): readonly Note[] {
  const { metrics, worstStage } = input.simulation
  const over = `memory is short by ${formatQuantity(-metrics['memory.headroom'], 'bytes')} on stage ${worstStage}`
  const short = fits(input.simulation) ? [] : [{ code: 'memory/does-not-fit', message: over }]
  return [...short, ...notesOf(input).filter(({ code }) => grave.has(code))]
}

/** That it does not fit was said on top; all else that the answer leans on stands here. */
export function notes(input: RunInput): Prose {
  const items = notesOf(input).map(({ code, message }) => cell(message, grave.has(code) ? 'warn' : 'dim'))
  return { kind: 'prose', title: 'Notes', mark: 'bullet', items: [cell(rangeNote(input), 'dim'), ...items] }
}

/** What the ± of the step time means, and whence. */
function rangeNote(input: RunInput): string {
  const { low, high, why } = rangeOf(input)
  const [from, to] = [low, high].map((seconds) => formatQuantity(seconds, 'seconds'))
  return `four of five such runs took ${from} to ${to} a step: ${why.join('; ')}`
}

/** Why, what if, and the numbers for programs. */
export function next({ loaded, simulation, remedies }: RunInput): Commands {
  const file = quoted(loaded.file)
  const first = remedies.find((remedy) => fits(remedy.simulation))
  const command = (purpose: string, verb: string, ...words: readonly string[]) => ({
    purpose,
    words: [`clusterwise ${verb} ${file}`, ...words],
  })
  return {
    kind: 'commands',
    title: 'Next',
    commands: [
      command('formula, inputs and sources of the largest loss', 'explain', biggestLoss(simulation)),
      ...(first ? [command(`with ${first.label}`, 'run', ...assignments(first.change))] : []),
      command('every number, for programs', 'run', '--json'),
    ],
  }
}

const losses = [
  'step.recompute',
  'step.exposed',
  'step.bubble',
  'step.optimizer',
  'step.host',
  'step.overhead',
] as const

function biggestLoss({ metrics }: RunInput['simulation']): string {
  return losses.reduce((worst, name) => (metrics[name] > metrics[worst] ? name : worst))
}

/** `parallel.pp: 8` → `--set parallel.pp=8`. */
function assignments(change: string): readonly string[] {
  return change.split(/,\s*/).map((part) => `--set ${quoted(part.replace(/:\s*/, '='))}`)
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
