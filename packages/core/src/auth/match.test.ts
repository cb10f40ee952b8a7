import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rule } from './auth.js'
import { inOrderOfTrial, wordsThatFit } from './match.js'

const resource = { type: 'service', name: 'orders', endpoint: '/a/b.c' }

test('wordsThatFit() lists every way to write a rule that fits', () => {
  assert.deepEqual(wordsThatFit(undefined, resource), [['service', '*'], ['orders', '*'], ['/a/b.c', '*', '/*', '/a/*', '/a/b.*'], ['']])
  assert.deepEqual(wordsThatFit({ id: 'a', type: 'user', issuer: 'i', scopes: ['x', 'y'], metadata: {} }, resource)?.[3], [
    '',
    '*',
    'x',
    'y',
  ])
})

test('wordsThatFit() gives nothing for a path with dot steps or without end', () => {
  for (const endpoint of ['/a/../b', '../b', '/a/..', '/./a', '.', `/${'a'.repeat(1024)}`])
    assert.equal(wordsThatFit(undefined, { ...resource, endpoint }), undefined)
  assert.ok(wordsThatFit(undefined, { ...resource, endpoint: '/..a/b../...' }))
})

test('inOrderOfTrial() sorts by priority, then denials first, then by id', () => {
  const rule = (id: string, access: Rule['access'], priority?: number): Rule => ({
    id,
    scope: '',
    resource,
    access,
    ...(priority === undefined ? {} : { priority }),
  })
  const ordered = [rule('d', 'granted', 1), rule('c', 'denied'), rule('a', 'granted'), rule('b', 'granted', 0), rule('e', 'denied', -1)]

  assert.deepEqual([...ordered].reverse().sort(inOrderOfTrial), ordered)
})
