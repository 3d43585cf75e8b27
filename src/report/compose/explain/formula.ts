/** Reads the text of a formula: which names are in it, and how it looks with their values. */

/** A dotted name that is neither part of a longer word or number nor called as a function. */
const name = /(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?![\w.]|\s*\()/g

const words: ReadonlySet<string> = new Set(['and', 'or', 'not', 'mod', 'to', 'pi', 'e', 'Infinity', 'true', 'false'])

/** Each name once, in the order of the text. */
export function namesIn(text: string): readonly string[] {
  return [...new Set(text.match(name) ?? [])].filter((found) => !words.has(found))
}

/** The same formula with words in place of its names; a name that has none stays. */
export function withValues(text: string, wordsOf: (name: string) => string | undefined): string {
  return text.replace(name, (found) => (words.has(found) ? found : ungrouped(wordsOf(found) ?? found)))
}

/** 16,384 → 16384: within a formula a comma parts arguments. */
function ungrouped(value: string): string {
  return value.replace(/(\d),(?=\d{3})/g, '$1')
}
