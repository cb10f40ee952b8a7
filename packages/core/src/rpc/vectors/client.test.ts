// Our client understands what go-micro v4.11's server answered, as recorded in tests/vectors/go-micro-4.11/rpc-unary.json.
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { MicroError } from '../../base/index.js'
import { bytesCodec } from '../../codec/bytes.js'
import type { Codec } from '../../codec/codec.js'
import { jsonCodec } from '../../codec/json.js'
import { memoryRegistry } from '../../registry/memory.js'
import { roundRobinSelector } from '../../selector/round-robin.js'
import { testClock } from '../../testing/index.js'
import { httpReader, type HttpMessage } from '../../transport/http-message.js'
import { httpTransport } from '../../transport/http.js'
import { rpcClient, type CallOptions } from '../client.js'
import { codeOf } from '../status.js'
import { recordedVectors, requestIn, until, type Asked, type GoCall, type GoError, type Vector } from './recorded.js'

const vectors = recordedVectors()
const okMessage = Uint8Array.of(0x0a, 2, 0x6f, 0x6b)

/** Errors of our client that are different on purpose: the reason that the call fails with, why, and in which vectors. */
const otherClientErrors: readonly { readonly reason: string; readonly why: string; readonly names: readonly string[] }[] = [
  {
    reason: 'ENDPOINT_NOT_FOUND',
    why: "the text of Go's router is recognised, and gets our code",
    names: [
      'unknown-handler',
      'unknown-method',
      'ill-formed-endpoint',
      'ill-formed-endpoint-three-parts',
      'protobuf-error',
      'minimal-unknown-method',
    ],
  },
  { reason: 'SERVICE_NOT_FOUND', why: 'Go says 500', names: ['unknown-service'] },
  {
    reason: 'REPLY_NOT_READABLE',
    why: 'Go reads the plain text as JSON, and fails on its first letter',
    names: ['unsupported-content-type', 'minimal-charset'],
  },
  {
    reason: 'DEADLINE_EXCEEDED',
    why: 'there is one deadline: the call ends with it, so does the connection, and nothing is tried again',
    names: ['timeout-connection', 'timeout-default', 'timeout-retry', 'timeout-context'],
  },
]
const otherClientReason = (name: string) => otherClientErrors.find(({ names }) => names.includes(name))?.reason

/** What our client has no way to ask for. */
const notAsked: Readonly<Record<string, string>> = {
  'unsupported-content-type-client': 'a codec whose content type has a parameter does not pass the codec suite',
  'minimal-json-rpc': 'it always names the endpoint in a header',
  'minimal-event': 'events go through the broker',
  'minimal-event-error': 'events go through the broker',
}

/** Numbers that are the same in every run (Lehmer's generator): a failure names its seed. */
function seeded(seed: number): () => number {
  let state = seed + 1
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** Answers each request with the next recorded answer, in pieces of random sizes. */
async function fakeGo(answers: readonly string[], random: () => number) {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const listening = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let read = Buffer.alloc(0)
    socket.on('data', (piece: Buffer) => {
      read = Buffer.concat([read, piece])
      const request = requestIn(read)
      if (request === undefined) return
      read = Buffer.alloc(0)
      const answer = answers[asked.length]
      asked.push(request)
      if (answer !== undefined) void trickle(socket, Buffer.from(answer, 'hex'), random)
    })
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as { port: number }
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => listening.close(() => resolve()))
  }
  return { address: `127.0.0.1:${port}`, asked, sockets, close }
}

async function trickle(socket: Socket, bytes: Buffer, random: () => number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const size = random() < 0.5 ? 1 : 1 + Math.floor(random() * 200)
    socket.write(bytes.subarray(at, at + size))
    at += size
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A recorded answer. */
function parsed(bytes: string): HttpMessage {
  const reader = httpReader({ maxBytes: 100_000 })
  return reader.push(Buffer.from(bytes, 'hex')) ?? (reader.end() as HttpMessage)
}

/** What to ask: as Go's API was asked, or read off the recorded request of another client. */
function callsOf(vector: Vector): readonly GoCall[] {
  if (vector.calls !== undefined) return vector.calls
  const packets = vector.packets ?? []
  const requests = packets
    .filter((packet) => packet.kind === 'request')
    .map((packet) => requestIn(Buffer.from(packet.bytes, 'hex')) as Asked)
  const answers = packets.filter((packet) => packet.kind === 'response').map((packet) => parsed(packet.bytes))
  return requests.map(({ header }, index) => {
    const { header: answer, body } = answers[index] as HttpMessage
    const endpoint = header['micro-endpoint'] ?? header['micro-method'] ?? header['x-micro-endpoint'] ?? ''
    const call = { service: 'greeter', endpoint, contentType: 'application/json', body: {} }
    const error = answer['micro-error']
    if (error === undefined) return { call, responseText: Buffer.from(body).toString() }
    return { call, error: { parsed: error.startsWith('{') ? (JSON.parse(error) as GoError) : { detail: error } } }
  })
}

const codecs: Readonly<Record<string, Codec>> = {
  'application/json': jsonCodec(),
  'application/json; charset=utf-8': jsonCodec(),
  'application/octet-stream': bytesCodec(),
  'application/protobuf': bytesCodec({ name: 'protobuf', contentTypes: ['application/protobuf'] }),
}

function inputOf({ call }: GoCall): unknown {
  if (call.bodyBytes !== undefined && call.contentType !== 'application/json') return Buffer.from(call.bodyBytes, 'hex')
  if (call.bodyBytes !== undefined) return JSON.parse(Buffer.from(call.bodyBytes, 'hex').toString()) as unknown
  if (call.body === null) return undefined
  const { service } = call.body as { service?: string }
  if (call.contentType !== 'application/protobuf') return call.body
  return service === undefined ? undefined : Buffer.concat([Uint8Array.of(0x0a, service.length), Buffer.from(service)])
}

function compareOutput(output: unknown, { call, responseText, responseBytes }: GoCall): void {
  if (output instanceof Uint8Array) {
    const wanted = call.contentType === 'application/protobuf' ? okMessage : Buffer.from(responseBytes as string, 'hex')
    assert.deepEqual([...output], [...wanted])
    return
  }
  assert.deepEqual(output, JSON.parse(responseText ?? Buffer.from(responseBytes as string, 'hex').toString()))
}

function compareErrors(error: unknown, name: string, goError: GoError): void {
  assert.ok(MicroError.is(error), String(error))
  const otherReason = otherClientReason(name)
  if (otherReason !== undefined) {
    assert.equal(error.reason, otherReason)
    return
  }
  const { id, code, detail, status } = goError
  assert.equal(error.reason, 'REMOTE_ERROR')
  assert.equal(error.code, code === undefined ? 'unknown' : codeOf(code))
  assert.equal(error.message, detail)
  assert.deepEqual(JSON.parse(JSON.stringify(error.details?.['goMicro'])), JSON.parse(JSON.stringify({ id, code, detail, status })))
}

function compareRequests(ours: Asked, theirs: Asked, { call }: GoCall): void {
  for (const name of ['content-type', 'accept', 'micro-service', 'micro-endpoint']) {
    // Which our client would only send with a codec that the codec suite refuses.
    if (call.contentType !== 'application/json; charset=utf-8') assert.equal(ours.header[name], theirs.header[name], name)
  }
  for (const [name, value] of Object.entries(call.metadata ?? {})) assert.equal(ours.header[name.toLowerCase()], value)
  const isJson = call.contentType.includes('json') && theirs.body.length > 0
  const bodyOf = ({ body }: Asked) => (isJson ? withoutId(JSON.parse(body.toString()) as unknown) : body.toString('hex'))
  assert.deepEqual(bodyOf(ours), bodyOf(theirs))
}

function withoutId(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? { ...body, id: 0 } : body
}

for (const [seed, vector] of vectors.entries()) {
  const { name, packets = [] } = vector
  if (notAsked[name] !== undefined) continue
  test(`rpcClient() makes of the recorded answer what Go's client made of it: ${name} (seed ${seed})`, async () => {
    const answers = packets.filter((packet) => packet.kind === 'response').map((packet) => packet.bytes)
    const requests = packets
      .filter((packet) => packet.kind === 'request')
      .map((packet) => requestIn(Buffer.from(packet.bytes, 'hex')) as Asked)
    const go = await fakeGo(answers, seeded(seed))
    const clock = testClock()
    const transport = httpTransport({ clock })
    const registry = memoryRegistry({ clock })
    const metadata: Record<string, string> = name.startsWith('legacy') ? {} : { protocol: 'mucp', server: 'mucp', transport: 'http' }
    const node = { id: 'greeter-node1', address: go.address, metadata }
    if (name !== 'unknown-service')
      await registry.register({ name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] })
    const calls = callsOf(vector)
    const [first] = calls as [GoCall]
    const client = rpcClient({ registry, selector: roundRobinSelector(), transport, clock, codec: codecs[first.call.contentType] as Codec })

    try {
      for (const [index, one] of calls.entries()) {
        const { call } = one
        const timeoutMs = call.contextTimeoutMs ?? call.connectionTimeoutMs ?? 5000
        const options: CallOptions = {
          timeoutMs,
          metadata: call.metadata ?? {},
          ...(call.address === undefined ? {} : { address: go.address }),
        }
        const outcome = client.call(call.service, call.endpoint, inputOf(one), options).then(
          (output) => ({ output }),
          (error: unknown) => ({ error }),
        )
        if (name.startsWith('timeout')) {
          await until(() => go.asked.length > index)
          await clock.advance(timeoutMs)
        }
        const result = await outcome
        const isFailure = one.error !== undefined || otherClientReason(name) !== undefined
        if ('output' in result) {
          assert.ok(!isFailure, 'succeeded, and was to fail')
          compareOutput(result.output, one)
        } else compareErrors(result.error, name, one.error?.parsed ?? { detail: '' })
        const theirs = requests[index]
        if (theirs !== undefined && vector.calls !== undefined) compareRequests(go.asked[index] as Asked, theirs, one)
      }
      // Giving up ends the connection, which tells a Go server that nobody waits.
      if (name.startsWith('timeout')) await until(() => go.sockets.size === 0)
    } finally {
      await client.close()
      await transport.close()
      await registry.close()
      await go.close()
    }
  })
}

test('every difference names a vector', () => {
  const names = new Set(vectors.map((vector) => vector.name))

  const different = [...Object.keys(notAsked), ...otherClientErrors.flatMap((one) => one.names)]

  for (const name of different) assert.ok(names.has(name), name)
})
