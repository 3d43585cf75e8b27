/** Claims about what compute becomes, each with its number on this cluster and the verdict of the literature. */
import type { Claim, ClaimUnit } from '../../../growth/claims.ts'
import { type Cell, cell, column, type Json, row, type Table } from '../../report.ts'
import { percent } from '../../words.ts'
import { count, fixed, flop, nats, times } from './words.ts'

const says: Readonly<Record<ClaimUnit, (value: number) => string>> = {
  times,
  nats,
  flop,
  share: percent,
  exponent: (value) => fixed(value),
  count: (value) => count(Math.round(value)),
}

export function claimsTable(claims: readonly Claim[]): Table {
  return {
    kind: 'table',
    title: 'Claims and what they come to here',
    aside: 'verdicts of the literature, asked again of this cluster',
    columns: [column('', 'right'), column('claim'), column('here', 'right'), column(''), column('', 'left', 'below')],
    rows: claims.map((claim, n) =>
      row(
        cell(String(n + 1), 'dim'),
        cell(claim.claim, 'strong'),
        cell(says[claim.unit](claim.value)),
        agreement(claim),
        cell(`${claim.metric}. Literature: ${claim.verdict}.`, 'dim'),
      ),
    ),
  }
}

export const agrees = ({ value, stands: [from, to] }: Claim): boolean => value >= from && value <= to

const agreement = (claim: Claim): Cell =>
  agrees(claim) ? cell('agrees', 'good') : cell(claim.because ? `not here: ${claim.because}` : 'not here', 'warn')

export function claimsRecord(claims: readonly Claim[]): Json {
  return claims.map((claim) => ({
    claim: claim.claim,
    metric: claim.metric,
    value: claim.value,
    unit: claim.unit,
    verdict: claim.verdict,
    stands: [...claim.stands],
    agrees: agrees(claim),
    because: agrees(claim) ? null : (claim.because ?? null),
  }))
}
