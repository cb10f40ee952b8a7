import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkQueue, checkTopic, checkTopicPattern, hasWildcard } from './topic.js'

const invalid = { code: 'invalid_argument', reason: 'TOPIC_INVALID' }

test('checkTopicPattern() counts the characters of the pattern, wildcards included', () => {
  checkTopicPattern(`${'x'.repeat(253)}.*`)
  checkTopicPattern(`${'x'.repeat(253)}.>`)
  assert.throws(() => checkTopicPattern(`${'x'.repeat(254)}.>`), invalid)
  assert.throws(() => checkTopic('*'), invalid)
  checkQueue(undefined)
  assert.throws(() => checkQueue('*'), invalid)
})

test('hasWildcard() is about whole tokens', () => {
  assert.ok(hasWildcard('a.*.b'))
  assert.ok(hasWildcard('>'))
  assert.ok(!hasWildcard('a.b'))
})
