import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformance } from '../testing/index.js'
import { bytesCodec } from './bytes.js'
import { codecSuite } from './conformance.js'

conformance(test, codecSuite, { create: () => bytesCodec() })

test('bytesCodec() hands bytes on without copying them', () => {
  const bytes = Uint8Array.of(1, 2, 3)

  assert.equal(bytesCodec().encode(bytes), bytes)
  assert.equal(bytesCodec().decode(bytes), bytes)
})

test('bytesCodec() answers to the content types that it is given', () => {
  const codec = bytesCodec({ name: 'protobuf', contentTypes: ['application/protobuf'] })

  assert.equal(codec.name, 'protobuf')
  assert.deepEqual(codec.contentTypes, ['application/protobuf'])
})

test('bytesCodec() refuses what is not bytes', () => {
  for (const value of ['text', 1, null, {}, [1], new ArrayBuffer(1)])
    assert.throws(() => bytesCodec().encode(value), { code: 'invalid_argument', reason: 'NOT_ENCODABLE' })
})
