import assert from 'node:assert/strict'
import { httpTransport, type Connection } from '@microts/core/transport'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => new TextDecoder().decode(value)

// The listener answers each frame with one of its own.
const answer = async (connection: Connection) => {
  for (let frame = await connection.receive(); frame !== undefined; frame = await connection.receive()) {
    await connection.send({ header: { 'content-type': 'text/plain' }, body: bytes(`echo: ${text(frame.body)}`) })
  }
}

const transport = httpTransport()
const listener = await transport.listen('127.0.0.1:0', (connection) => void answer(connection))
const connection = await transport.open(listener.address)

await connection.send({ header: { 'micro-endpoint': 'Echo.Say', 'content-type': 'text/plain' }, body: bytes('tea') })
const reply = await connection.receive()
assert.equal(text(reply?.body), 'echo: tea')

await connection.close()
await listener.close()
await transport.close()

await assert.rejects(httpTransport().open('127.0.0.1:1', { timeoutMs: 1000 }), { reason: 'CONNECT_FAILED' })
