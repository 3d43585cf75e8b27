/** A report for people at a terminal. */
import {
  type Code,
  type Commands,
  cell,
  type Prose,
  type Report,
  type Section,
  type Theme,
  type Title,
  type Verdict,
} from '../report.ts'
import { fold, widthOf, wrap } from './characters.ts'
import { heading, type Page, pageOf, paint, say, setMargin } from './page.ts'
import { drawStack } from './text/stack.ts'
import { drawTable } from './text/table.ts'
import { drawTiles } from './text/tiles.ts'
import { drawTree } from './text/tree.ts'

export function renderText(reports: readonly Report[], theme: Theme): string {
  const page = pageOf(theme)
  const rule = paint(page, 'dim', (theme.unicode ? '─' : '-').repeat(page.width))
  return reports.map((report) => drawReport(report, page)).join(`\n  ${rule}\n`)
}

function drawReport(report: Report, page: Page): string {
  const parts = report.sections.map((section) => setMargin(drawSection(section, page)))
  return `\n${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function drawSection(section: Section, page: Page): readonly string[] {
  switch (section.kind) {
    case 'title':
      return drawTitle(section, page)
    case 'verdict':
      return drawVerdict(section, page)
    case 'tiles':
      return drawTiles(section, page)
    case 'table':
      return drawTable(section, page)
    case 'stack':
      return drawStack(section, page)
    case 'prose':
      return drawProse(section, page)
    case 'code':
      return drawCode(section, page)
    case 'commands':
      return drawCommands(section, page)
    case 'tree':
      return drawTree(section, page)
  }
}

function drawTitle(title: Title, page: Page): readonly string[] {
  const facts = title.lines.flatMap((line) => {
    const parts = line.filter((part) => part !== '').map((part) => say(page, part))
    return fold(
      parts.flatMap((part) => wrap(part, page.width)),
      say(page, ' · '),
      page.width,
    )
  })
  return [...heading(page, title.text, cell(title.aside, 'dim')), ...facts]
}

const symbols = { good: '✔', warn: '!', bad: '✘' } as const

function drawVerdict(verdict: Verdict, page: Page): readonly string[] {
  const word = say(page, `${symbols[verdict.role]} ${verdict.word}`)
  const [first = '', ...rest] = wrap(say(page, verdict.text), page.width - word.length - 2)
  const indent = ' '.repeat(word.length + 2)
  const more = verdict.lines.flatMap((line) => wrap(say(page, line), page.width - indent.length))
  return [`${paint(page, verdict.role, word)}  ${first}`, ...[...rest, ...more].map((line) => indent + line)]
}

function drawProse(prose: Prose, page: Page): readonly string[] {
  if (prose.items.length === 0) return []
  const title = prose.title === '' ? [] : heading(page, prose.title, cell(''))
  const items = prose.items.flatMap((item, at) => {
    const mark = { bullet: say(page, '·') === '·' ? '· ' : '- ', number: `[${at + 1}] `, none: '' }[prose.mark]
    const lines = wrap(say(page, item.text), page.width - 2 - mark.length)
    return lines.map((line, n) => `  ${n === 0 ? mark : ' '.repeat(mark.length)}${paint(page, item.role, line)}`)
  })
  return [...title, ...items]
}

function drawCode(code: Code, page: Page): readonly string[] {
  const title = code.title === '' ? [] : heading(page, code.title, cell(''))
  return [
    ...title,
    ...code.text
      .trimEnd()
      .split('\n')
      .map((line) => `  ${say(page, line)}`),
  ]
}

/** A command that is longer than the page goes on in the next line, as a shell takes it. */
function drawCommands({ title, commands }: Commands, page: Page): readonly string[] {
  const lines = commands.map(({ words, purpose }) => {
    const folded = fold(
      words.map((word) => say(page, word)),
      ' ',
      page.width - 8,
    )
    const broken = folded.map((line, at) => (at === 0 ? '' : '    ') + line + (at < folded.length - 1 ? ' \\' : ''))
    return { broken, purpose: say(page, `# ${purpose}`) }
  })
  const longest = Math.max(...lines.map(({ broken }) => widthOf(broken[0] ?? '')))
  const beside = lines.every(
    ({ broken, purpose }) => broken.length === 1 && 2 + longest + 2 + widthOf(purpose) <= page.width,
  )
  const drawn = lines.flatMap(({ broken, purpose }) => {
    const painted = broken.map((line) => `  ${paint(page, 'accent', line)}`)
    if (!beside) return [`  ${paint(page, 'dim', purpose)}`, ...painted]
    return [`${painted[0]}${' '.repeat(longest - widthOf(broken[0] ?? ''))}  ${paint(page, 'dim', purpose)}`]
  })
  return [paint(page, 'strong', say(page, title)), ...drawn]
}
