import { expect, test } from 'vitest'
import { invariant, problem, ScenarioError } from '../../../src/base/problem.ts'
import { problems } from '../../../src/base/problems.ts'

test('the parameters fill message and hint, and nothing in them is filled again', () => {
  const found = problem('strategy/tp-splits-heads', ['parallel', 'tp'], { tp: '{heads}', heads: 32, choices: '1, 2' })
  expect(found.message).toBe('tp {heads} does not divide 32 attention heads')
  expect(found.hint).toBe('every rank holds whole heads: choose tp from 1, 2')
  expect(found).toMatchObject({ path: ['parallel', 'tp'], atKey: false, related: [] })
})

test.each(Object.entries(problems))('%s is a sentence with a way out', (_, { message, hint }) => {
  for (const words of [message, hint]) {
    expect(words).not.toBe('')
    expect(words).not.toMatch(/[.!]$/u)
  }
})

test('an error carries all its problems', () => {
  const found = { ...problem('file/missing', [], { file: 'a.yaml' }), relatedPlaces: [] }
  const error = new ScenarioError([found, found])
  expect(error.problems).toHaveLength(2)
  expect(error.message).toContain('file/missing: there is no file a.yaml')
})

test('a broken promise of ours is an error of another kind', () => {
  expect(() => invariant(false, 'two is one')).toThrow('wrong about itself: two is one')
})
