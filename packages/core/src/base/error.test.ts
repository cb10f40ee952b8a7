import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from './error.js'

test('MicroError carries its code, reason, hint, place and cause', () => {
  const cause = new Error('below')

  const error = new MicroError('not_found', 'Cannot find "x"', {
    reason: 'X_NOT_FOUND',
    hint: 'Look elsewhere.',
    place: { file: 'a.yml', line: 3, column: 7 },
    cause,
  })

  assert.equal(error.code, 'not_found')
  assert.equal(error.reason, 'X_NOT_FOUND')
  assert.equal(error.hint, 'Look elsewhere.')
  assert.deepEqual(error.place, { file: 'a.yml', line: 3, column: 7 })
  assert.equal(error.cause, cause)
})

test('MicroError.is() knows an error of another copy of this package by its brand', () => {
  const foreign = Object.assign(new Error('from a plugin'), { code: 'aborted', reason: 'ELSEWHERE' })
  Object.defineProperty(foreign, Symbol.for('microts.error'), { value: true })

  assert.equal(MicroError.is(foreign), true)
  assert.equal(MicroError.from(foreign), foreign)
})

test('MicroError.is() is not taken in by an error that merely looks like one', () => {
  assert.equal(MicroError.is(Object.assign(new Error('x'), { code: 'aborted', reason: 'X' })), false)
  assert.equal(MicroError.is(null), false)
  assert.equal(MicroError.is('x'), false)
})

test('MicroError.from() makes canceled of an abort and deadline_exceeded of a timeout', () => {
  const abort = AbortSignal.abort().reason as Error
  const timeout = new DOMException('late', 'TimeoutError')

  assert.equal(MicroError.from(abort).code, 'canceled')
  assert.equal(MicroError.from(timeout).code, 'deadline_exceeded')
})

test('MicroError.from() keeps any other thrown thing as the cause of an unknown failure', () => {
  for (const thrown of [new RangeError('far'), 'a string', undefined, { odd: true }]) {
    const error = MicroError.from(thrown)

    assert.equal(error.code, 'unknown')
    assert.equal(error.reason, 'UNKNOWN')
    assert.equal(error.cause, thrown)
  }
})
