/** How many strategies there are, and what became of them. */
import type { ProblemCode } from '../../../base/problems.ts'
import type { Shortage } from '../../../engine/filling.ts'
import { type Cell, cell, column, type Row, row, sumRow, type Table } from '../../report.ts'
import { group, percent } from '../../words.ts'
import type { SearchInput } from '../search.ts'

const shortageWords: Record<Shortage, string> = {
  states: 'do not fit: weights, gradients and optimizer state above all',
  activations: 'do not fit: activations above all',
  working: 'do not fit: working memory above all',
}

export function tallyTable({ tally, requirements }: SearchInput): Table {
  const { candidates, legal, feasible, illegal, shortage, refused } = tally
  const share = (count: number): Cell => cell(candidates > 0 ? percent(count / candidates) : '', 'dim')
  const line = (count: number, words: string, why = ''): Row =>
    row(cell(group(count)), share(count), cell(words), cell(why, 'dim'))
  const broken = (Object.entries(illegal) as [ProblemCode, number][]).sort(([, a], [, b]) => b - a)
  return {
    kind: 'table',
    title: 'Candidates',
    aside: '',
    columns: [column('', 'right'), column('', 'right'), column(''), column('', 'left', 'drop')],
    rows: [
      line(candidates, 'in the space'),
      ...broken.map(([code, count]) => line(count, rules[code] ?? `break ${code}`, code)),
      sumRow(cell(group(legal), 'strong'), share(legal), cell('legal', 'strong'), cell('')),
      ...(Object.entries(shortage) as [Shortage, number][])
        .filter(([, count]) => count > 0)
        .map(([name, count]) => line(count, shortageWords[name])),
      ...refused.flatMap((count, at) => (count > 0 ? [line(count, `fit, but not: ${requirements[at] ?? ''}`)] : [])),
      sumRow(cell(group(feasible), 'strong'), share(feasible), cell('feasible', 'strong'), cell('')),
    ],
  }
}

/** What each rule asks. */
const rules: Partial<Record<ProblemCode, string>> = {
  'strategy/tp-splits-heads': 'tp must divide the heads',
  'strategy/tp-splits-kv-heads': 'tp and the key/value heads must divide one another',
  'strategy/tp-splits-ffn': 'tp must divide the ffn',
  'strategy/cp-splits-sequence': 'cp must divide the sequence',
  'strategy/sp-splits-sequence': 'tp must divide the sequence of a cp rank',
  'strategy/ulysses-splits-heads': 'cp must divide the heads of a tp rank',
  'strategy/ep-splits-experts': 'ep must divide the experts',
  'strategy/ep-folds': 'ep × etp must divide the ranks of a stage',
  'strategy/etp-splits-ffn': 'etp must divide the ffn of an expert',
  'strategy/micro-batch-divides': 'dp × micro-batch must divide the batch',
  'strategy/tp-splits-mamba': 'tp must fit the Mamba heads and groups',
  'strategy/tp-splits-cells': 'tp must divide the cells',
  'strategy/tp-splits-channels': 'tp must fit the channels and groups',
  'strategy/cp-through-recurrence': 'an LSTM reads whole sequences',
  'strategy/pp-exceeds-layers': 'more chunks than layers',
  'strategy/interleaved-micro-batches': 'pp must divide the micro-batches',
}
