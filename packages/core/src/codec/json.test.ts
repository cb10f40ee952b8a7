import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { conformance } from '../testing/index.js'
import { codecSuite } from './conformance.js'
import { isDeeperThan } from './json-depth.js'
import { jsonCodec } from './json.js'

conformance(test, codecSuite, { create: () => jsonCodec() })

const codec = jsonCodec()
const bytesOf = (text: string) => new TextEncoder().encode(text)

function failure(attempt: () => unknown): MicroError {
  try {
    attempt()
  } catch (error) {
    if (MicroError.is(error)) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'was to be refused' })
}

test('jsonCodec() reads what Go writes: a line break at the end, escapes, null for lists and maps', () => {
  const value = codec.decode(bytesOf('{"msg":"\\u003c☃\\u003e","list":null,"n":1e-7}\n'))

  assert.deepEqual(value, { msg: '<☃>', list: null, n: 1e-7 })
})

test('jsonCodec() says where a text stops being JSON', () => {
  const cases: [string, number, number, number][] = [
    ['{x', 1, 1, 2],
    ['{"a":', 5, 1, 6],
    ['{"a":1,}', 7, 1, 8],
    ['[1,2,x]', 5, 1, 6],
    ['{"a":\n tru}', 7, 2, 2],
    ['x', 0, 1, 1],
    ['{"a":1}}', 7, 1, 8],
    ['{"a" 1}', 5, 1, 6],
    ['[1 2]', 3, 1, 4],
    ['"a\nb"', 0, 1, 1],
    ['NaN', 0, 1, 1],
    ['[01]', 2, 1, 3],
    ['\ufeff{}', 0, 1, 1],
    ['{"a":[}', 6, 1, 7],
  ]
  for (const [text, offset, line, column] of cases) {
    const error = failure(() => codec.decode(bytesOf(text)))

    assert.equal(error.reason, 'NOT_DECODABLE')
    assert.deepEqual(error.details?.['position'], { offset, line, column }, text)
  }
})

test('jsonCodec() refuses bytes that are not UTF-8', () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc3, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
  ])
    assert.equal(failure(() => codec.decode(Uint8Array.from(bytes))).reason, 'NOT_DECODABLE')
})

test('jsonCodec() refuses 100,000 levels in the time of a scan, and takes 2,000', () => {
  const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`

  assert.equal(failure(() => codec.decode(bytesOf(nested(100_000)))).reason, 'NOT_DECODABLE')
  assert.equal(failure(() => codec.decode(bytesOf('['.repeat(100_000)))).reason, 'NOT_DECODABLE')
  assert.doesNotThrow(() => codec.decode(bytesOf(nested(2000))))
})

test('isDeeperThan() does not count brackets in strings, nor those that are closed', () => {
  assert.equal(isDeeperThan(JSON.stringify('[{'.repeat(5000)), 2000), false)
  assert.equal(isDeeperThan(JSON.stringify(`\\"${'['.repeat(5000)}`), 2000), false)
  assert.equal(isDeeperThan(`[${'[],'.repeat(5000)}1]`, 2000), false)
  assert.equal(isDeeperThan(`["\\\\",${'['.repeat(2000)}${']'.repeat(2000)}]`, 2000), true)
})

test('jsonCodec() names the place of a number that JSON does not have', () => {
  const error = failure(() => codec.encode({ price: { net: Number.NaN }, none: null }))

  assert.equal(error.reason, 'NOT_ENCODABLE')
  assert.match(error.message, /price\.net/)
})

test('jsonCodec() takes what has a toJSON, and leaves undefined keys out', () => {
  const bytes = codec.encode({ at: new Date(0), gone: undefined })

  assert.equal(new TextDecoder().decode(bytes), '{"at":"1970-01-01T00:00:00.000Z"}')
})

test('jsonCodec() leaves Object.prototype as it was', () => {
  const before = Object.getOwnPropertyNames(Object.prototype)

  const value = codec.decode(bytesOf('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')) as Record<string, unknown>

  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.equal(value['polluted'], undefined)
})
