import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { MicroError } from '../../base/index.js'
import { testClock, type TestClock } from '../../testing/index.js'
import { httpTransport, type HttpTransportOptions } from '../http.js'
import { rawClient } from '../raw-socket.fixture.js'
import type { Connection, Listener, ListenOptions, Protocol } from '../transport.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

interface Fixture {
  readonly listener: Listener
  readonly clock: TestClock
  readonly asked: string[]
}

/** A port that echoes frames and bodies; `/slow` is answered at the end of the test. */
async function opened(t: TestContext, options: ListenOptions = {}, transportOptions: HttpTransportOptions = {}): Promise<Fixture> {
  const clock = testClock()
  const transport = httpTransport({ clock, ...transportOptions })
  const asked: string[] = []
  const late: (() => void)[] = []
  const serve = async (connection: Connection) => {
    for (let frame = await connection.receive(); frame !== undefined; frame = await connection.receive()) await connection.send(frame)
  }
  const listener = await transport.listen('127.0.0.1:0', (connection) => void serve(connection).catch(() => undefined), {
    web: (request) => {
      asked.push(`${request.method} ${request.path}`)
      if (request.path === '/slow')
        return new Promise((resolve) => late.push(() => resolve({ status: 503, header: {}, body: new Uint8Array(0) })))
      return Promise.resolve({ status: 200, header: { 'x-length': String(request.body.length) }, body: request.body })
    },
    ...options,
  })
  t.after(() => {
    for (const answer of late) answer()
    return transport.close()
  })
  return { listener, clock, asked }
}

/** Lets the port see how late it is: its look around comes once a second. */
async function pass(clock: TestClock, ms: number): Promise<void> {
  for (let count = 0; count < 5; count++) await turn()
  await clock.advance(1000)
  await clock.advance(ms)
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Is told by `?`, and by what follows: `?a` for the name `a`. */
function marked(name: string, served: (socket: Socket, head: Uint8Array) => void = (socket) => socket.end(name)): Protocol<Socket> {
  return {
    name,
    detect(head) {
      if (head[0] !== 0x3f) return 'no'
      if (head.length === 1) return 'more'
      return String.fromCharCode(head[1] as number) === name ? 'yes' : 'no'
    },
    serve(socket, head) {
      served(socket, head)
      socket.resume()
      return { drain: () => socket.destroySoon() }
    },
  }
}

test('a port gives a connection to the first protocol that says yes, and the rest to HTTP', async (t) => {
  const { listener } = await opened(t, { protocols: [marked('a'), marked('b')] })

  for (const [bytes, answer] of [
    ['?a', 'a'],
    ['?b', 'b'],
    ['?c', 'HTTP/1.1 400'],
    ['GET', ''],
  ] as const) {
    const client = rawClient(listener.address)
    for (const byte of bytes) {
      client.send(byte)
      await turn()
    }
    if (answer !== '') assert.match(await client.until(answer), new RegExp(`^${answer}`))
    else assert.equal(client.text, '')
    client.socket.destroy()
  }
})

test('a port gives a protocol every byte that has come, in order, also those behind what was detected', async (t) => {
  let got = ''
  const taking = marked('a', (socket, head) => {
    got += Buffer.from(head).toString()
    socket.on('data', (piece) => (got += piece.toString()))
  })
  const { listener } = await opened(t, { protocols: [taking] })
  const client = rawClient(listener.address)

  client.send(`?a${'x'.repeat(1000)}`)
  await until(() => got.length >= 1002)
  client.send('end')
  await until(() => got.length >= 1005)

  assert.equal(got, `?a${'x'.repeat(1000)}end`)
  client.socket.destroy()
})

test('a port waits for no more than 64 bytes, however long a protocol would like to', async (t) => {
  const undecided: Protocol<Socket> = { ...marked('a'), detect: () => 'more' }
  const { listener } = await opened(t, { protocols: [undecided] })
  const client = rawClient(listener.address)

  client.send(get)
  await pass(testClock(), 0)
  assert.equal(client.text, '')
  client.send(get)
  client.send(get)

  assert.match(await client.until('HTTP/1.1 200'), /^HTTP\/1\.1 200/)
  client.socket.destroy()
})

test('a connection that says nothing, or not enough, is ended after headMs', async (t) => {
  const { listener, clock } = await opened(t, { protocols: [marked('a')] })
  const [silent, unclear, working] = [rawClient(listener.address), rawClient(listener.address), rawClient(listener.address)]
  unclear.send('?')
  working.send('POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  await until(() => listener.connections?.()['http'] === 1)

  await pass(clock, 8000)
  assert.deepEqual([silent.isEnded, unclear.isEnded], [false, false])
  await clock.advance(3000)

  assert.deepEqual([await silent.ended(), await unclear.ended()], ['', ''])
  assert.equal(working.isEnded, false)
  working.socket.destroy()
})

test('a head that does not come to its end is 408 after headMs, a body after requestMs, and others are not disturbed', async (t) => {
  const { listener, clock } = await opened(t)
  const [head, body, chunks, other] = [
    rawClient(listener.address),
    rawClient(listener.address),
    rawClient(listener.address),
    rawClient(listener.address),
  ]
  head.send('POST / HTTP/1.1\r\nHost: a\r\n')
  body.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx')
  chunks.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab')
  other.send(get)
  await until(() => listener.connections?.()['http'] === 4)

  await pass(clock, 0)
  for (let second = 0; second < 12; second++) {
    // A byte now and then keeps nobody.
    if (!head.isEnded) head.send('X')
    body.send('x')
    await pass(clock, 0)
  }
  assert.match(await head.ended(), /^HTTP\/1\.1 408 [^]*"REQUEST_TIMEOUT"/)
  assert.deepEqual([body.isEnded, chunks.isEnded], [false, false])
  for (let step = 0; step < 30; step++) await pass(clock, 1000)

  assert.match(await body.ended(), /^HTTP\/1\.1 408 /)
  assert.match(await chunks.ended(), /^HTTP\/1\.1 408 /)
  other.send(get)
  assert.match(await other.until('\r\n\r\nHTTP/1.1 200'), /^HTTP\/1\.1 200 OK\r\n[^4]*HTTP\/1\.1 200 OK\r\n/)
  other.socket.destroy()
})

test('a connection between two requests is ended after idleMs, one whose answer is being worked on is not', async (t) => {
  const { listener, clock, asked } = await opened(t)
  const [idle, working] = [rawClient(listener.address), rawClient(listener.address)]
  idle.send(get)
  working.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await idle.until('\r\n\r\n')
  await until(() => asked.length === 2)

  await pass(clock, 110_000)
  assert.equal(idle.isEnded, false)
  await clock.advance(20_000)

  await idle.ended()
  assert.equal(working.isEnded, false)
  working.socket.destroy()
})

test('a client that reads nothing is ended after writeMs, and what it asks meanwhile is not even read', async (t) => {
  const { listener, clock, asked } = await opened(t, {
    web: () => (asked.push('big'), Promise.resolve({ status: 200, header: {}, body: Buffer.alloc(20_000_000) })),
  })
  const client = rawClient(listener.address)
  client.socket.pause()
  client.send(get.repeat(50))
  await until(() => asked.length > 0)

  await pass(clock, 70_000)
  const asks = asked.length
  client.socket.resume()
  await client.ended()

  assert.equal(asks, 1)
  assert.ok(client.text.length < 20_000_000)
})

test('a port speaks HTTP/1.1 as curl, browsers and load balancers do', async (t) => {
  const { listener } = await opened(t, { maxBytes: 10 })
  const exchange = async (text: string, part: string) => {
    const client = rawClient(listener.address)
    client.send(text)
    const all = await client.until(part)
    client.socket.destroy()
    return all
  }

  const expecting = rawClient(listener.address)
  expecting.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
  assert.equal(await expecting.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  expecting.send('ab')
  assert.match(await expecting.until('\r\n\r\nab'), /HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nab$/)
  expecting.socket.destroy()
  assert.match(
    await exchange('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n', '}\n'),
    /^HTTP\/1\.1 413 [^]*FRAME_TOO_LARGE/,
  )
  assert.match(await exchange('POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 2\r\n\r\nab', '}\n'), /^HTTP\/1\.1 417 /)
  assert.match(
    await exchange('HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab', '\r\n\r\n'),
    /content-length: 2\r\n[^]*\r\n\r\n$/,
  )
  assert.match(await exchange('POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab', 'never'), /connection: close\r\n[^]*\r\n\r\nab$/)
  assert.match(
    await exchange('POST / HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab', '\r\n\r\nab'),
    /connection: keep-alive\r\n/,
  )
  assert.match(await exchange('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n', '\r\n\r\n'), /^HTTP\/1\.1 200 /)
  assert.match(
    await exchange('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\nT: 1\r\n\r\n', '\r\n\r\nab'),
    /x-length: 2/,
  )
})

test('pipelined requests are answered in their order, and garbage behind them is 400 once they are', async (t) => {
  const { listener } = await opened(t)
  const client = rawClient(listener.address)
  const post = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const frame = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nMicro-Endpoint: A.B\r\nContent-Length: ${body.length}\r\n\r\n${body}`

  client.send(`${post('one')}${frame('two')}${post('three')}${frame('four')}{"garbage":1}\r\n\r\n${post('never')}`)
  const all = await client.ended()

  assert.deepEqual(
    all
      .split(/HTTP\/1\.1 /)
      .slice(1)
      .map((reply) => `${reply.slice(0, 3)} ${reply.slice(reply.indexOf('\r\n\r\n') + 4, reply.indexOf('\r\n\r\n') + 9)}`),
    ['200 one', '200 two', '200 three', '200 four', '400 {"cod'],
  )
})

test('ten thousand pipelined requests take their turns, and no stack', async (t) => {
  const { listener } = await opened(t)
  const client = rawClient(listener.address)

  client.send(get.repeat(10_000))
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

  assert.equal((await client.ended()).split('HTTP/1.1 200 OK').length - 1, 10_001)
})

test('a client that sends on while its request is in work is not read beyond a bound', async (t) => {
  const { listener, asked } = await opened(t)
  const client = rawClient(listener.address)
  client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => asked.length === 1)

  const flood = 'x'.repeat(1_000_000)
  for (let count = 0; count < 40; count++) client.send(flood)
  await new Promise((resolve) => setTimeout(resolve, 200))

  // What the two kernels' buffers hold, and no more: 40 MB would have gone if the port read on.
  assert.ok(client.socket.writableLength > 20_000_000, `${client.socket.writableLength} bytes wait`)
  client.socket.destroy()
})

test('a connection with a stream takes frames unpaired, and nothing but frames', async (t) => {
  const { listener } = await opened(t)
  const client = rawClient(listener.address)
  const frame = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nMicro-Stream: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`

  client.send(`${frame('a')}${frame('b')}${frame('c')}`)
  await client.until('\r\n\r\nc')
  client.send(get)

  assert.match(await client.ended(), /\r\n\r\naHTTP[^]*\r\n\r\nbHTTP[^]*\r\n\r\ncHTTP\/1\.1 400 /)
})

test('a stream whose frames nobody receives is not read beyond a bound', async (t) => {
  let connection: Connection | undefined
  const transport = httpTransport()
  t.after(() => transport.close())
  const listener = await transport.listen('127.0.0.1:0', (one) => (connection = one))
  const client = rawClient(listener.address)
  const frame = `POST / HTTP/1.1\r\nHost: a\r\nMicro-Stream: 1\r\nContent-Length: 10000\r\n\r\n${'x'.repeat(10_000)}`

  for (let count = 0; count < 4000; count++) client.send(frame)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(client.socket.writableLength > 20_000_000)
  for (let count = 0; count < 4000; count++) assert.equal((await connection?.receive())?.body.length, 10_000)

  assert.equal(client.socket.writableLength, 0)
  client.socket.destroy()
})

test('close() ends idle connections and undecided ones, and lets the one in work have its answer with the word that it is the last', async (t) => {
  let answer: (() => void) | undefined
  const { listener } = await opened(t, {
    protocols: [marked('a')],
    web: (request) =>
      request.path === '/slow'
        ? new Promise((resolve) => (answer = () => resolve({ status: 200, header: {}, body: Buffer.from('done') })))
        : Promise.resolve({ status: 200, header: {}, body: new Uint8Array(0) }),
  })
  const [idle, undecided, working] = [rawClient(listener.address), rawClient(listener.address), rawClient(listener.address)]
  idle.send(get)
  undecided.send('?')
  working.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await idle.until('\r\n\r\n')
  await until(() => answer !== undefined)

  const closed = listener.close()
  await Promise.all([idle.ended(), undecided.ended()])
  assert.equal(working.text, '')
  answer?.()

  assert.match(await working.ended(), /connection: close\r\n[^]*done$/)
  await closed
})

test('connections() counts what is open, by protocol', async (t) => {
  const { listener } = await opened(t, { protocols: [marked('a', () => undefined)] })
  const clients = [rawClient(listener.address), rawClient(listener.address), rawClient(listener.address)]
  clients[0]?.send('?a')
  clients[1]?.send(get)
  clients[2]?.send(get)
  await until(() => listener.connections?.()['http'] === 2 && listener.connections()['a'] === 1)

  for (const { socket } of clients) socket.destroy()

  await until(() => Object.keys(listener.connections?.() ?? { x: 1 }).length === 0)
})

test('connections over maxConnections are ended at once, and the others go on', async (t) => {
  const { listener } = await opened(t, {}, { limits: { maxConnections: 2 } })
  const [first, second] = [rawClient(listener.address), rawClient(listener.address)]
  first.send(get)
  second.send(get)
  await Promise.all([first.until('\r\n\r\n'), second.until('\r\n\r\n')])

  const third = rawClient(listener.address)

  assert.equal(await third.ended(), '')
  first.send(get)
  await first.until('x-length: 0\r\n\r\nHTTP')
  for (const { socket } of [first, second]) socket.destroy()
})

test('a port leaves no timer when its last connection has gone', async (t) => {
  const { listener, clock } = await opened(t)
  const client = rawClient(listener.address)
  client.send(get)
  await client.until('\r\n\r\n')
  client.socket.destroy()
  await until(() => Object.keys(listener.connections?.() ?? {}).length === 0)

  await clock.advance(1000)

  assert.equal(clock.pending, 0)
})

test('a refusal is JSON with code, reason and message, as every failure is', async (t) => {
  const { listener } = await opened(t)
  const client = rawClient(listener.address)
  client.send('nonsense\r\n\r\n')

  const all = await client.ended()
  const { code, reason, message } = JSON.parse(all.slice(all.indexOf('\r\n\r\n'))) as MicroError

  assert.deepEqual([code, reason, typeof message], ['invalid_argument', 'REQUEST_MALFORMED', 'string'])
})
