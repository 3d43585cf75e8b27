/** `--fix tp=8`, `--fix tp=4,8`, `--fix tp`: what a search may not turn, or only so far. */
import { nearest } from '../base/nearest.ts'
import { type SettingName, settingKeys, settingNames } from '../engine/settings.ts'
import type { Strategy } from '../engine/strategy.ts'
import type { Fixed } from '../search/space.ts'
import { UsageError } from './exit.ts'

/** Without a value: as in the scenario. */
export function fixedOf(texts: readonly string[], given: Strategy): Fixed {
  return Object.fromEntries(texts.map((text) => fix(text, given)))
}

function fix(text: string, given: Strategy): readonly [string, readonly unknown[]] {
  const [path = '', words] = text.split('=', 2)
  const name = path.trim().replace(/^(?:parallel|training)\./, '')
  const known = settingNames.find((each) => each === name)
  if (!known) {
    const meant = nearest(name, settingNames)
    throw new UsageError(
      `--fix ${text}: there is no ${name || 'name'} to fix`,
      meant ? `did you mean ${meant}?` : `what search turns: ${settingNames.join(', ')}`,
    )
  }
  const { knob } = settingKeys[known]
  return [knob, words === undefined ? [given[knob]] : words.split(',').map((word) => read(known, word.trim(), text))]
}

function read(name: SettingName, word: string, text: string): unknown {
  const key = settingKeys[name]
  const value = (key.read as (word: string) => unknown)(word)
  if (value === undefined) throw new UsageError(`--fix ${text}: ${name} is ${key.asked}`, `such as --fix ${name}=…`)
  return value
}
