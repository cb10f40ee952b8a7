// Our server answers the streams that go-micro v4.11's client opened, as recorded in tests/vectors/go-micro-4.11/rpc-stream.json, in any split into segments.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { MicroError } from '../../base/index.js'
import { httpReader, type HttpMessage } from '../../transport/http-message.js'
import { httpTransport } from '../../transport/http.js'
import type { Endpoint } from '../endpoint.js'
import { serve, type RpcServer } from '../server.js'
import type { GoError, Vector } from './recorded.js'

const file = new URL('../../../../../tests/vectors/go-micro-4.11/rpc-stream.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] }

/** What ours answers instead of the recorded frame, and why. */
const otherAnswers: Readonly<Record<string, string>> = {
  'bidi-server-plain-error': 'a thrown thing that is no MicroError stays on the server: its text may hold secrets',
  'unknown-method': 'ours has a code, a reason and the nearest names',
  'server-burst': "Go's defect: the second body twice",
  'server-burst-cut': "Go's defect: the second body cut to the length of the first",
}

type Message = { readonly name: string }
const said = (msg: string) => ({ msg })

async function* three(input: AsyncIterable<Message>) {
  let count = 0
  for await (const { name } of input) {
    yield said(`${count++} ${name}`)
    if (count === 3) return
  }
}

const sums: number[] = []
const endpoints: readonly Endpoint[] = [
  {
    name: 'Chat.Echo',
    stream: 'both',
    async *handle(input) {
      for await (const { name } of input as AsyncIterable<Message>) yield said(`echo ${name}`)
    },
  },
  { name: 'Chat.Three', stream: 'both', handle: (input) => three(input as AsyncIterable<Message>) },
  {
    name: 'Chat.Fail',
    stream: 'both',
    async *handle(input) {
      let count = 0
      for await (const { name } of input as AsyncIterable<Message>) {
        if (name === 'plain') throw new Error('plain failure in stream')
        if (count === 1) throw new MicroError('invalid_argument', `no more nämes after ${name}`, { reason: 'NO_MORE' })
        yield said(`${count++} ${name}`)
      }
    },
  },
  {
    name: 'Chat.List',
    stream: 'both',
    async *handle() {
      for (const item of [0, 1, 2]) yield said(`item ${item}`)
    },
  },
  {
    name: 'Chat.Burst',
    stream: 'both',
    async *handle(input) {
      for await (const { name } of input as AsyncIterable<Message>) {
        if (name === 'long') yield said('-'.repeat(60))
        yield said(name === 'long' ? 'a short one' : `first ${name}`)
        yield said(name === 'long' ? 'a second message that is much longer' : `second ${name}`)
        return
      }
    },
  },
  {
    name: 'Chat.Sum',
    stream: 'input',
    async handle(input) {
      let count = 0
      for await (const _ of input as AsyncIterable<Message>) count++
      sums.push(count)
      return said(`${count}`)
    },
  },
  { name: 'Chat.Generated', stream: 'output', handle: (input) => three(repeated(input as Message)) },
]

async function* repeated(message: Message) {
  for (;;) yield message
}

const transport = httpTransport()
let server: RpcServer
before(async () => (server = await serve({ service: 'greeter', endpoints, transport, address: '127.0.0.1:0' })))
after(async () => {
  await server.close()
  await transport.close()
})

/** A connection as the recorded client had it, which writes in pieces of `size` bytes. */
function client(size: number) {
  const socket = connect({ host: '127.0.0.1', port: Number(server.address.split(':')[1]), noDelay: true })
  const reader = httpReader({ maxBytes: 100_000 })
  const messages: HttpMessage[] = []
  let changed: () => void = () => undefined
  let isEnded = false
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    for (let message = reader.push(piece); message !== undefined; message = reader.push(Buffer.alloc(0))) messages.push(message)
    changed()
  })
  socket.on('close', () => {
    isEnded = true
    changed()
  })
  return {
    socket,
    messages,
    async send(hex: string) {
      const bytes = Buffer.from(hex, 'hex')
      for (let at = 0; at < bytes.length; at += size) await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve))
    },
    async until(count: number) {
      while (messages.length < count && !isEnded) await new Promise<void>((resolve) => (changed = resolve))
    },
    async ended() {
      while (!isEnded) await new Promise<void>((resolve) => (changed = resolve))
    },
  }
}

function parsed(bytes: string): HttpMessage {
  return httpReader({ maxBytes: 100_000 }).push(Buffer.from(bytes, 'hex')) as HttpMessage
}

function compare(name: string, ours: HttpMessage, theirs: HttpMessage): void {
  assert.match(ours.startLine, /^HTTP\/1\.1 200 /)
  assert.equal(ours.header['content-type'], theirs.header['content-type'])
  assert.equal(ours.header['micro-stream'], theirs.header['micro-stream'])
  const error = theirs.header['micro-error']
  assert.equal(ours.header['micro-error'] === undefined, error === undefined, ours.header['micro-error'])
  if (error === 'EOS') assert.equal(ours.header['micro-error'], 'EOS')
  if (name in otherAnswers) return
  if (error?.startsWith('{') === true) {
    const { micro, ...rest } = JSON.parse(ours.header['micro-error'] as string) as GoError & { micro: object }
    assert.ok(micro)
    assert.deepEqual(rest, JSON.parse(error))
  }
  if (error !== undefined) assert.equal(ours.body.length, 0)
  else assert.deepEqual(JSON.parse(Buffer.from(ours.body).toString()), JSON.parse(Buffer.from(theirs.body).toString()))
}

for (const { name, packets = [] } of vectors) {
  test(`serve() answers the recorded stream as Go's server did: ${name}`, async () => {
    for (const size of [1, 7, 64, 100_000]) {
      const { socket, messages, send, until, ended } = client(size)
      const answers = packets
        .filter((packet) => packet.from === 'server' && packet.kind === 'response')
        .map((packet) => parsed(packet.bytes))
      let expected = 0
      for (const packet of packets) {
        if (packet.from === 'server' && packet.kind === 'response') await until(++expected)
        if (packet.from === 'client' && packet.kind === 'request') await send(packet.bytes)
        if (packet.from === 'client' && packet.kind === 'close') socket.end()
      }
      await ended()

      // The recorded client was gone before the answer to its last word; whether ours is in time for it is chance.
      if (name === 'client-sends-only') continue
      assert.equal(messages.length, answers.length, `pieces of ${size}`)
      for (const [index, answer] of answers.entries()) compare(name, messages[index] as HttpMessage, answer)
    }
  })
}

test('all streams are over, and the one without an answer was read to its end', async () => {
  assert.equal(vectors.length, 14)
  while (server.pending > 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(sums, [3, 3, 3, 3])
  assert.match(server.metrics(), /micro_calls_in_flight 0\n/)
})

const message = (endpoint: string, body: string, more = '') =>
  Buffer.from(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nMicro-Endpoint: ${endpoint}\r\nMicro-Stream: 1\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`,
  ).toString('hex')

test('an endpoint that takes one value gets the first message after the opening one', async () => {
  const { messages, send, until, ended } = client(1000)

  await send(message('Chat.Generated', '{}'))
  await send(message('Chat.Generated', '{"name":"x"}'))
  await until(4)
  await send(message('Chat.Generated', '', 'Micro-Error: EOS\r\n'))
  await ended()

  assert.deepEqual(
    messages.map((one) => Buffer.from(one.body).toString()),
    ['{"msg":"0 x"}', '{"msg":"1 x"}', '{"msg":"2 x"}', ''],
  )
})

test('close() ends a stream with why, and the port', async () => {
  const other = httpTransport()
  const closing = await serve({ service: 'greeter', endpoints, transport: other, address: '127.0.0.1:0' })
  const before = server
  server = closing
  const { messages, send, until, ended } = client(1000)
  server = before
  await send(message('Chat.Echo', '{}'))
  await send(message('Chat.Echo', '{"name":"a"}'))
  await until(1)

  await closing.close()
  await ended()

  const { micro } = JSON.parse(messages[1]?.header['micro-error'] ?? '{}') as { micro: { reason: string } }
  assert.equal(micro.reason, 'SERVER_CLOSED')
  await other.close()
})
