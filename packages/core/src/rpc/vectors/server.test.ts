// Our server answers what go-micro v4.11's client sent, as recorded in tests/vectors/go-micro-4.11/rpc-unary.json.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { MicroError, type StandardSchemaV1 } from '../../base/index.js'
import { httpReader, type HttpMessage } from '../../transport/http-message.js'
import { httpTransport } from '../../transport/http.js'
import type { Call } from '../call.js'
import type { Endpoint } from '../endpoint.js'
import { serve, type RpcServer } from '../server.js'
import { recordedVectors, until, type GoError, type Vector } from './recorded.js'

const vectors = recordedVectors()

const ownNames = "Go's router answers in plain text; ours has a code, a reason and the nearest names"
const ownWords = 'the reader is another one, so its words are; ours add a code, a reason and the place'
const keptSecret = 'a thrown thing that is no MicroError stays on the server: its text may hold secrets, so the caller gets INTERNAL'

/** Errors of our server that are different on purpose, with what they are instead of go-micro's. */
const otherServerErrors: Readonly<Record<string, { readonly code: number; readonly reason: string; readonly why: string }>> = {
  'error-plain': { code: 500, reason: 'INTERNAL', why: keptSecret },
  'error-newline': { code: 500, reason: 'INTERNAL', why: keptSecret },
  'error-then-success': { code: 500, reason: 'INTERNAL', why: keptSecret },
  'unknown-handler': { code: 501, reason: 'ENDPOINT_NOT_FOUND', why: ownNames },
  'unknown-method': { code: 501, reason: 'ENDPOINT_NOT_FOUND', why: ownNames },
  'ill-formed-endpoint': { code: 501, reason: 'ENDPOINT_NOT_FOUND', why: ownNames },
  'ill-formed-endpoint-three-parts': { code: 501, reason: 'ENDPOINT_NOT_FOUND', why: ownNames },
  'protobuf-error': { code: 501, reason: 'ENDPOINT_NOT_FOUND', why: ownNames },
  'minimal-unknown-method': { code: 501, reason: 'ENDPOINT_NOT_FOUND', why: ownNames },
  'request-body-not-matching': { code: 400, reason: 'SCHEMA_MISMATCH', why: ownWords },
  'minimal-bad-json': { code: 400, reason: 'NOT_DECODABLE', why: ownWords },
  'minimal-no-content-type': { code: 400, reason: 'SCHEMA_MISMATCH', why: ownWords },
  'minimal-deadline': {
    code: 408,
    reason: 'DEADLINE_EXCEEDED',
    why: 'the server itself answers when the deadline passes; it does not rely on the handler',
  },
  'unsupported-content-type': {
    code: 400,
    reason: 'CONTENT_TYPE_UNSUPPORTED',
    why: 'Go answers status 200, text/plain and no error, which its own client then reads as JSON',
  },
  'minimal-charset': {
    code: 400,
    reason: 'CONTENT_TYPE_UNSUPPORTED',
    why: 'Go answers status 200, text/plain and no error, which its own client then reads as JSON',
  },
}

/**
 * What of an answer is not compared, and why. All else is: the status, the body (by value where it is JSON), the content type, and `id`, `code`, `detail`,
 * `status` of `Micro-Error`.
 */
const notCompared = {
  'echoed headers': "Go copies the headers of the connection's first request into every answer; nobody reads them",
  'X-Micro-Error, X-Micro-Id': 'second copies of the same',
  'Micro-Id': "ours is the one of its own request, Go's the one of the first request on the connection",
  'line break after JSON': 'white space; ours writes none',
  'the key "micro" of Micro-Error': 'what ours adds, and Go passes over',
} as const

/** Metadata that a handler of ours does not see: it stands in other fields of the call, or belongs to the connection. */
const notMetadata = new Set(['Content-Length', 'Timeout', 'Micro-Endpoint', 'Micro-Method', 'Micro-Service', 'Micro-Id'])

const person: StandardSchemaV1<unknown, { readonly name: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      if (typeof value !== 'object' || value === null || value instanceof Uint8Array)
        return { issues: [{ message: 'an object is wanted' }] }
      const { name = '' } = value as { name?: unknown }
      return typeof name === 'string' ? { value: { name } } : { issues: [{ message: 'a string is wanted', path: ['name'] }] }
    },
  },
}
const goTypes = JSON.parse(vectors.find((one) => one.name === 'json-empty-object')?.calls?.[0]?.responseText as string) as unknown
const okMessage = Uint8Array.of(0x0a, 2, 0x6f, 0x6b)

function failing(name: string): Error {
  if (name === 'notfound') return new MicroError('not_found', 'no such person: bob', { reason: 'PERSON_NOT_FOUND' })
  if (name === 'utf8') return new MicroError('invalid_argument', 'bad näme <bob> & ☃ 😀', { reason: 'NAME_INVALID' })
  if (name === 'conflict') return new MicroError('already_exists', 'already there', { reason: 'PERSON_EXISTS' })
  if (name === 'internal') return new MicroError('internal', 'it broke', { reason: 'BROKEN' })
  const fromGo = { id: 'greeter.Say.Fail', code: 799, detail: 'own code' }
  if (name === 'code') return new MicroError('unknown', 'own code', { reason: 'REMOTE_ERROR', details: { goMicro: fromGo } })
  return new Error(name)
}

function titleCased(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}

function waiting(call: Call): Promise<never> {
  return new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(new Error('gave up'))))
}

const endpoints: readonly Endpoint[] = [
  { name: 'Say.Hello', input: person, handle: (input) => ({ msg: `hi ${(input as { name: string }).name}` }) },
  {
    name: 'Say.Fail',
    handle(input) {
      throw failing((input as { name: string }).name)
    },
  },
  {
    name: 'Say.Meta',
    handle(input, call) {
      const all = new Map(Object.entries(call.metadata).map(([name, value]) => [titleCased(name), value]))
      const { keys } = input as { keys: string[] }
      return { values: Object.fromEntries(keys.filter((key) => all.has(key)).map((key) => [key, all.get(key)])) }
    },
  },
  { name: 'Say.Slow', handle: (_, call) => waiting(call) },
  { name: 'Say.Deadline', handle: (_, call) => waiting(call) },
  { name: 'Say.Types', handle: () => goTypes },
  { name: 'Raw.Echo', handle: (input) => Buffer.concat([Buffer.from('echo:'), input as Uint8Array]) },
  {
    name: 'Debug.Health',
    handle: (_, call) => (/proto/.test(call.metadata['content-type'] ?? '') ? okMessage : { status: 'ok' }),
  },
]

const serverTransport = httpTransport()
let server: RpcServer

before(async () => {
  server = await serve({
    service: 'greeter',
    endpoints,
    transport: serverTransport,
    address: '127.0.0.1:0',
    events({ topic, input }) {
      assert.equal(topic, 'people.created')
      if ((input() as { name: string }).name === 'bad') throw new MicroError('internal', 'event refused', { reason: 'REFUSED' })
    },
  })
})
after(async () => {
  await server.close()
  await serverTransport.close()
})

/** A recorded answer. */
function parsed(bytes: string): HttpMessage {
  const reader = httpReader({ maxBytes: 100_000 })
  return reader.push(Buffer.from(bytes, 'hex')) ?? (reader.end() as HttpMessage)
}

function comparableBody(message: HttpMessage): unknown {
  const contentType = message.header['content-type'] ?? ''
  if (message.body.length === 0 || !contentType.includes('json')) return Buffer.from(message.body).toString('hex')
  return JSON.parse(Buffer.from(message.body).toString()) as unknown
}

function withoutUnseen(body: unknown): unknown {
  const { values } = (body ?? {}) as { values?: Record<string, string> }
  if (values === undefined) return body
  return { values: Object.fromEntries(Object.entries(values).filter(([name]) => !notMetadata.has(name))) }
}

function compareAnswers(name: string, ours: HttpMessage, theirs: HttpMessage): void {
  assert.match(ours.startLine, /^HTTP\/1\.1 200 /)
  const other = otherServerErrors[name]
  const isOther = other !== undefined && (theirs.header['micro-error'] !== undefined || theirs.header['content-type'] === 'text/plain')
  if (isOther) {
    const { code, micro } = JSON.parse(ours.header['micro-error'] as string) as { code: number; micro: { reason: string } }
    assert.deepEqual({ code, reason: micro.reason }, { code: other.code, reason: other.reason })
    return
  }
  assert.equal(ours.header['content-type'], theirs.header['content-type'])
  assert.equal(ours.header['micro-error'] === undefined, theirs.header['micro-error'] === undefined, ours.header['micro-error'])
  if (ours.header['micro-error'] !== undefined) {
    const { micro, ...rest } = JSON.parse(ours.header['micro-error']) as GoError & { micro: object }
    assert.ok(micro)
    assert.deepEqual(rest, JSON.parse(theirs.header['micro-error'] as string))
    const isEnvelope = ours.header['content-type'] === 'application/json-rpc'
    if (isEnvelope) assert.equal((comparableBody(ours) as { error: string }).error, ours.header['micro-error'])
    else assert.equal(ours.body.length, 0)
    return
  }
  assert.deepEqual(withoutUnseen(comparableBody(ours)), withoutUnseen(comparableBody(theirs)))
}

/** A connection as the recorded client had it, which writes in pieces of `size` bytes. */
function rawClient(size: number): { readonly socket: Socket; ask(bytes: string): Promise<HttpMessage> } {
  const socket = connect({ host: '127.0.0.1', port: Number(server.address.split(':')[1]), noDelay: true })
  const reader = httpReader({ maxBytes: 100_000 })
  let answered: (message: HttpMessage) => void = () => undefined
  socket.on('data', (piece: Buffer) => {
    const message = reader.push(piece)
    if (message !== undefined) answered(message)
  })
  return {
    socket,
    ask: (bytes) =>
      new Promise((resolve) => {
        answered = resolve
        const whole = Buffer.from(bytes, 'hex')
        const writeFrom = (at: number) => {
          if (at < whole.length) socket.write(whole.subarray(at, at + size), () => writeFrom(at + size))
        }
        writeFrom(0)
      }),
  }
}

for (const { name, packets = [] } of vectors) {
  if (packets.length === 0) continue
  test(`serve() answers the recorded client as Go's server did: ${name}`, async () => {
    for (const size of [100_000, 1, 17]) await replay(name, packets, size)
  })
}

async function replay(name: string, packets: NonNullable<Vector['packets']>, size: number): Promise<void> {
  const clients = new Map<number, ReturnType<typeof rawClient>>()
  for (const [index, packet] of packets.entries()) {
    if (packet.from !== 'client' || packet.kind !== 'request') continue
    const client = clients.get(packet.connection) ?? rawClient(size)
    clients.set(packet.connection, client)
    const theirs = packets
      .slice(index)
      .find((one) => one.connection === packet.connection && one.from === 'server' && one.kind === 'response')
    if (theirs === undefined) await hangUp(client, packet.bytes)
    else compareAnswers(name, await client.ask(packet.bytes), parsed(theirs.bytes))
  }
  const last = packets.at(-1)
  const isServersEnd = packets.find((one) => one.kind === 'close')?.from === 'server'
  if (isServersEnd) await ended((clients.get(last?.connection ?? 0) as ReturnType<typeof rawClient>).socket)
  for (const { socket } of clients.values()) socket.destroy()
}

// Go's client gives up and hangs up; the work must end with it.
async function hangUp(client: ReturnType<typeof rawClient>, bytes: string): Promise<void> {
  void client.ask(bytes)
  await until(() => server.pending === 1)
  client.socket.end()
  const startMs = performance.now()
  await until(() => server.pending === 0)
  assert.ok(performance.now() - startMs < 1000)
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readableEnded) resolve()
    else socket.once('end', resolve)
  })
}

test('the vectors are all there, and every difference names one of them', () => {
  const names = new Set(vectors.map((vector) => vector.name))

  assert.equal(vectors.length, 62)
  for (const name of Object.keys(otherServerErrors)) assert.ok(names.has(name), name)
  assert.ok(Object.values(notCompared).every((why) => why.length > 0))
})
