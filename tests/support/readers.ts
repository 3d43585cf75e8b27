/** Independent readers of what a gate writes: libxml2 for XML, ajv for JSON. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { XmlDocument, XsdValidator } from 'libxml2-wasm'

const schema = (name: string): string => readFileSync(join(import.meta.dirname, 'schemas', name), 'utf8')

/** Throws where the text is no XML or no JUnit. */
export function readJunit(text: string): XmlDocument {
  const validator = XsdValidator.fromDoc(XmlDocument.fromString(schema('junit.xsd')))
  const document = XmlDocument.fromString(text)
  validator.validate(document)
  return document
}

const ajv = new Ajv({ strict: true, validateFormats: false })
const sarif = ajv.compile(JSON.parse(schema('sarif.json')))
const gitlab = ajv.compile(JSON.parse(schema('gitlab.json')))

function readJson(text: string, validate: typeof sarif) {
  const document = JSON.parse(text)
  if (!validate(document)) throw new Error(ajv.errorsText(validate.errors))
  return document
}

export const readSarif = (text: string) => readJson(text, sarif)
export const readGitlab = (text: string) => readJson(text, gitlab)

interface Annotation {
  readonly command: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
}

/** As actions/runner reads a line (ActionCommand.TryParseV2): anything else on a line is no annotation. */
export function readGithub(text: string): readonly Annotation[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*::(\w+)(?: ([^:]*))?::(.*)$/u.exec(line)
    if (!match) return []
    const [, command = '', list = '', message = ''] = match
    const properties = list.split(',').flatMap((pair) => {
      const [name = '', value] = pair.split('=')
      return value === undefined ? [] : [[name, unescaped(value)] as const]
    })
    return [{ command, properties: Object.fromEntries(properties), message: unescaped(message) }]
  })
}

const unescaped = (text: string): string =>
  text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%')
