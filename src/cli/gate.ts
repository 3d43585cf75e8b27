/** What `check`, `lint` and `diff` share: reading plans one by one, and saying the result in every format. */
import type { LocatedProblem } from '../base/problem.ts'
import type { GateResult } from '../check/gate.ts'
import { findingsOf } from '../report/compose/check/findings.ts'
import { composeCheck, composePlans, type Dictionary } from '../report/compose/check.ts'
import { renderGithub } from '../report/render/github.ts'
import { renderGitlab } from '../report/render/gitlab.ts'
import { renderJunit } from '../report/render/junit.ts'
import { renderSticky } from '../report/render/markdown.ts'
import { renderProblems } from '../report/render/problems.ts'
import { render } from '../report/render/render.ts'
import { renderSarif } from '../report/render/sarif.ts'
import { settingOf, written } from './checks.ts'
import { type GateFormat, gateEndings } from './formats.ts'
import type { Host } from './host.ts'
import { type Answers, deliverAs, type OutputOptions, targetsOf } from './output.ts'
import { uriFrom } from './repository.ts'
import { themeFor } from './terminal.ts'
import { tool } from './version.ts'

export interface GateOutput extends OutputOptions<GateFormat> {
  readonly verbose?: boolean
}

const answers: Answers<GateFormat> = { endings: gateEndings, usual: 'auto' }

export function dictionaryFor(host: Host): Dictionary {
  return { written, setting: settingOf, uri: uriFrom(host), tool }
}

/** In every format that is asked for; what is no scenario is also said on stderr, where people look for errors. */
export function deliverGate(gate: GateResult, options: GateOutput, host: Host): void {
  const dictionary = dictionaryFor(host)
  const onGithub = host.env['GITHUB_ACTIONS'] === 'true'
  const report = (verdictFirst = false) =>
    composeCheck(gate, dictionary, { verbose: options.verbose === true, verdictFirst })
  const findings = () => findingsOf(gate, dictionary)
  if (readByPeople(options)) complain(gate.problems, options, host)
  deliverAs(
    answers,
    (format, theme) => {
      switch (format) {
        case 'auto':
          return render([report()], 'text', theme) + (onGithub ? renderGithub(findings()) : '')
        case 'text':
        case 'json':
          return render([report()], format, theme)
        case 'ndjson':
          return render(composePlans(gate, dictionary), format, theme)
        case 'markdown':
          return renderSticky([report(true)])
        case 'junit':
          return renderJunit(findings())
        case 'sarif':
          return renderSarif(findings(), tool)
        case 'github':
          return renderGithub(findings())
        case 'gitlab':
          return renderGitlab(findings())
      }
    },
    options,
    host,
  )
}

const documents: ReadonlySet<GateFormat> = new Set(['json', 'ndjson', 'junit', 'sarif', 'gitlab'])

/** A document on stdout holds the problems itself. */
function readByPeople(options: GateOutput): boolean {
  return targetsOf(answers, options).every(({ format, path }) => path !== '-' || !documents.has(format))
}

export function complain(problems: readonly LocatedProblem[], options: GateOutput, host: Host): void {
  if (problems.length > 0) host.stderr.write(renderProblems(problems, themeFor(options, host, host.stderr)))
}

/** Plans that extend one broken file have the same problem. */
export function distinctProblems(problems: readonly LocatedProblem[]): readonly LocatedProblem[] {
  const seen = new Set<string>()
  return problems.filter(({ code, message, place }) => {
    const key = JSON.stringify([code, message, place?.file, place?.line, place?.column])
    return !seen.has(key) && Boolean(seen.add(key))
  })
}
