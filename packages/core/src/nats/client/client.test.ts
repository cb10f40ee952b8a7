import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { MicroError } from '../../base/index.js'
import { testClock } from '../../testing/clock.js'
import type { NatsClientOptions } from './client-options.js'
import { natsClient } from './client.js'
import type { NatsClient, NatsClientState } from '../nats.js'
import type { NatsServerOptions } from '../server/options.js'
import { natsServer } from '../server/server.js'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const bytes = (text: string) => Buffer.from(text)

async function server(t: TestContext, options: NatsServerOptions = {}) {
  const started = await natsServer(options)
  t.after(() => started.close())
  return started
}

async function client(t: TestContext, servers: string, options: Partial<NatsClientOptions> = {}) {
  const opened = await natsClient({ servers, reconnectBaseMs: 5, reconnectCapMs: 20, ...options })
  t.after(() => opened.close())
  return opened
}

/** A client whose states can be waited for. */
async function watchedClient(t: TestContext, servers: string, options: Partial<NatsClientOptions> = {}) {
  const seen: { state: NatsClientState; error: Error | undefined }[] = []
  let wake: () => void = () => undefined
  const watched = await client(t, servers, {
    onState(state, error) {
      seen.push({ state, error })
      wake()
    },
    ...options,
  })
  const until = async (state: NatsClientState) => {
    for (;;) {
      const found = seen.findIndex((each) => each.state === state)
      if (found !== -1) return seen.splice(0, found + 1)[found]?.error
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return { watched, until }
}

/** A server that says what a test wants; `onText` gets what a client sends. */
async function scripted(t: TestContext, onText: (text: string, socket: Socket) => void, hello?: string) {
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => onText(chunk.toString('latin1'), socket))
    const { port } = listener.address() as AddressInfo
    const info = { server_id: 'x', server_name: 'x', version: '2.9.10', proto: 1, host: 'x', port, headers: true, max_payload: 1024 }
    socket.write(hello ?? `INFO ${JSON.stringify(info)}\r\n`)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

const rejectsWith = (work: Promise<unknown>, code: string, reason: string) =>
  assert.rejects(work, (error) => {
    assert.ok(MicroError.is(error), String(error))
    assert.equal(error.code, code)
    assert.equal(error.reason, reason)
    return true
  })

test('publish() reaches subscribers with subject, reply, headers and payload', async (t) => {
  const { url } = await server(t)
  const [one, two] = [await client(t, url), await client(t, url)]
  const got: string[] = []
  two.subscribe('orders.*', (m) =>
    got.push(`${m.subject} ${m.reply ?? '-'} ${m.headers === undefined ? '-' : m.headers.length} ${text(m.payload)}`),
  )
  two.subscribe('grüße.*', (m) => got.push(`${m.subject} ${text(m.payload)}`))
  await two.flush()

  one.publish('orders.placed', bytes('plain'))
  one.publish('orders.paid', bytes('reply'), { reply: '_INBOX.1' })
  one.publish('orders.sent', bytes('both'), { reply: '_INBOX.2', headers: bytes('NATS/1.0\r\na: ü\r\n\r\n') })
  one.publish('orders.done', new Uint8Array(0))
  one.publish('grüße.ö', bytes('ä'))
  await one.flush()
  await two.flush()

  assert.deepEqual(got, [
    'orders.placed - - plain',
    'orders.paid _INBOX.1 - reply',
    'orders.sent _INBOX.2 19 both',
    'orders.done - - ',
    'grüße.ö ä',
  ])
})

test('publish() sends what is published in one tick in one write', async (t) => {
  const received: string[] = []
  const url = await scripted(t, (text, socket) => {
    received.push(text)
    if (text.includes('PING\r\n')) socket.write('PONG\r\n')
  })
  const one = await client(t, url)
  received.length = 0

  for (let count = 0; count < 100; count++) one.publish('a', bytes(String(count)))
  await one.flush()

  assert.equal(received.length, 1)
  assert.equal(received[0]?.match(/PUB a /g)?.length, 100)
})

test('publish() and subscribe() refuse what the protocol cannot carry', async (t) => {
  const one = await client(t, (await server(t, { maxPayloadBytes: 1000 })).url)
  const refused = (work: () => unknown, reason: string) => assert.throws(work, { reason })

  for (const subject of ['', 'a b', 'a..b', 'a.*', '>', 'a\r\nPUB b 0']) refused(() => one.publish(subject, bytes('')), 'SUBJECT_INVALID')
  refused(() => one.publish('a', bytes(''), { reply: 'b c' }), 'SUBJECT_INVALID')
  for (const subject of ['', 'a b', 'a..b', 'a.>.b']) refused(() => one.subscribe(subject, () => undefined), 'SUBJECT_INVALID')
  refused(() => one.subscribe('a', () => undefined, { queue: 'b c' }), 'SUBJECT_INVALID')
  refused(() => one.publish('a', new Uint8Array(1001)), 'MESSAGE_TOO_LARGE')
  one.publish('a', new Uint8Array(1000))
  await one.flush()
})

test('subscribe() with a queue shares, with max ends by itself, and unsubscribe() ends at once', async (t) => {
  const running = await server(t)
  const [one, two] = [await client(t, running.url), await client(t, running.url)]
  const counts = { one: 0, two: 0, max: 0, ended: 0 }
  one.subscribe('work', () => counts.one++, { queue: 'group' })
  two.subscribe('work', () => counts.two++, { queue: 'group' })
  two.subscribe('work', () => counts.max++, { max: 3 })
  const ended = two.subscribe('work', () => counts.ended++)
  ended.unsubscribe()
  ended.unsubscribe()
  await Promise.all([one.flush(), two.flush()])

  for (let count = 0; count < 1000; count++) one.publish('work', bytes('x'))
  await one.flush()
  await two.flush()

  assert.equal(counts.one + counts.two, 1000)
  assert.ok(counts.one > 300 && counts.two > 300, `${counts.one} and ${counts.two}`)
  assert.equal(counts.max, 3)
  assert.equal(counts.ended, 0)
  assert.equal(running.stats.subscriptions, 2)
})

test('a listener that throws is told to onError and disturbs nobody', async (t) => {
  const errors: unknown[] = []
  const one = await client(t, (await server(t)).url, { onError: (error) => errors.push(error) })
  let count = 0
  const failure = new Error('listener')
  one.subscribe('a', () => {
    throw failure
  })
  one.subscribe('a', () => count++)

  one.publish('a', bytes('1'))
  one.publish('a', bytes('2'))
  await one.flush()

  assert.equal(count, 2)
  assert.deepEqual(errors, [failure, failure])
})

test('natsClient() connects again: subscriptions are back, and what was published meanwhile arrives', async (t) => {
  const first = await natsServer()
  const { watched: one, until } = await watchedClient(t, first.url)
  const got: string[] = []
  one.subscribe('a.*', (m) => got.push(text(m.payload)), { queue: 'group' })
  one.subscribe('a.x', (m) => got.push(text(m.payload)), { max: 3 })
  one.publish('a.x', bytes('before'))
  await one.flush()
  assert.deepEqual(got.splice(0), ['before', 'before'])

  await first.close()
  const lost = await until('reconnecting')
  assert.ok(MicroError.is(lost))
  assert.equal(lost.reason, 'NATS_CONNECTION_LOST')
  for (let count = 0; count < 3; count++) one.publish('a.x', bytes(`meanwhile ${count}`))
  const flushed = one.flush()
  const late = one.subscribe('late', (m) => got.push(`late ${text(m.payload)}`))
  one.publish('late', bytes('1'))
  const second = await server(t, { port: first.port })
  await until('connected')
  await flushed
  await one.flush()

  assert.deepEqual(got, ['meanwhile 0', 'meanwhile 0', 'meanwhile 1', 'meanwhile 1', 'meanwhile 2', 'late 1'])
  assert.equal(second.stats.subscriptions, 2, 'the one with a maximum has had its three')
  late.unsubscribe()
})

test('natsClient() connects again again and again, and flush() never answers early', async (t) => {
  let running = await natsServer()
  const { port, url } = running
  const { watched: one, until } = await watchedClient(t, url)
  let got = 0
  one.subscribe('a', () => got++)

  for (let round = 1; round <= 5; round++) {
    const stopping = running.close()
    await until('reconnecting')
    one.publish('a', bytes('x'))
    const flushes = [one.flush(), one.flush()]
    await stopping
    running = await natsServer({ port })
    await Promise.all(flushes)
    assert.equal(got, round)
    await until('connected')
  }
  await running.close()
})

test('publish() while the server is away is refused when the buffer is full', async (t) => {
  const first = await natsServer()
  const { watched: one, until } = await watchedClient(t, first.url, { maxBufferedBytes: 10_000 })
  let got = 0
  one.subscribe('a', () => got++)
  await one.flush()
  await first.close()
  await until('reconnecting')

  let accepted = 0
  assert.throws(
    () => {
      for (; accepted < 1000; accepted++) one.publish('a', new Uint8Array(500))
    },
    { code: 'resource_exhausted', reason: 'PUBLISH_BUFFER_FULL' },
  )
  await server(t, { port: first.port })
  await one.flush()

  assert.ok(accepted >= 15 && accepted < 20, String(accepted))
  assert.equal(got, accepted)
})

test('natsClient() takes the next of its servers when one is gone', async (t) => {
  const first = await natsServer()
  const second = await server(t)
  const { watched: one, until } = await watchedClient(t, `${first.url}, ${second.url}`)
  assert.equal(one.url, first.url)

  await first.close()
  await until('connected')

  assert.equal(one.url, second.url)
})

test('natsClient() rejects when nobody answers, when what answers is no NATS server, and when it is not let in', async (t) => {
  const gone = await natsServer()
  await gone.close()
  await rejectsWith(natsClient({ servers: gone.url }), 'unavailable', 'NATS_UNREACHABLE')
  const web = await scripted(t, () => undefined, 'HTTP/1.1 400 Bad Request\r\n\r\n')
  await rejectsWith(natsClient({ servers: web }), 'unavailable', 'NATS_UNREACHABLE')
  const closed = await server(t, { users: [{ user: 'ann', password: 'a:b@c' }] })
  await rejectsWith(natsClient({ servers: closed.url }), 'unauthenticated', 'NATS_AUTHORIZATION')
  await rejectsWith(natsClient({ servers: closed.url.replace('//', '//ann:x@') }), 'unauthenticated', 'NATS_AUTHORIZATION')
  for (const servers of ['', 'nats://', 'http://127.0.0.1:1', 'nats://a:b:c'])
    await rejectsWith(natsClient({ servers }), 'invalid_argument', 'ADDRESS_INVALID')

  const letIn = await client(t, closed.url.replace('//', `//ann:${encodeURIComponent('a:b@c')}@`))
  assert.equal(letIn.state, 'connected')
  assert.equal(letIn.url, closed.url, 'without the password')
})

test('natsClient() gives up on a server that accepts and says nothing', async (t) => {
  const clock = testClock()
  const url = await scripted(t, () => undefined, '')
  const attempt = rejectsWith(natsClient({ servers: url, clock, connectTimeoutMs: 1000 }), 'unavailable', 'NATS_UNREACHABLE')

  await clock.advance(1000)

  await attempt
})

test('natsClient() answers the pings of its server', async (t) => {
  let answered: () => void
  const pong = new Promise<void>((resolve) => (answered = resolve))
  const url = await scripted(t, (text, socket) => {
    if (text.startsWith('CONNECT')) socket.write('PONG\r\nPING\r\n')
    else if (text === 'PONG\r\n') answered()
  })

  await client(t, url)

  await pong
})

test('natsClient() notices a connection that only seems to stand', async (t) => {
  const clock = testClock()
  const url = await scripted(t, (text, socket) => void (text.startsWith('CONNECT') && socket.write('PONG\r\n')))
  const { watched: one, until } = await watchedClient(t, url, { clock, pingIntervalMs: 1000 })

  await clock.advance(3000)
  assert.equal(one.state, 'connected')
  await clock.advance(1000)

  const error = await until('reconnecting')
  assert.ok(MicroError.is(error))
  assert.equal(error.reason, 'NATS_SILENT')
})

test('room() makes a publisher wait while the server does not read, and lets it go on', async (t) => {
  let stuck: Socket | undefined
  const url = await scripted(t, (text, socket) => {
    if (!text.startsWith('CONNECT')) return
    socket.write('PONG\r\n')
    socket.pause()
    stuck = socket
  })
  const one = await client(t, url, { maxPendingBytes: 32 * 1024 * 1024 })

  let room: Promise<void> | undefined
  while (room === undefined) {
    for (let count = 0; count < 100; count++) one.publish('a', new Uint8Array(1000))
    await new Promise((resolve) => setImmediate(resolve))
    room = one.room()
  }
  stuck?.resume()

  await room
  assert.equal(one.room(), undefined)
})

test('drain() hands over what is under way, then closes', async (t) => {
  const running = await server(t)
  const [one, two] = [await client(t, running.url), await client(t, running.url)]
  let got = 0
  one.subscribe('a', () => got++)
  await one.flush()
  for (let count = 0; count < 1000; count++) two.publish('a', bytes('x'))
  for (let count = 0; count < 1000; count++) one.publish('a', bytes('x'))
  await two.flush()

  await one.drain()
  await one.drain()

  // What one publishes comes after its own UNSUB or before it; what two published was at the server.
  assert.ok(got >= 1000, String(got))
  assert.equal(one.state, 'closed')
  await one.closed
  await rejectsWith(one.flush(), 'failed_precondition', 'CLOSED')
})

test('drain() says when what was published could not be sent', async (t) => {
  const first = await natsServer()
  const { watched: one, until } = await watchedClient(t, first.url)
  await first.close()
  await until('reconnecting')
  one.publish('a', bytes('x'))

  await rejectsWith(one.drain(20), 'deadline_exceeded', 'DEADLINE_EXCEEDED')

  assert.equal(one.state, 'closed')
})

test('close() ends a client that is connecting again, and rejects what waits', async (t) => {
  const first = await natsServer()
  const { watched: one, until } = await watchedClient(t, first.url)
  await first.close()
  await until('reconnecting')
  const flushed = rejectsWith(one.flush(), 'failed_precondition', 'CLOSED')

  await one.close()
  await one.close()

  await flushed
  for (const work of [() => one.publish('a', bytes('')), () => one.subscribe('a', () => undefined)])
    assert.throws(work, { code: 'failed_precondition', reason: 'CLOSED' })
})

test('a thousand publishers and subscribers at once lose and mix nothing', async (t) => {
  const { url } = await server(t)
  const clients: NatsClient[] = []
  for (let count = 0; count < 10; count++) clients.push(await client(t, url))
  const got = new Map<string, string[]>()
  for (const [index, each] of clients.entries())
    for (let number = 0; number < 20; number++) {
      const subject = `s.${index}.${number}`
      got.set(subject, [])
      each.subscribe(subject, (m) => got.get(m.subject)?.push(text(m.payload)))
    }
  await Promise.all(clients.map((each) => each.flush()))

  const expected = Array.from({ length: 10 * 5 }, (_, index) => `${index % 10}:${Math.floor(index / 10)}`)
  for (let round = 0; round < 5; round++)
    for (const [index, each] of clients.entries()) {
      for (const subject of got.keys()) each.publish(subject, bytes(`${index}:${round}`))
    }
  await Promise.all(clients.map((each) => each.flush()))
  await Promise.all(clients.map((each) => each.flush()))

  for (const [subject, messages] of got) {
    assert.deepEqual([...messages].sort(), [...expected].sort(), subject)
    for (let index = 0; index < 10; index++) {
      const ofOne = messages.filter((message) => message.startsWith(`${index}:`))
      assert.deepEqual(ofOne, [...ofOne].sort(), `${subject}: in order`)
    }
  }
})
