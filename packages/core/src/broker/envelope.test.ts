import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decodeEnvelope, encodeEnvelope } from './envelope.js'

interface Vector {
  readonly name: string
  readonly bytes: string
}

const file = new URL('../../../../tests/vectors/go-micro-4.11/broker-envelope.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] }

const recorded = (name: string) => {
  const vector = vectors.find((each) => each.name === name)
  assert.ok(vector, name)
  return Buffer.from(vector.bytes, 'hex')
}

test('decodeEnvelope() reads what go-micro 4.11 wrote, and encodeEnvelope() writes the same bytes', () => {
  for (const name of ['broker-message', 'broker-message-empty', 'broker-message-binary']) {
    const bytes = recorded(name)
    const message = decodeEnvelope(bytes)
    assert.ok(typeof message !== 'string', name)
    assert.equal(encodeEnvelope(message).toString(), bytes.toString(), name)
  }
  const message = decodeEnvelope(recorded('broker-message'))
  assert.ok(typeof message !== 'string')
  assert.equal(message.header['foo'], 'bär')
  assert.equal(message.header['Micro-Topic'], 'people.created')
  assert.equal(new TextDecoder().decode(message.body), '{"name":"bob"}')
  assert.equal(
    Buffer.from((decodeEnvelope(recorded('broker-message-binary')) as { body: Uint8Array }).body).toString('latin1'),
    '\n\x07greeter',
  )
})

test('decodeEnvelope() takes null and missing parts as empty, and leaves unknown keys alone', () => {
  for (const bytes of [
    recorded('broker-message-nil'),
    Buffer.from('{}'),
    Buffer.from('{"Header":null,"Topic":"x","Body":"","Extra":{"Header":{}}}'),
  ])
    assert.deepEqual(decodeEnvelope(bytes), { header: {}, body: new Uint8Array(0) })
})

test('decodeEnvelope() gives a sentence for what is no envelope', () => {
  for (const text of ['', 'x', '1', 'null', '[]', '{"Header":[]}', '{"Header":{"a":1}}', '{"Header":"a"}', '{"Body":[1]}'])
    assert.equal(typeof decodeEnvelope(Buffer.from(text)), 'string', text)
})

test('decodeEnvelope() sets no prototype, whatever the keys are', () => {
  const message = decodeEnvelope(Buffer.from('{"__proto__":{"Body":"eA=="},"Header":{"__proto__":"x"}}'))

  assert.ok(typeof message !== 'string')
  assert.equal(message.body.length, 0)
  assert.deepEqual(Object.keys(message.header), ['__proto__'])
})
