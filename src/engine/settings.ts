/** The part of a strategy that a search decides, as the scenario writes it: what is fixed, found or listed. */
import { recomputes, type Strategy, schedules } from './strategy.ts'

export type Setting = number | boolean | string

interface Key {
  readonly knob: keyof Strategy
  readonly section: 'parallel' | 'training'
  /** The value of a word, undefined where there is none. */
  readonly read: (word: string) => Setting | undefined
  /** What may be written, in words. */
  readonly asked: string
}

const degree = (word: string): number | undefined => {
  const value = Number(word)
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}
const flag = (word: string): boolean | undefined => (word === 'true' ? true : word === 'false' ? false : undefined)
const oneOf =
  (words: readonly string[]) =>
  (word: string): string | undefined =>
    words.find((known) => known === word)

const zeros: Readonly<Record<string, number>> = { 0: 0, 1: 1, 2: 2, 3: 3, fsdp: 3 }

const whole = { read: degree, asked: 'a whole number from 1 on' }

/** In the order in which people write them. */
export const settingKeys = {
  tp: { knob: 'tp', section: 'parallel', ...whole },
  sp: { knob: 'sp', section: 'parallel', read: flag, asked: 'true or false' },
  cp: { knob: 'cp', section: 'parallel', ...whole },
  cp_mode: {
    knob: 'cpMode',
    section: 'parallel',
    read: oneOf(['ring', 'all-gather', 'ulysses']),
    asked: 'ring, all-gather or ulysses',
  },
  ep: { knob: 'ep', section: 'parallel', ...whole },
  etp: { knob: 'etp', section: 'parallel', ...whole },
  pp: { knob: 'pp', section: 'parallel', ...whole },
  vpp: { knob: 'vpp', section: 'parallel', ...whole },
  schedule: { knob: 'schedule', section: 'parallel', read: oneOf(schedules), asked: schedules.join(', ') },
  dp: { knob: 'dp', section: 'parallel', ...whole },
  zero: { knob: 'zero', section: 'parallel', read: (word) => zeros[word], asked: '0, 1, 2, 3 or fsdp' },
  shard_group: { knob: 'shardRanks', section: 'parallel', ...whole },
  micro_batch: { knob: 'microBatch', section: 'training', ...whole },
  recompute: { knob: 'recompute', section: 'training', read: oneOf(recomputes), asked: recomputes.join(', ') },
} as const satisfies Record<string, Key>

export type SettingName = keyof typeof settingKeys
export const settingNames = Object.keys(settingKeys) as readonly SettingName[]

/** What search decides, as `parallel:` and `training:` would say it. */
export function settingsOf(strategy: Strategy): Readonly<Record<SettingName, Setting>> {
  return Object.fromEntries(settingNames.map((name) => [name, strategy[settingKeys[name].knob]])) as Record<
    SettingName,
    Setting
  >
}
