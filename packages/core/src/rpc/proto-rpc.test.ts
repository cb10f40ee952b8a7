import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtoRpc, encodeProtoRpc } from './proto-rpc.js'

test('encodeProtoRpc() writes what decodeProtoRpc() reads', () => {
  const messages = [
    { method: 'Debug.Health', seq: 0n, error: '', body: Uint8Array.of(1, 2) },
    { method: '', seq: 2n ** 64n - 1n, error: 'ä'.repeat(200), body: new Uint8Array(0) },
    { method: 'x'.repeat(20_000), seq: 1n, error: 'no', body: new Uint8Array(1000) },
  ]
  for (const message of messages) {
    const read = decodeProtoRpc(encodeProtoRpc(message))

    assert.deepEqual({ ...read, body: [...read.body] }, { ...message, body: [...message.body] })
  }
})

test('decodeProtoRpc() refuses what is cut off, and never fails otherwise', () => {
  const bytes = encodeProtoRpc({ method: 'Debug.Health', seq: 7n, error: 'no', body: Uint8Array.of(1, 2) })
  const refused = { code: 'invalid_argument', reason: 'ENVELOPE_INVALID' }

  for (let length = 0; length < bytes.length; length++) assert.throws(() => decodeProtoRpc(bytes.subarray(0, length)), refused)
  assert.throws(() => decodeProtoRpc(Uint8Array.of(...bytes, 0)), refused)
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 0x7f, 0x80, 0xff]) {
      const changed = bytes.slice()
      changed[at] = value
      try {
        decodeProtoRpc(changed)
      } catch (error) {
        assert.equal((error as { reason?: string }).reason, 'ENVELOPE_INVALID')
      }
    }
  }
})
