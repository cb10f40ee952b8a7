import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformance } from '../testing/index.js'
import { authSuite } from './conformance.js'
import { noopAuth } from './noop.js'

conformance(test, authSuite, { create: noopAuth })

test('noopAuth() claims nothing', () => {
  const auth = noopAuth()

  assert.equal(auth.name, 'noop')
  assert.deepEqual([...auth.features], [])
})
