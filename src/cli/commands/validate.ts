/** `validate`: scenarios that someone measured in, our error out. */
import { composeValidate } from '../../report/compose/validate.ts'
import { render } from '../../report/render/render.ts'
import { accuracyOf } from '../../validation/accuracy.ts'
import { readDocuments } from '../documents.ts'
import { type ExitCode, exit } from '../exit.ts'
import { scenarioFiles } from '../files.ts'
import type { Host } from '../host.ts'
import { judgeDocument } from '../judging.ts'
import { deliver, type OutputOptions } from '../output.ts'
import { type ReadOptions, readStdin } from '../reading.ts'
import { tool } from '../version.ts'

type Options = ReadOptions & OutputOptions

export async function validate(names: readonly string[], options: Options, host: Host): Promise<ExitCode> {
  const stdin = names.includes('-') ? { stdin: await readStdin(host) } : {}
  const root = options.root === undefined ? {} : { root: options.root }
  const { documents, files } = readDocuments(names, scenarioFiles({ ...stdin, ...root }, host), host)
  const runs = documents.map((document) => judgeDocument(document, files, options.set ?? []).run)
  const report = composeValidate(runs, accuracyOf(runs), tool)
  deliver((format, theme) => render([report], format, theme), options, host)
  return exit.answered
}
