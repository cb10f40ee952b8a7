import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../testing/clock.js'
import { backoffMs } from './backoff.js'
import { sleep } from './clock.js'
import { deadlineAfter, deadlineSignal, earlier, remainingMs } from './deadline.js'
import { didYouMean, nearest } from './nearest.js'
import { validate, type StandardSchemaV1 } from './schema.js'

test('backoffMs() doubles the most that can be drawn, up to the cap', () => {
  const draw = (attempt: number) => backoffMs(attempt, { baseMs: 50, capMs: 1000, random: () => 1 })

  assert.deepEqual([1, 2, 3, 4, 5, 6, 60].map(draw), [50, 100, 200, 400, 800, 1000, 1000])
})

test('backoffMs() may draw no wait at all, so that clients spread', () => {
  assert.equal(backoffMs(9, { random: () => 0 }), 0)
})

test('remainingMs() counts down with the clock and stops at 0', async () => {
  const clock = testClock()
  const deadline = deadlineAfter(100, clock)

  await clock.advance(40)
  assert.equal(remainingMs(deadline, clock), 60)
  await clock.advance(100)
  assert.equal(remainingMs(deadline, clock), 0)
})

test('remainingMs() does not mind when the wall clock jumps', () => {
  const clock = testClock()
  const deadline = deadlineAfter(100, clock)

  clock.jump(3_600_000)

  assert.equal(remainingMs(deadline, clock), 100)
})

test('earlier() never lengthens the time of the caller', () => {
  const short = { atMs: 10, timeoutMs: 10 }
  const long = { atMs: 20, timeoutMs: 20 }

  assert.equal(earlier(long, short), short)
  assert.equal(earlier(short, long), short)
  assert.equal(earlier(long, undefined), long)
})

test('deadlineSignal() aborts with deadline_exceeded when the time is used up', async () => {
  const clock = testClock()
  const { signal } = deadlineSignal('the call', deadlineAfter(50, clock), clock)

  await clock.advance(49)
  assert.equal(signal.aborted, false)
  await clock.advance(1)

  assert.equal((signal.reason as { code: string }).code, 'deadline_exceeded')
})

test('deadlineSignal() passes on the reason of its parent, and frees its timer on cancel', () => {
  const clock = testClock()
  const parent = new AbortController()
  const { signal, cancel } = deadlineSignal('the call', deadlineAfter(50, clock), clock, parent.signal)

  parent.abort('stop')
  cancel()

  assert.equal(signal.reason, 'stop')
  assert.equal(clock.pending, 0)
})

test('sleep() rejects at once when its signal aborts, and leaves no timer', async () => {
  const clock = testClock()
  const controller = new AbortController()
  const sleeping = sleep(1000, { clock, signal: controller.signal })

  controller.abort(new Error('enough'))

  await assert.rejects(sleeping, { message: 'enough' })
  assert.equal(clock.pending, 0)
})

test('nearest() gives the words that a slip of the fingers away, the nearest first', () => {
  const known = ['mailhog', 'nats', 'node', 'postgres', 'rabbitmq']

  assert.deepEqual(nearest('mailhgo', known), ['mailhog'])
  assert.deepEqual(nearest('rabitmq', known), ['rabbitmq'])
  assert.deepEqual(nearest('nods', known), ['node', 'nats'].slice(0, 1))
  assert.deepEqual(nearest('kafka', known), [])
  assert.equal(didYouMean('MAILHOG', known), 'did you mean "mailhog"?')
  assert.equal(didYouMean('kafka', known), undefined)
})

test('validate() gives the value of the schema, at once when the schema is synchronous', () => {
  assert.equal(
    validate(
      schemaOf(() => ({ value: 7 })),
      'seven',
      'a number',
    ),
    7,
  )
})

test('validate() names the path of every issue', () => {
  const schema = schemaOf(() => ({ issues: [{ message: 'too small', path: ['items', { key: 0 }, 'quantity'] }, { message: 'odd' }] }))

  assert.throws(
    () => validate(schema, {}, 'the order'),
    (error: { code: string; details: { issues: string[] } }) => {
      assert.equal(error.code, 'invalid_argument')
      assert.deepEqual(error.details.issues, ['items.0.quantity: too small', 'odd'])
      return true
    },
  )
})

test('validate() waits for a schema that is asynchronous', async () => {
  const schema = schemaOf(() => Promise.resolve({ issues: [{ message: 'taken' }] }))

  await assert.rejects(async () => validate(schema, {}, 'the name'), { reason: 'SCHEMA_MISMATCH' })
})

function schemaOf(check: StandardSchemaV1<unknown, unknown>['~standard']['validate']): StandardSchemaV1<unknown, unknown> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } }
}
