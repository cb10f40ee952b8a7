import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiFits } from './api-range.js'

test('apiFits() takes the same first number, and a second one that is not later than ours', () => {
  const fitting = ['^1.0', '1.0', '^1', '1', ' ^1.0 ']
  const others = ['^1.1', '^2.0', '0.9', '>=1.0', '', '^1.0.0', 'latest', '*']

  assert.deepEqual(
    fitting.filter((range) => !apiFits(range, '1.0')),
    [],
  )
  assert.deepEqual(
    others.filter((range) => apiFits(range, '1.0')),
    [],
  )
  assert.equal(apiFits('^1.2', '1.3'), true)
})

test('apiFits() fits nothing that is no text, and takes no time for a long one', () => {
  for (const range of [undefined, null, 1, {}, '1'.repeat(1_000_000), `^${' '.repeat(1_000_000)}1`])
    assert.equal(apiFits(range, '1.0'), false)
})
