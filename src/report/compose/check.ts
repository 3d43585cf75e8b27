/** `check` for people: what fails first and in full, what holds in a line. */
import type { GateResult, Judged, PlanResult, Standing } from '../../check/gate.ts'
import { type Cell, cell, column, type Report, row, type Section, type Table, type Verdict } from '../report.ts'
import { counted } from '../words.ts'
import { frameOf } from './check/frame.ts'
import { gateRecord, planRecord, summaryOf } from './check/record.ts'
import {
  type Dictionary,
  distanceOf,
  formerly,
  measuredAs,
  mendWords,
  placeWords,
  priceOf,
  quantityOf,
  reasonsOf,
} from './check/words.ts'

export type { Dictionary } from './check/words.ts'

interface Wanted {
  /** Every plan in full. */
  readonly verbose: boolean
  /** On a page that is read from the top; a log is read from its end. */
  readonly verdictFirst?: boolean
}

/** One report on all plans. */
export function composeCheck(gate: GateResult, dictionary: Dictionary, { verbose, verdictFirst }: Wanted): Report {
  const { plans } = gate
  const full = plans.filter((plan) => verbose || plans.length === 1 || plan.standing !== 'passed')
  const brief = plans.filter((plan) => !full.includes(plan))
  const body = [...briefly(brief), ...full.flatMap((plan) => inFull(plan, gate, dictionary))]
  return {
    tool: dictionary.tool,
    sections: verdictFirst ? [...closing(gate), ...body] : [...body, ...closing(gate)],
    data: gateRecord(gate, dictionary),
    fields: [],
  }
}

/** A report for each plan: for NDJSON. */
export function composePlans(gate: GateResult, dictionary: Dictionary): readonly Report[] {
  return gate.plans.map((plan) => ({
    tool: dictionary.tool,
    sections: inFull(plan, gate, dictionary),
    data: planRecord(plan, gate, dictionary),
    fields: [],
  }))
}

const marks = {
  passed: cell('✔', 'good'),
  warned: cell('!', 'warn'),
  failed: cell('✘', 'bad'),
} as const satisfies Record<Standing, Cell>

function briefly(plans: readonly PlanResult[]): readonly Section[] {
  if (plans.length === 0) return []
  return [
    {
      kind: 'table',
      title: 'Plans that pass',
      aside: '',
      columns: [column(''), column(''), column(''), column('', 'left', 'drop')],
      rows: plans.map((plan) =>
        row(marks.passed, cell(plan.file), cell(checksOf(plan), 'dim'), cell(plan.name, 'dim')),
      ),
    },
  ]
}

const checksOf = ({ judged }: PlanResult): string =>
  judged.length === 0 ? 'no checks' : counted(judged.length, 'check')

function inFull(plan: PlanResult, gate: GateResult, dictionary: Dictionary): readonly Section[] {
  const ailing = plan.judged.filter((judged) => judged.standing !== 'passed')
  return [
    { kind: 'title', text: plan.file, aside: asideOf(plan, gate), lines: [[plan.name]] },
    ...(plan.judged.length === 0 ? [unchecked(gate)] : [tableOf(plan)]),
    ...ailing.toSorted(errorsFirst).flatMap((judged) => failure(judged, plan, dictionary)),
    ...mends(plan, dictionary),
  ]
}

const errorsFirst = (a: Judged, b: Judged): number => Number(b.standing === 'failed') - Number(a.standing === 'failed')

function asideOf(plan: PlanResult, { baseline }: GateResult): string {
  if (baseline === undefined) return checksOf(plan)
  return `${checksOf(plan)}, ${plan.known ? `baseline ${baseline}` : `new, not in ${baseline}`}`
}

function unchecked({ requireChecks }: GateResult): Verdict {
  return {
    kind: 'verdict',
    role: requireChecks ? 'bad' : 'warn',
    word: 'NO CHECKS',
    text: 'nothing is asked of this plan',
    lines: ['say what must hold under checks:, such as - memory.peak < 72 GB'],
  }
}

function tableOf({ judged }: PlanResult): Table {
  return {
    kind: 'table',
    title: '',
    aside: '',
    columns: [column(''), column(''), column('', 'right'), column(''), column('', 'left', 'drop')],
    rows: judged.map((each) => {
      const { check, reading, state, note = '' } = each
      const standing = each.standing
      const mark = state === 'skipped' ? cell('–', 'dim') : marks[standing]
      return row(
        mark,
        cell(check.text, standing === 'failed' ? 'strong' : 'plain'),
        cell(reading ? quantityOf(reading, reading.value) : '', 'strong'),
        cell(reading ? distanceOf(reading) : state === 'skipped' ? note : '', mark.role),
        cell(formerly(each), 'dim'),
      )
    }),
  }
}

function failure(judged: Judged, plan: PlanResult, dictionary: Dictionary): readonly Section[] {
  const { check, place } = judged
  const failed = judged.standing === 'failed'
  const verdict: Verdict = {
    kind: 'verdict',
    role: failed ? 'bad' : 'warn',
    word: failed ? 'FAILED' : 'WARNING',
    text: check.text,
    lines: [
      [measuredAs(judged), formerly(judged)].filter((words) => words !== '').join('; '),
      ...(check.reason === '' ? [] : [`reason: ${check.reason}`]),
    ],
  }
  const reasons = reasonsOf(judged, plan, dictionary)
  return [
    verdict,
    ...(place ? [{ kind: 'code' as const, title: placeWords(place), text: frameOf(place) }] : []),
    ...(reasons.length > 0
      ? [
          {
            kind: 'prose' as const,
            title: 'Why',
            mark: 'bullet' as const,
            items: reasons.map((reason) => cell(reason)),
          },
        ]
      : []),
  ]
}

function mends(plan: PlanResult, dictionary: Dictionary): readonly Section[] {
  const failed = plan.judged.some(({ state }) => state === 'failed')
  if (!failed) return []
  if (plan.hasty)
    return [
      {
        kind: 'prose',
        title: '',
        mark: 'none',
        items: [cell('check this plan by itself to see why, and what would mend it', 'dim')],
      },
    ]
  if (plan.mends.length === 0)
    return [
      {
        kind: 'prose',
        title: 'Fix',
        mark: 'none',
        items: [cell('no single change that was tried makes all checks hold', 'dim')],
      },
    ]
  return [
    {
      kind: 'table',
      title: 'Fix: with any one of these all checks hold',
      aside: 'simulated, cheapest first',
      columns: [column(''), column(''), column('', 'left', 'below'), column('', 'left', 'drop')],
      rows: plan.mends.map((mend, at) =>
        row(
          cell(String(at + 1), 'dim'),
          cell(mendWords(mend, dictionary), 'accent'),
          cell(priceOf(mend, plan)),
          cell(mend.label, 'dim'),
        ),
      ),
    },
  ]
}

/** The line that a log ends with. */
function closing(gate: GateResult): readonly Section[] {
  const { plans, checks, passed, warned, failed, skipped, unreadable } = summaryOf(gate)
  const bare = gate.requireChecks ? gate.plans.filter(({ judged }) => judged.length === 0).length : 0
  const parts = [
    `${passed} passed`,
    ...(warned > 0 ? [counted(warned, 'warning')] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(bare > 0 ? [`${counted(bare, 'plan')} without checks`] : []),
    ...(unreadable > 0 ? [`${counted(unreadable, 'file')} unreadable`] : []),
  ]
  if (gate.linted !== undefined) return [linting(gate.linted, unreadable)]
  const role = failed + bare + unreadable > 0 ? 'bad' : warned > 0 ? 'warn' : 'good'
  const word = role === 'bad' ? 'FAILED' : 'PASSED'
  return [
    {
      kind: 'verdict',
      role,
      word,
      text: `${counted(plans, 'plan')}, ${counted(checks, 'check')}: ${parts.join(', ')}`,
      lines: [],
    },
  ]
}

function linting(files: number, unreadable: number): Verdict {
  const common = { kind: 'verdict', lines: [] } as const
  if (unreadable === 0)
    return { ...common, role: 'good', word: 'PASSED', text: `${counted(files, 'file')}, no problems` }
  return { ...common, role: 'bad', word: 'FAILED', text: `${counted(unreadable, 'file')} of ${files} with problems` }
}
