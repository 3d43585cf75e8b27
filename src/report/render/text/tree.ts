/** A tree of names and values: where each number comes from, one level deeper with each step to the right. */
import { cell, type Tree, type TreeNode } from '../../report.ts'
import { padEnd, padStart, widthOf, wrap } from '../characters.ts'
import { heading, type Page, paint, say } from '../page.ts'

interface Line {
  readonly node: TreeNode
  /** Before the name, and before what stands under it. */
  readonly branch: string
  readonly trunk: string
}

export function drawTree(tree: Tree, page: Page): readonly string[] {
  const lines = tree.nodes.flatMap((node) => flatten(node, '', '', ''))
  const names = Math.max(0, ...lines.map(({ node, branch }) => widthOf(branch + say(page, node.name))))
  const values = Math.max(0, ...lines.map(({ node }) => widthOf(say(page, node.value))))
  const title = tree.title === '' ? [] : heading(page, tree.title, cell(''))
  return [...title, ...lines.flatMap((line) => drawLine(line, Math.min(names, 44), values, page))]
}

function flatten(node: TreeNode, branch: string, trunk: string, indent: string): readonly Line[] {
  const inner = trunk + indent
  const children = node.children.flatMap((child, at) => {
    const last = at === node.children.length - 1
    return flatten(child, `${inner}${last ? '└─ ' : '├─ '}`, inner + (last ? '   ' : '│  '), '')
  })
  return [{ node, branch, trunk: inner + (node.children.length > 0 ? '│  ' : '   ') }, ...children]
}

/** What does not fit beside the value goes under it. */
function drawLine({ node, branch, trunk }: Line, names: number, values: number, page: Page): readonly string[] {
  const name = paint(page, 'dim', say(page, branch)) + padEnd(say(page, node.name), names - widthOf(branch))
  const first = `  ${name}  ${paint(page, 'strong', padStart(say(page, node.value), values))}`
  const taken = 2 + Math.max(names, widthOf(branch + node.name)) + 2 + values + 2
  const beside = [node.from, node.place].filter((text) => text !== '').map((text) => say(page, text))
  const line = beside.join('   ')
  if (line === '') return [first.trimEnd()]
  if (taken + widthOf(line) <= page.width) return [`${first}  ${paint(page, 'dim', line)}`]
  const stem = `  ${say(page, trunk)}  `
  const under = wrap(line, Math.max(20, page.width - widthOf(stem)))
  return [first.trimEnd(), ...under.map((text) => paint(page, 'dim', stem + text))]
}
