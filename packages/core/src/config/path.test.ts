import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatPath, parsePath, showPath } from './path.js'

const steps = fc.array(fc.string().filter((step) => step !== '__proto__'))

test('parsePath() reads dots and lists', () => {
  assert.deepEqual(parsePath(''), [])
  assert.deepEqual(parsePath('a'), ['a'])
  assert.deepEqual(parsePath('a.b.constructor'), ['a', 'b', 'constructor'])
  assert.deepEqual(parsePath(['a.b', '']), ['a.b', ''])
})

test('parsePath() gives a list of its own', () => {
  const list = ['a']
  const parsed = parsePath(list)
  list.push('b')

  assert.deepEqual(parsed, ['a'])
})

test('parsePath() reads back whatever formatPath() writes', () => {
  fc.assert(fc.property(steps, (path) => assert.deepEqual(parsePath(formatPath(path)), path)))
})

test('parsePath() accepts a text or refuses it with PATH_INVALID', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('.', 'a', '_') }), fc.constant('__proto__')), (text) => {
      try {
        assert.equal(parsePath(text).join('.'), text)
      } catch (error) {
        assert.equal((error as { reason?: string }).reason, 'PATH_INVALID')
      }
    }),
  )
})

test('showPath() is one text for each path', () => {
  assert.equal(showPath(['a', 'b']), 'a.b')
  assert.equal(showPath(['a.b']), '["a.b"]')
})
