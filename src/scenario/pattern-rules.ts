/** What the layers of a pattern must be to one another and to the model. */
import type { Params, Path } from '../base/problem.ts'
import type { ProblemCode } from '../base/problems.ts'
import { blocks } from '../engine/lower/pattern.ts'
import { mambaHeads } from './model.ts'
import type { Scenario } from './schema.ts'

export interface Rule {
  readonly code: ProblemCode
  readonly path: Path
  readonly related?: readonly Path[]
  /** The parameters of the message when the rule is broken. */
  readonly broken: (scenario: Scenario) => Params | undefined
}

type Model = Scenario['model']

const rule = (
  code: ProblemCode,
  path: Path,
  related: readonly Path[],
  broken: (model: Model) => Params | undefined,
): Rule => ({ code, path, related, broken: ({ model }) => broken(model) })

/** Sections that describe the layers of a letter. */
const described = { moe: 'E', mamba: 'M', lstm: 'L', convolution: 'C' } as const satisfies Partial<
  Record<keyof Model, keyof typeof blocks>
>

export const patternRules: readonly Rule[] = [
  rule('model/pattern-letter', ['model', 'pattern'], [], ({ pattern = '*' }) => {
    const unknown = pattern === '' ? 'nothing' : [...pattern].find((letter) => !Object.hasOwn(blocks, letter))
    return unknown === undefined ? undefined : { letter: unknown }
  }),
  rule('model/pattern-length', ['model', 'pattern'], [['model', 'layers']], ({ pattern, layers = 1 }) =>
    pattern && layers % pattern.length !== 0 ? { layers, length: pattern.length } : undefined,
  ),
  ...Object.entries(described).map(([section, letter]) =>
    rule('model/pattern-leaves-out', ['model', section], [['model', 'pattern']], (model) => {
      // Without a pattern every layer may have experts.
      const isUsed = model.pattern?.includes(letter) ?? letter === 'E'
      return model[section as keyof Model] === undefined || isUsed ? undefined : { section, letter }
    }),
  ),
  rule('model/mamba-heads', ['model', 'mamba'], [['model', 'hidden']], ({ mamba, hidden = 1 }) => {
    const heads = mamba && mambaHeads(mamba, hidden)
    return heads === undefined || Number.isInteger(heads)
      ? undefined
      : { channels: mamba ? mamba.expand * hidden : 0, headDim: mamba?.head_dim ?? 0 }
  }),
  rule('model/mamba-groups', ['model', 'mamba', 'groups'], [], ({ mamba, hidden = 1 }) => {
    const heads = mamba ? mambaHeads(mamba, hidden) : 0
    return mamba && Number.isInteger(heads) && heads % mamba.groups !== 0 ? { groups: mamba.groups, heads } : undefined
  }),
  rule('model/convolution-groups', ['model', 'convolution', 'groups'], [], ({ convolution, hidden = 1 }) => {
    const { groups = 1, channels = hidden } = convolution ?? {}
    return groups !== 'depthwise' && channels % groups !== 0 ? { groups, channels } : undefined
  }),
]
