/**
 * A report is data: what to say, in which order. No colour, no width, no file format. `compose/` builds it, `render/`
 * draws it for people (text, Markdown) or writes its `data` for machines (JSON, NDJSON, CSV).
 */
import type { Unit } from '../units/unit.ts'

/** What a piece of text means; the theme decides how that looks. */
export type Role = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad' | 'accent'

export interface Cell {
  readonly text: string
  readonly role: Role
  /** A bar from one share of the whole to another, drawn in place of the text. */
  readonly bar?: Bar
}

/** Shares of the whole, 0…1. A waterfall's bars do not start at 0. */
export interface Bar {
  readonly from: number
  readonly to: number
}

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /**
   * What happens when the page is too narrow: `keep` never yields, `bar` is a bar and shrinks first, `drop` is left
   * out (the last one first), `below` moves under its row.
   */
  readonly narrow: 'keep' | 'bar' | 'drop' | 'below'
}

export interface Row {
  readonly cells: readonly Cell[]
  /** A thin rule above: the row sums up what stands over it. */
  readonly ruled: boolean
}

export interface Title {
  readonly kind: 'title'
  readonly text: string
  readonly aside: string
  /** Each line a list of facts, broken between facts where the page ends. */
  readonly lines: readonly (readonly string[])[]
}

/** The one sentence that must be seen first. */
export interface Verdict {
  readonly kind: 'verdict'
  readonly role: 'good' | 'warn' | 'bad'
  readonly word: string
  readonly text: string
  readonly lines: readonly string[]
}

export interface Tile {
  readonly label: string
  readonly value: string
  readonly details: readonly string[]
}

export interface Tiles {
  readonly kind: 'tiles'
  readonly tiles: readonly Tile[]
}

export interface Table {
  readonly kind: 'table'
  readonly title: string
  readonly aside: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

export interface Segment {
  readonly label: string
  readonly text: string
  readonly share: number
}

/** One bar of several parts, and what is left of the whole. */
export interface Stack {
  readonly kind: 'stack'
  readonly title: string
  readonly aside: Cell
  readonly segments: readonly Segment[]
  /** Where on the bar the room ends: 1 when all fits, less when the parts need more than there is. */
  readonly limit: number
  /** What is left, in words; empty when nothing is. */
  readonly free: string
  /** Small columns, 0…1, one for each of a row of like things. */
  readonly profile: { readonly label: string; readonly heights: readonly number[]; readonly text: string }
}

export interface Prose {
  readonly kind: 'prose'
  readonly title: string
  readonly items: readonly Cell[]
  /** A mark before each item, or none. */
  readonly mark: 'bullet' | 'number' | 'none'
}

/** Text that must be copied as it is. */
export interface Code {
  readonly kind: 'code'
  readonly title: string
  readonly text: string
}

/** Commands to copy, and what each is for. */
export interface Commands {
  readonly kind: 'commands'
  readonly title: string
  readonly commands: readonly { readonly words: readonly string[]; readonly purpose: string }[]
}

export interface Tree {
  readonly kind: 'tree'
  readonly title: string
  readonly nodes: readonly TreeNode[]
}

export interface TreeNode {
  readonly name: string
  readonly value: string
  /** A formula, or the path in the scenario and the place where it was written. */
  readonly from: string
  readonly place: string
  readonly children: readonly TreeNode[]
}

export type Section = Title | Verdict | Tiles | Table | Stack | Prose | Code | Commands | Tree

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Name and version of this program: it stands in the door's keeping, not in the report's. */
export interface Tool {
  readonly name: string
  readonly version: string
}

/** One column of a CSV row. */
export interface Field {
  readonly name: string
  readonly unit: Unit
  readonly value: number | string
}

export interface Report {
  readonly tool: Tool
  readonly sections: readonly Section[]
  /** The same for machines, in SI base units; `schemaVersion` and `tool` are added where it is written. */
  readonly data: { readonly [key: string]: Json }
  /** The same as one flat row. */
  readonly fields: readonly Field[]
}

type Paint = (text: string) => string

/** How reports look on this page: handed in by the door, so that colour libraries stay there. */
export interface Theme {
  readonly width: number
  readonly unicode: boolean
  readonly strong: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly warn: Paint
  readonly bad: Paint
  readonly accent: Paint
}

const same: Paint = (text) => text

/** A page without colour. */
export function plainTheme(width: number, unicode: boolean): Theme {
  return { width, unicode, strong: same, dim: same, good: same, warn: same, bad: same, accent: same }
}

/** An answer: whose it is, and who gives it. */
export function titled(text: string, { name, version }: Tool, lines: Title['lines']): Title {
  return { kind: 'title', text, aside: `${name} ${version}`, lines }
}

export function cell(text: string, role: Role = 'plain'): Cell {
  return { text, role }
}

export function bar(from: number, to: number, role: Role = 'plain'): Cell {
  return { text: '', role, bar: { from, to } }
}

export function row(...cells: readonly Cell[]): Row {
  return { cells, ruled: false }
}

export function sumRow(...cells: readonly Cell[]): Row {
  return { cells, ruled: true }
}

export function column(title: string, align: Column['align'] = 'left', narrow: Column['narrow'] = 'keep'): Column {
  return { title, align, narrow }
}
