/** `explain`: any number, operation or problem, asked why. */
import { simulate } from '../../engine/simulate.ts'
import { explain as explainSubject, type Question } from '../../report/compose/explain.ts'
import { render } from '../../report/render/render.ts'
import type { Report } from '../../report/report.ts'
import { type ExitCode, exit, UsageError } from '../exit.ts'
import { explainGrowth, nearestOfGrowth } from '../growth/explain.ts'
import type { Host } from '../host.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { type ReadOptions, readScenarios } from '../reading.ts'
import { tool } from '../version.ts'

interface Options extends ReadOptions, OutputOptions {
  readonly depth?: number
}

/** Deep enough to see what a metric is made of, short enough for one screen. */
const usualDepth = 2

export async function explain(words: readonly (string | undefined)[], options: Options, host: Host): Promise<ExitCode> {
  const { file, subject } = partsOf(
    words.filter((word) => word !== undefined),
    host,
  )
  const question: Question = {
    tool,
    depth: options.depth ?? usualDepth,
    ...(subject === undefined ? {} : { subject }),
    ...(await runOf(file, options, host)),
  }
  const report = (await ofLife(question)) ?? ofSubject(question, file)
  deliver((format, theme) => render([report], format, theme), options, host)
  return exit.answered
}

function ofSubject(question: Question, file: string | undefined): Report {
  const explanation = explainSubject(question)
  return explanation.kind === 'unknown'
    ? ofGrowth(explanation.subject, explanation.suggestion, file)
    : explanation.report
}

/** Phases, where the scenario has any. */
async function ofLife({ subject, run }: Question): Promise<Report | undefined> {
  const planned = run?.loaded.phases
  if (!planned || !/^phases(\.|$)/u.test(subject ?? '')) return undefined
  const { explanationOfLife } = await import('../life.ts')
  return explanationOfLife(subject ?? 'phases', planned)
}

/** Laws and constants of growth need no scenario. */
function ofGrowth(subject: string, suggestion: string | undefined, file: string | undefined): Report {
  const found = explainGrowth(subject)
  if (found) return found
  throw new UsageError(`nothing is called "${subject}"`, hintFor(nearestOfGrowth(subject, suggestion), file))
}

/** One word may be a file or a subject: files end in .yaml, are `-`, or exist. */
function partsOf(words: readonly string[], host: Host): { readonly file?: string; readonly subject?: string } {
  const [first, second] = words
  if (first === undefined) return {}
  if (second !== undefined) return { file: first, subject: second }
  const isFile = first === '-' || /\.ya?ml$/.test(first) || host.disk.exists(first)
  return isFile ? { file: first } : { subject: first }
}

async function runOf(file: string | undefined, options: Options, host: Host): Promise<Pick<Question, 'run'>> {
  if (file === undefined) return {}
  const [loaded] = await readScenarios([file], options, host)
  return loaded ? { run: { loaded, simulation: simulate(loaded.job, loaded.strategy) } } : {}
}

function hintFor(suggestion: string | undefined, file: string | undefined): string {
  if (suggestion !== undefined) return `did you mean ${suggestion}?`
  const all =
    file === undefined
      ? 'clusterwise explain lists the metrics; operations need a scenario'
      : 'clusterwise explain lists the metrics'
  return all
}
