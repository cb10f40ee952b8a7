import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MicroError } from '../../base/index.js'
import { testClock } from '../../testing/index.js'
import type { Endpoint } from '../endpoint.js'
import { openNative } from './client.js'
import type { ConnectionCodec, NativeCodec } from './codec.js'
import { duplexPair } from './duplex.fixture.js'
import { echo, json, pair, served } from './pair.fixture.js'

const code = (code: string, reason: string) => (error: unknown) => {
  assert.ok(MicroError.is(error), String(error))
  assert.deepEqual([error.code, error.reason], [code, reason])
  return true
}

const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
}

async function overSocket(listen: (server: Server) => Server, open: (server: Server) => ReturnType<typeof connect>): Promise<void> {
  const server = createServer((socket) => {
    // As a listener does that looks at the first bytes.
    socket.once('data', (head: Buffer) => {
      socket.pause()
      served(socket, { endpoints: [echo], head })
    })
  })
  await once(listen(server), 'listening')
  const client = await openNative(open(server), { json, remote: 'orders:1' })
  const route = client.route('orders', 'Echo.Say')
  const values = Array.from({ length: 50 }, (_, n) => ({ n, text: 'x'.repeat(n * 5000) }))

  const replies = await Promise.all(values.map((value) => client.call(route, value)))

  assert.deepEqual(
    replies.map(({ output }) => output),
    values,
  )
  await client.close()
  server.close()
  await once(server, 'close')
}

test('openNative() and serveNative() work over TCP', async () => {
  await overSocket(
    (server) => server.listen(0, '127.0.0.1'),
    (server) => connect((server.address() as AddressInfo).port, '127.0.0.1'),
  )
})

test('openNative() and serveNative() work over a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'micro-native-'))
  const path = join(folder, 's')

  await overSocket(
    (server) => server.listen(path),
    () => connect(path),
  )
  await rm(folder, { recursive: true })
})

test('goaway() lets what is in flight finish, sends the rest elsewhere, and the client hangs up', async () => {
  let finish: (value: string) => void = () => {}
  const work: Endpoint = {
    name: 'Orders.Work',
    handle: () =>
      new Promise((resolve) => {
        finish = resolve
      }),
  }
  let isDraining = false
  const { client, connection, dispatch } = await pair([work], { client: { onDrain: () => (isDraining = true) } })
  const route = client.route('orders', 'Orders.Work')
  const call = client.call(route, {})
  await turns(5)

  void dispatch.drain(1000)
  connection.goaway()
  const crossing = await client.exchange(route, {})
  await turns(5)
  const after = await client.exchange(route, {})

  assert.ok('error' in crossing && crossing.isUntouched)
  assert.equal(crossing.error.reason, 'DRAINING')
  assert.ok('error' in after && after.isUntouched)
  assert.equal(after.error.reason, 'GOING_AWAY')
  assert.deepEqual([isDraining, client.isOpen], [true, false])
  finish('done')
  assert.equal((await call).output, 'done')
  await Promise.all([client.closed, connection.closed])
})

test('close() of the server ends its calls, and says how, before it hangs up', async () => {
  const { client, connection, dispatch } = await pair([{ name: 'Orders.Wait', handle: () => new Promise(() => undefined) }])
  const call = client.call(client.route('orders', 'Orders.Wait'), {})
  const outcome = assert.rejects(call, code('unavailable', 'SERVER_CLOSED'))
  await turns(5)

  dispatch.close()
  await connection.close()
  await connection.close()

  await outcome
  await client.closed
})

test('a peer that says nothing is pinged, and given up when it does not answer', async () => {
  const clock = testClock()
  const { client, connection } = await pair([echo], { clock })

  for (let n = 0; n < 40; n++) {
    await clock.advance(2500)
    await turns(6)
  }
  assert.equal(client.isOpen, true)

  const sockets = duplexPair()
  const silent = openNative(sockets[0], { json, remote: 'orders:1', clock })
  served(sockets[1], { endpoints: [echo], clock })
  const lonely = await silent
  sockets[1].removeAllListeners('data')
  sockets[1].pause()
  await clock.advance(26_000)
  await lonely.closed
  assert.equal(lonely.isOpen, false)
  await assert.rejects(lonely.call(lonely.route('orders', 'Echo.Say'), 1), code('unavailable', 'CONNECTION_LOST'))
  sockets[1].destroy()
  await client.close()
  await connection.closed
})

test('openNative() says what it found instead of the native framing', async () => {
  const clock = testClock()
  const answers = async (bytes: Buffer | undefined) => {
    const [socket, other] = duplexPair()
    other.on('data', () => undefined)
    if (bytes !== undefined) other.write(bytes)
    const opened = openNative(socket, { json, remote: 'orders:1', clock })
    opened.catch(() => undefined)
    if (bytes === undefined) await clock.advance(5_001)
    return opened
  }

  await assert.rejects(answers(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), code('unimplemented', 'PREFACE_INVALID'))
  await assert.rejects(answers(Buffer.from([0x9d, 0x6d, 0x69, 0x63, 0x72, 0x6f, 2, 0])), code('unimplemented', 'VERSION_UNSUPPORTED'))
  await assert.rejects(answers(undefined), code('deadline_exceeded', 'HANDSHAKE_TIMEOUT'))
  const [socket] = duplexPair()
  await assert.rejects(openNative(socket, { json, remote: 'orders:1', signal: AbortSignal.abort() }), code('canceled', 'CANCELED'))
})

/** A codec with a memory: a text is sent once, and from then on by its number. Its definitions must be there before its bodies are read. */
function dictionary(): NativeCodec {
  return {
    name: 'dictionary',
    open(): ConnectionCodec {
      const sent: string[] = []
      const learned: string[] = []
      let fresh: string[] = []
      return {
        encode(value) {
          const text = JSON.stringify(value)
          if (!sent.includes(text)) fresh.push(text)
          if (!sent.includes(text)) sent.push(text)
          return Buffer.from([sent.indexOf(text)])
        },
        decode: (buffer, start) => JSON.parse(learned[buffer[start] as number] as string) as unknown,
        definitions() {
          if (fresh.length === 0) return undefined
          const bytes = Buffer.from(JSON.stringify(fresh))
          fresh = []
          return bytes
        },
        learn: (bytes) => void learned.push(...(JSON.parse(Buffer.from(bytes).toString()) as string[])),
      }
    },
  }
}

test('a codec with a memory is used when both ends have it, and JSON when one has not', async () => {
  for (const [clientCodecs, serverCodecs] of [
    [[dictionary()], [dictionary()]],
    [[dictionary()], []],
    [[], [dictionary()]],
  ]) {
    const { client } = await pair([echo], { client: { codecs: clientCodecs ?? [] }, server: { codecs: serverCodecs ?? [] } })
    const route = client.route('orders', 'Echo.Say')

    for (const value of [{ a: 1 }, { b: 2 }, { a: 1 }]) assert.deepEqual((await client.call(route, value)).output, value)
    assert.deepEqual([...((await client.call(route, Uint8Array.of(1, 2))).output as Uint8Array)], [1, 2])
    await client.close()
  }
})

test('a gateway passes bodies on that it has not decoded', async () => {
  let decoded = 0
  const counting: NativeCodec = {
    name: 'json',
    open() {
      const codec = json.open()
      return {
        encode: (value) => codec.encode(value),
        decode(buffer, start, end) {
          decoded += 1
          return codec.decode(buffer, start, end)
        },
      }
    },
  }
  const behind = await pair([{ name: 'Echo.Say', handle: async (input) => input }], { client: { json: counting } })
  const upstream = behind.client.route('orders', 'Echo.Say')
  const sockets = duplexPair()
  const { serveNative } = await import('./server.js')
  const { NativeRequest } = await import('./request.js')
  serveNative(sockets[1], new Uint8Array(0), {
    service: 'gateway',
    resolve: () => echo,
    json: counting,
    remote: 'client:1',
    dispatch: {
      isDraining: false,
      begin(request) {
        assert.ok(request instanceof NativeRequest)
        const outcome = behind.client.exchange(upstream, request.body).then((found) => {
          if ('error' in found) throw found.error
          return { output: found.reply.body, metadata: found.reply.metadata }
        })
        return { outcome, abort: () => undefined }
      },
    },
  })
  const client = await openNative(sockets[0], { json, remote: 'gateway:1' })

  const { output } = await client.call(client.route('orders', 'Echo.Say'), { large: 'x'.repeat(200_000) })

  assert.deepEqual(output, { large: 'x'.repeat(200_000) })
  assert.equal(decoded, 0)
  await Promise.all([client.close(), behind.client.close()])
})

test('a large message lets small ones pass', async () => {
  const { client } = await pair([echo], { client: { settings: { maxBytes: 40_000_000 } }, server: { settings: { maxBytes: 40_000_000 } } })
  const route = client.route('orders', 'Echo.Say')
  const order: string[] = []

  const large = client.call(route, Buffer.alloc(20_000_000, 1)).then(({ output }) => {
    order.push('large')
    return output
  })
  const small = Promise.all(Array.from({ length: 20 }, () => client.call(route, 'small'))).then(() => order.push('small'))
  await Promise.all([large, small])

  assert.deepEqual(order, ['small', 'large'])
  assert.equal(((await large) as Uint8Array).length, 20_000_000)
  await client.close()
})

test('a connection takes no more calls than the other side offers', async () => {
  const { client } = await pair([{ name: 'Orders.Wait', handle: () => new Promise(() => undefined) }, echo], {
    server: { settings: { maxCalls: 3, maxRoutes: 2 } },
  })
  const wait = client.route('orders', 'Orders.Wait')
  const waiting = Array.from({ length: 3 }, () => client.call(wait, {}).catch(() => undefined))

  await assert.rejects(client.call(wait, {}), code('resource_exhausted', 'TOO_MANY_CALLS'))

  await client.close()
  await Promise.all(waiting)
})

test('a connection with few routes gives their numbers on', async () => {
  const endpoints = Array.from({ length: 7 }, (_, n) => ({ name: `Orders.Get${n}`, handle: () => n }))
  const { client } = await pair(endpoints, { server: { settings: { maxRoutes: 2 } } })

  for (let round = 0; round < 3; round++) {
    const outputs = await Promise.all(endpoints.map(({ name }) => client.call(client.route('orders', name), {})))
    assert.deepEqual(
      outputs.map(({ output }) => output),
      [0, 1, 2, 3, 4, 5, 6],
    )
  }
  await client.close()
})
