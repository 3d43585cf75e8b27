/** The palette: chalk's colours for the roles of a report. */
import { Chalk } from 'chalk'
import { plainTheme, type Theme } from '../report/report.ts'
import type { Host, Output } from './host.ts'
import { colorLevel, type Look, pipedColumns, speaksUnicode, widthOf } from './look.ts'

/** How reports look in this terminal. The 16 basic colours only: they follow the reader's own palette. */
export function themeFor(look: Look, host: Pick<Host, 'env'>, stream: Output): Theme {
  const chalk = new Chalk({ level: colorLevel(look, host.env, stream) })
  return {
    width: widthOf(host.env, stream),
    unicode: speaksUnicode(look, host.env),
    strong: chalk.bold,
    dim: chalk.dim,
    good: chalk.green,
    warn: chalk.yellow,
    bad: chalk.red,
    accent: chalk.cyan,
  }
}

/** What a file holds: no colour, and the width of a page. */
export function fileTheme(look: Look, host: Pick<Host, 'env'>): Theme {
  return plainTheme(pipedColumns, speaksUnicode(look, host.env))
}
