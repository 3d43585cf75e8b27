/** JUnit's XML, as Jenkins, GitLab and GitHub readers take it: a suite for each plan, a case for each check. */
import type { Finding } from '../finding.ts'

export function renderJunit(findings: readonly Finding[]): string {
  const plans = [...new Set(findings.map(({ plan }) => plan))]
  const suites = plans.map((plan) =>
    suiteOf(
      plan,
      findings.filter((finding) => finding.plan === plan),
    ),
  )
  const { tests, failures, errors, skipped } = countsOf(findings)
  const counts = attributes({ name: 'clusterwise', tests, failures, errors, skipped, time: 0 })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts}>\n${suites.join('')}</testsuites>\n`
}

/** A file that cannot be read is an error, a check that does not hold a failure. */
function countsOf(findings: readonly Finding[]) {
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level)
  const errors = of('error').filter(({ rule }) => rule !== 'check').length
  return { tests: findings.length, failures: of('error').length - errors, errors, skipped: of('skipped').length }
}

function suiteOf(plan: string, findings: readonly Finding[]): string {
  const { tests, failures, errors, skipped } = countsOf(findings)
  const head = attributes({ name: plan, tests, failures, errors, skipped, time: 0 })
  return `  <testsuite${head}>\n${findings.map(caseOf).join('')}  </testsuite>\n`
}

function caseOf(finding: Finding): string {
  const { plan, title, file, place } = finding
  const line = place ? { line: place.line } : {}
  return `    <testcase${attributes({ classname: plan, name: title, file, ...line, time: 0 })}>${outcomeOf(finding)}</testcase>\n`
}

/** A warning has passed, and says so. */
function outcomeOf({ level, rule, lines }: Finding): string {
  const [first = ''] = lines
  const text = escapeXml(lines.join('\n'))
  if (level === 'error') {
    const element = rule === 'check' ? 'failure' : 'error'
    return `<${element}${attributes({ message: first, type: rule })}>${text}</${element}>`
  }
  if (level === 'skipped') return `<skipped${attributes({ message: first })}/>`
  return `<system-out>${level === 'warning' ? 'warning: ' : ''}${text}</system-out>`
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('')
}

// XML 1.0 has no such characters, not even escaped (section 2.2).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const unspeakable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Half of a pair that stands for one character. */
const unpaired = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

function escapeXml(text: string): string {
  return text
    .replace(unspeakable, '\ufffd')
    .replace(unpaired, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
