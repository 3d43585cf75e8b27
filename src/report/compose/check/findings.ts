/** A gate's result as findings: for annotations, test reports and code scanning. */
import type { LocatedProblem } from '../../../base/problem.ts'
import type { GateResult, Judged, PlanResult } from '../../../check/gate.ts'
import type { Finding } from '../../finding.ts'
import { clean } from '../../render/characters.ts'
import { type Dictionary, storyOf } from './words.ts'

export function findingsOf(gate: GateResult, dictionary: Dictionary): readonly Finding[] {
  return distinct([
    ...problemFindings(gate.problems, dictionary),
    ...gate.plans.flatMap((plan) => planFindings(plan, gate, dictionary)),
  ])
}

export function problemFindings(problems: readonly LocatedProblem[], dictionary: Dictionary): readonly Finding[] {
  return distinct(problems.map((problem) => problemFinding(problem, dictionary)))
}

function problemFinding({ code, path, message, hint, place }: LocatedProblem, { uri }: Dictionary): Finding {
  const file = uri(place?.file ?? '')
  return {
    level: 'error',
    rule: code,
    title: clean(message),
    lines: [message, ...(hint === '' ? [] : [`hint: ${hint}`])].map(clean),
    file,
    ...(place && { place }),
    plan: file,
    fingerprint: fingerprint([file, code, path.join('.'), message]),
  }
}

function planFindings(plan: PlanResult, gate: GateResult, dictionary: Dictionary): readonly Finding[] {
  if (plan.judged.length === 0 && gate.requireChecks) return [unchecked(plan, dictionary)]
  return plan.judged.map((judged) => checkFinding(judged, plan, dictionary))
}

function unchecked({ file, name }: PlanResult, { uri }: Dictionary): Finding {
  const lines = ['this plan has no checks', 'say what must hold under checks:, such as - memory.peak < 72 GB']
  const common = { title: 'no checks', lines, file: uri(file), plan: clean(name) }
  return { level: 'error', rule: 'check/none', ...common, fingerprint: fingerprint([uri(file), 'check/none']) }
}

const levels = { passed: 'passed', warned: 'warning', failed: 'error' } as const

function checkFinding(judged: Judged, plan: PlanResult, dictionary: Dictionary): Finding {
  const { check, place, state, standing } = judged
  // A check may stand in a file that the plan extends.
  const file = dictionary.uri(place?.file.startsWith('--set') ? plan.file : (place?.file ?? plan.file))
  const title = clean(check.text)
  return {
    level: state === 'skipped' ? 'skipped' : levels[standing],
    rule: 'check',
    title,
    lines: storyOf(judged, plan, dictionary).map(clean),
    file,
    ...(place && !place.file.startsWith('--set') && { place }),
    plan: clean(plan.file),
    fingerprint: fingerprint([dictionary.uri(plan.file), 'check', title]),
  }
}

/** The same check said twice is two findings. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map<string, number>()
  return findings.map((finding) => {
    const times = (seen.get(finding.fingerprint) ?? 0) + 1
    seen.set(finding.fingerprint, times)
    return times === 1 ? finding : { ...finding, fingerprint: fingerprint([finding.fingerprint, String(times)]) }
  })
}

/** 64 bits of FNV-1a (Fowler, Noll and Vo): not secret, only stable. */
function fingerprint(parts: readonly string[]): string {
  let hash = 0xcbf29ce484222325n
  for (const character of new TextEncoder().encode(parts.join('\0'))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(character)) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
