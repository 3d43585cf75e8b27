/** A problem code: what it means, the way out, and a file that has it. */
import { type ProblemCode, problems } from '../../../base/problems.ts'
import { cell, type Report } from '../../report.ts'
import type { Question } from './question.ts'

export function isProblem(subject: string): subject is ProblemCode {
  return Object.hasOwn(problems, subject)
}

export function explainProblem(code: ProblemCode, { example, tool }: Question): Report {
  const { message, hint } = problems[code]
  const items = [cell(readable(message)), cell(readable(hint))]
  return {
    tool,
    sections: [
      { kind: 'title', text: code, aside: 'problem', lines: [] },
      { kind: 'prose', title: 'What it says', mark: 'none', items: items.slice(0, 1) },
      { kind: 'prose', title: 'The way out', mark: 'none', items: items.slice(1).filter(({ text }) => text !== '') },
      ...(example ? [{ kind: 'code' as const, title: 'A file that has it', text: example }] : []),
    ],
    data: { problem: { code, message, hint, ...(example ? { example } : {}) } },
    fields: [
      { name: 'code', unit: 'count', value: code },
      { name: 'message', unit: 'count', value: message },
      { name: 'hint', unit: 'count', value: hint },
    ],
  }
}

/** `{tp}` in a template stands for what the file says. */
function readable(template: string): string {
  return template.replace(/\{(\w+)\}/g, '<$1>')
}
