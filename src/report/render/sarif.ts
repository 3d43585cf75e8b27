/** SARIF 2.1.0 (OASIS): for code scanning. Only alarms are results; GitHub shows at most 5,000 of 25,000. */
import { type Finding, isAlarm, worstFirst } from '../finding.ts'
import type { Tool } from '../report.ts'

const mostResults = 25_000

export function renderSarif(findings: readonly Finding[], tool: Tool): string {
  const alarms = worstFirst(findings.filter(isAlarm)).slice(0, mostResults)
  const rules = [...new Set(alarms.map(({ rule }) => rule))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: tool.name, version: tool.version, rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: 'top of the repository' } } },
        results: alarms.map((finding) => resultOf(finding, rules)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function ruleOf(rule: string): object {
  const text = rule === 'check' ? 'A check of a plan does not hold.' : `Problem ${rule}.`
  return {
    id: rule,
    shortDescription: { text },
    help: {
      text: rule.includes('/') ? `clusterwise explain ${rule}` : 'clusterwise check names the input that caused it.',
    },
  }
}

function resultOf({ level, rule, title, lines, file, place, fingerprint }: Finding, rules: readonly string[]): object {
  const message = [title, ...lines.filter((line) => line !== title)].join('\n')
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level: level === 'error' ? 'error' : 'warning',
    message: { text: message },
    ...(file === ''
      ? {}
      : { locations: [{ physicalLocation: { artifactLocation: artifact(file), ...region(place) } }] }),
    partialFingerprints: { 'clusterwise/v1': fingerprint },
  }
}

function artifact(file: string): object {
  return { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'SRCROOT' }
}

function region(place: Finding['place']): object {
  if (!place) return {}
  const { line, column, length } = place
  return { region: { startLine: line, startColumn: column, endLine: line, endColumn: column + length } }
}
