/** Code Quality of GitLab: a subset of the Code Climate format (docs.gitlab.com/ci/testing/code_quality). */
import { type Finding, isAlarm, worstFirst } from '../finding.ts'

export function renderGitlab(findings: readonly Finding[]): string {
  return `${JSON.stringify(worstFirst(findings.filter(isAlarm)).map(issueOf), null, 2)}\n`
}

function issueOf({ level, rule, title, lines, file, place, fingerprint }: Finding): object {
  return {
    description: [title, ...lines.filter((line) => line !== title)].join('. '),
    check_name: rule,
    fingerprint,
    severity: level === 'error' ? 'major' : 'minor',
    location: { path: file, lines: { begin: place?.line ?? 1 } },
  }
}
