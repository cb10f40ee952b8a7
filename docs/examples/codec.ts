import assert from 'node:assert/strict'
import { bytesCodec, jsonCodec } from '@microts/core/codec'

const json = jsonCodec()
assert.equal(json.contentTypes[0], 'application/json')

const bytes = json.encode({ item: 'tea', quantity: 2 })
assert.deepEqual(json.decode(bytes), { item: 'tea', quantity: 2 })

// An empty body is undefined, both ways.
assert.equal(json.encode(undefined).length, 0)
assert.equal(json.decode(new Uint8Array()), undefined)

assert.throws(() => json.encode({ total: Number.NaN }), { reason: 'NOT_ENCODABLE' })
assert.throws(() => json.decode(new TextEncoder().encode('{"item":')), { reason: 'NOT_DECODABLE' })

const raw = new Uint8Array([1, 2, 3])
assert.deepEqual(bytesCodec().decode(bytesCodec().encode(raw)), raw)
