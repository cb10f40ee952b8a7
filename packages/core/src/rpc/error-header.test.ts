import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError, type Code } from '../base/index.js'
import { errorFromHeader, errorToHeader } from './error-header.js'
import { codeOf, statusOf } from './status.js'

const back = (text: string) => errorFromHeader(text, 'orders', 'Orders.Place')

test('errorToHeader() and errorFromHeader() keep code, reason, hint, place and details of every code', () => {
  const codes: Code[] = [
    'canceled',
    'unknown',
    'invalid_argument',
    'deadline_exceeded',
    'not_found',
    'already_exists',
    'permission_denied',
    'resource_exhausted',
  ]
  const more: Code[] = [
    'failed_precondition',
    'aborted',
    'out_of_range',
    'unimplemented',
    'internal',
    'unavailable',
    'data_loss',
    'unauthenticated',
  ]
  for (const code of [...codes, ...more]) {
    const sent = new MicroError(code, 'no "x": ä\n☃\u007f', {
      reason: 'R',
      hint: 'h',
      place: { file: 'micro.yml', line: 3 },
      details: { a: [1] },
    })

    const { error, isRefused } = back(errorToHeader(sent, 'orders.Orders.Place'))

    assert.deepEqual(
      [error.code, error.message, error.reason, error.hint, error.place, error.details],
      [code, sent.message, 'R', 'h', sent.place, sent.details],
    )
    assert.equal(isRefused, false)
  }
})

test('errorToHeader() writes what Go reads: id, code, detail, status', () => {
  const text = errorToHeader(new MicroError('not_found', 'no such person: bob', { reason: 'R' }), 'greeter.Say.Fail')

  const { micro, ...go } = JSON.parse(text) as Record<string, unknown>
  assert.ok(micro)
  assert.deepEqual(go, { id: 'greeter.Say.Fail', code: 404, detail: 'no such person: bob', status: 'Not Found' })
})

test('errorToHeader() passes an error of Go on as it came', () => {
  const text = '{"id":"other.Say.Fail","code":799,"detail":"own code"}'

  const { micro, ...go } = JSON.parse(errorToHeader(back(text).error, 'ours.A.B')) as Record<string, unknown>

  assert.ok(micro)
  assert.deepEqual(go, JSON.parse(text))
})

test('errorToHeader() never has a control character and never more than 8 KiB', () => {
  const details = { circle: {} as Record<string, unknown> }
  details.circle['self'] = details.circle
  const errors = [
    new MicroError('internal', 'a\r\nb\0c\u007f\u0001', { reason: 'R' }),
    new MicroError('internal', 'x'.repeat(100_000), { reason: 'R', hint: 'y'.repeat(100_000), details: { z: 'z'.repeat(100_000) } }),
    new MicroError('internal', 'circle', { reason: 'R', hint: 'kept', details }),
    new MicroError('internal', 'bigint', { reason: 'R', details: { n: 1n } }),
  ]
  for (const error of errors) {
    const text = errorToHeader(error, 'id')

    assert.ok(text.length <= 8192)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u001f\u007f]/)
    assert.equal(back(text).error.reason, 'R')
  }
  assert.equal(back(errorToHeader(errors[2] as MicroError, 'id')).error.hint, 'kept')
})

test('errorFromHeader() tells who refused to begin from who only passes such an error on', () => {
  const draining = new MicroError('unavailable', 'x', { reason: 'DRAINING' })

  assert.equal(back(errorToHeader(draining, 'id', true)).isRefused, true)
  assert.equal(back(errorToHeader(draining, 'id')).isRefused, false)
})

test('errorFromHeader() takes any text', () => {
  for (const text of [
    '{',
    '{}',
    '[]',
    'null',
    '{"code":"404"}',
    '{"micro":{"code":"nonsense","reason":"R"}}',
    '{"micro":null,"detail":3}',
    '{"micro":{"code":"internal","reason":1}}',
  ]) {
    assert.equal(back(text).error.code, 'unknown', text)
    assert.equal(back(text).error.reason, 'REMOTE_ERROR', text)
  }
  assert.equal(back("rpc: can't find method Nope").error.reason, 'ENDPOINT_NOT_FOUND')
})

test('codeOf() turns every number of ours back into a code of that number', () => {
  for (const code of [
    'not_found',
    'internal',
    'deadline_exceeded',
    'unavailable',
    'canceled',
    'resource_exhausted',
    'unimplemented',
  ] as const)
    assert.equal(codeOf(statusOf(code).go), code)
  assert.equal(codeOf(799), 'unknown')
})
