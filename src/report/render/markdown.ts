/** A report for pull requests, wikis and step summaries. */
import type { Report, Section, Stack, Table, TreeNode } from '../report.ts'
import { clean } from './characters.ts'

export function renderMarkdown(reports: readonly Report[]): string {
  const parts = reports.flatMap((report) => report.sections.map(write))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** By this line an action finds the comment that it wrote before, and replaces it. */
export const stickyMarker = '<!-- clusterwise -->'

/** For a comment on a pull request: GitHub takes 65,536 characters. */
export function renderSticky(reports: readonly Report[]): string {
  const text = `${stickyMarker}\n${renderMarkdown(reports)}`
  if (text.length <= mostCharacters) return text
  const whole = text.slice(0, mostCharacters - 200)
  return `${whole.slice(0, whole.lastIndexOf('\n\n'))}\n\nThe rest is in the log.\n`
}

const mostCharacters = 65_000

function write(section: Section): string {
  switch (section.kind) {
    case 'title':
      return [
        `## ${inert(section.text)}`,
        ...section.lines.map((line) => line.filter(Boolean).map(inert).join(' · ')),
      ].join('\n\n')
    case 'verdict':
      return [`**${inert(section.word)}** ${inert(section.text)}`, ...section.lines.map(inert)].join('  \n')
    case 'tiles':
      return grid(
        ['', '', ''],
        section.tiles.map((tile) => [
          `**${inert(tile.label)}**`,
          inert(tile.value),
          tile.details.filter(Boolean).map(inert).join(', '),
        ]),
      )
    case 'table':
      return withTitle(section.title, writeTable(section))
    case 'stack':
      return withTitle(section.title, writeStack(section))
    case 'prose':
      return section.items.length === 0
        ? ''
        : withTitle(
            section.title,
            section.items
              .map(({ text }, at) => `${section.mark === 'number' ? `${at + 1}.` : '-'} ${inert(text)}`)
              .join('\n'),
          )
    case 'code':
      return withTitle(section.title, fenced(section.text))
    case 'commands':
      return withTitle(
        section.title,
        fenced(section.commands.map(({ words, purpose }) => `# ${purpose}\n${words.join(' ')}`).join('\n'), 'sh'),
      )
    case 'tree':
      return withTitle(section.title, section.nodes.flatMap((node) => branch(node, '')).join('\n'))
  }
}

function withTitle(title: string, body: string): string {
  return title === '' ? body : `### ${inert(title)}\n\n${body}`
}

/** Bars are for terminals; the numbers beside them say the same. */
function writeTable({ columns, rows, aside }: Table): string {
  const shown = columns.map((column, at) => ({ ...column, at })).filter(({ narrow }) => narrow !== 'bar')
  const body = rows.map((row) => shown.map(({ at }) => inert(row.cells[at]?.text ?? '')))
  const table = grid(
    shown.map(({ title }) => inert(title)),
    body,
    shown.map(({ align }) => align),
  )
  return aside === '' ? table : `${table}\n\n${inert(aside)}`
}

function writeStack({ segments, free, aside, profile }: Stack): string {
  const table = grid(
    ['', ''],
    [...segments, ...(free === '' ? [] : [{ label: 'free', text: free }])].map(({ label, text }) => [
      inert(label),
      inert(text),
    ]),
    ['left', 'right'],
  )
  const stages = profile.heights.length > 1 ? `\n\n${inert(`${profile.label}: ${profile.text}`)}` : ''
  return `${inert(aside.text)}\n\n${table}${stages}`
}

function grid(titles: readonly string[], rows: readonly (readonly string[])[], aligns: readonly string[] = []): string {
  const rule = titles.map((_, at) => (aligns[at] === 'right' ? '---:' : '---'))
  return [titles, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function branch(node: TreeNode, indent: string): readonly string[] {
  const beside = [node.from, node.place].filter(Boolean).map(inert).join(', ')
  const value = node.value === '' ? '' : ` = ${inert(node.value)}`
  const line = `${indent}- ${inert(node.name)}${value}${beside === '' ? '' : `: ${beside}`}`
  return [line, ...node.children.flatMap((child) => branch(child, `${indent}  `))]
}

/** Characters that would build a table, markup, HTML or a mention of a person out of somebody's text. */
function inert(text: string): string {
  return clean(text)
    .replace(/[\\|`<>*_[\]]/g, '\\$&')
    .replaceAll('@', '@\u200b')
    .replace(/^([#+-]|\d+\.)(?=\s)/, '\\$1')
}

/** A fence longer than any in the text. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text.split('\n').map(clean).join('\n').trimEnd()}\n${fence}`
}
