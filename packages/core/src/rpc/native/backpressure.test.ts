import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Endpoint } from '../endpoint.js'
import { openNative } from './client.js'
import { json, served } from './pair.fixture.js'

const messageBytes = 10_000
const totalBytes = 10_000_000
// A window, a message that is made while there is no credit, and one that is being read.
const mostAheadBytes = 262_144 + 3 * messageBytes

/** Makes messages as fast as they are taken, and knows how many were made. */
function producer() {
  let madeBytes = 0
  async function* messages() {
    for (; madeBytes < totalBytes; madeBytes += messageBytes) yield new Uint8Array(messageBytes)
  }
  return { messages, made: () => madeBytes }
}

/** Reads slowly, and gives how far the producer was ahead at most. The long form is scripts/native-stream.mjs. */
async function readSlowly(source: AsyncIterable<unknown>, made: () => number) {
  let readBytes = 0
  let mostAhead = 0
  for await (const message of source) {
    readBytes += (message as Uint8Array).length
    if (readBytes % 50_000 === 0) await turn()
    mostAhead = Math.max(mostAhead, made() - readBytes)
  }
  return { readBytes, mostAhead }
}

test('a fast producer never gets further ahead of a slow reader than its credit, in either direction', async () => {
  const down = producer()
  const up = producer()
  const endpoints: readonly Endpoint[] = [
    { name: 'Bytes.Down', handle: () => down.messages() },
    { name: 'Bytes.Up', handle: (inputs) => readSlowly(inputs as AsyncIterable<unknown>, up.made) },
  ]
  const server = createServer((socket) => void served(socket, { endpoints })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = await openNative(connect((server.address() as AddressInfo).port, '127.0.0.1'), { json, remote: 'bytes:1' })

  const read = await readSlowly(client.serverStream(client.route('orders', 'Bytes.Down'), undefined), down.made)
  const { output } = await client.clientStream(client.route('orders', 'Bytes.Up'), up.messages())
  const written = output as typeof read

  assert.deepEqual([read.readBytes, written.readBytes], [totalBytes, totalBytes])
  assert.ok(read.mostAhead <= mostAheadBytes, `${read.mostAhead} bytes ahead of the client`)
  assert.ok(written.mostAhead <= mostAheadBytes, `${written.mostAhead} bytes ahead of the service`)
  await client.close()
  server.close()
  await once(server, 'close')
})
