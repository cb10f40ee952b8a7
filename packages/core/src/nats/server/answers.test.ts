import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { natsClient } from '../client/client.js'
import { findNativeServer, startNativeServer } from '../native-server.fixture.js'
import { rawClient } from '../raw-client.fixture.js'
import { natsServer } from './server.js'

interface Case {
  readonly sent: string
  readonly answer: string
  readonly ends: boolean
}

const file = new URL('../../../../../tests/vectors/nats-server-2.9/answers.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] }

async function answersAsRecorded(port: number): Promise<void> {
  for (const { sent, answer, ends } of cases) {
    const client = await rawClient(port)
    try {
      client.send(Buffer.from(sent).toString('latin1'))
      const expected = Buffer.from(answer).toString('latin1')
      const found = ends ? await client.ended() : await client.until(expected)
      assert.equal(found, expected, JSON.stringify(sent.slice(0, 200)))
      assert.equal(client.socket.destroyed, ends, JSON.stringify(sent.slice(0, 200)))
    } finally {
      client.close()
    }
  }
}

const native = findNativeServer()
const skip = native === undefined ? 'needs: nats-server' : false

test('natsServer() answers as nats-server 2.9 was recorded to', async (t) => {
  const server = await natsServer({ maxPayloadBytes: 1024 * 1024 })
  t.after(() => server.close())

  await answersAsRecorded(server.port)
})

test('nats-server answers as it was recorded to', { skip }, async (t) => {
  const server = await startNativeServer(native ?? '')
  t.after(() => server.close())

  await answersAsRecorded(server.port)
})

test('natsClient() speaks with nats-server, and again when it is back', { skip }, async (t) => {
  const first = await startNativeServer(native ?? '')
  t.after(() => first.close())
  let isBack: () => void = () => undefined
  const back = new Promise<void>((resolve) => (isBack = resolve))
  let isLost: () => void = () => undefined
  const lost = new Promise<void>((resolve) => (isLost = resolve))
  const second = await startNativeServer(native ?? '')
  t.after(() => second.close())
  const client = await natsClient({
    servers: [first.url, second.url],
    reconnectCapMs: 20,
    onState: (state) => (state === 'connected' ? isBack() : isLost()),
  })
  t.after(() => client.close())
  const got: string[] = []
  client.subscribe('a.>', (message) => got.push(`${message.reply ?? '-'} ${message.headers?.length ?? '-'} ${message.payload.length}`))

  client.publish('a.b', new Uint8Array(1024 * 1024))
  client.publish('a.b', new Uint8Array(3), { reply: 'r', headers: Buffer.from('NATS/1.0\r\n\r\n') })
  await client.flush()
  await first.close()
  await lost
  client.publish('a.c', new Uint8Array(5))
  await back
  await client.flush()

  assert.deepEqual(got, ['- - 1048576', 'r 12 3', '- - 5'])
})
