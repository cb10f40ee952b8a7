import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../../base/index.js'
import { testClock } from '../../testing/index.js'
import type { Endpoint } from '../endpoint.js'
import { piecesOf } from './duplex.fixture.js'
import { echo, pair } from './pair.fixture.js'

const code = (code: string, reason: string) => (error: unknown) => {
  assert.ok(MicroError.is(error), String(error))
  assert.deepEqual([error.code, error.reason], [code, reason])
  return true
}

async function* count(to: number): AsyncGenerator {
  for (let n = 0; n < to; n++) yield n
}

async function all(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const value of source) found.push(value)
  return found
}

const numbers = (to: number) => Array.from({ length: to }, (_, n) => n)

const down: Endpoint = { name: 'Stream.Down', handle: (input) => count(input as number) }
const downLater: Endpoint = { name: 'Stream.DownLater', handle: async (input) => count(input as number) }
const up: Endpoint = {
  name: 'Stream.Up',
  handle: async (inputs) => (await all(inputs as AsyncIterable<unknown>)).length,
}
const both: Endpoint = {
  name: 'Stream.Both',
  async *handle(inputs) {
    for await (const value of inputs as AsyncIterable<number>) yield value * 2
  },
}

test('all four shapes carry every message, in order, however the bytes are cut', async () => {
  for (const size of [1, 9, 50, 100_000]) {
    const { client, connection, dispatch } = await pair([down, downLater, up, both, echo], { cut: piecesOf(size) })
    const route = (name: string) => client.route('orders', `Stream.${name}`)

    assert.deepEqual(await all(client.serverStream(route('Down'), 30)), numbers(30))
    assert.deepEqual(await all(client.serverStream(route('DownLater'), 30)), numbers(30))
    assert.deepEqual(await all(client.serverStream(route('Down'), 0)), [])
    assert.equal((await client.clientStream(route('Up'), count(30))).output, 30)
    assert.equal((await client.clientStream(route('Up'), count(0))).output, 0)
    assert.deepEqual(
      await all(client.bidiStream(route('Both'), count(30))),
      numbers(30).map((n) => n * 2),
    )
    assert.deepEqual(await all(client.serverStream(client.route('orders', 'Echo.Say'), 'one')), ['one'])
    assert.deepEqual([client.inFlight, connection.pending, dispatch.pending], [0, 0, 0])
    await client.close()
  }
})

test('serverStream() keeps the order of messages that come in chunks with small ones', async () => {
  const mixed: Endpoint = {
    name: 'Stream.Mixed',
    async *handle() {
      for (let n = 0; n < 12; n++) yield { n, text: 'x'.repeat(n % 3 === 0 ? 300_000 : 10) }
    },
  }
  const { client } = await pair([mixed])

  const found = await all(client.serverStream(client.route('orders', 'Stream.Mixed'), {}))

  assert.deepEqual(
    found.map((value) => (value as { n: number }).n),
    numbers(12),
  )
  await client.close()
})

test('serverStream() stops the source while nobody reads, and lets it go when the reader leaves', async () => {
  let made = 0
  let isReturned = false
  const message = 'x'.repeat(1000)
  const endless: Endpoint = {
    name: 'Stream.Endless',
    async *handle() {
      try {
        for (;;) {
          made += 1
          yield message
        }
      } finally {
        isReturned = true
      }
    },
  }
  const { client, connection } = await pair([endless])
  const stream = client.serverStream(client.route('orders', 'Stream.Endless'), {})
  const turns = async (count: number) => {
    for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
  }

  await turns(300)
  const madeUnread = made
  await turns(300)
  assert.equal(made, madeUnread)
  assert.ok(made * 1066 < 262_144 + 2 * 1066, `${made} messages for 256 KiB of credit`)

  for (let n = 0; n < 1000; n++) await stream.next()
  await turns(300)
  assert.ok(made > 1000 && made * 1066 < 1_000 * 1066 + 2 * 262_144, `${made} after 1,000 were read`)

  await stream.return?.()
  await turns(50)
  assert.equal(isReturned, true)
  assert.deepEqual([client.inFlight, connection.pending], [0, 0])
  await client.close()
})

test('clientStream() takes no more from its source than the service reads, and returns it when the service is done', async () => {
  let made = 0
  let isReturned = false
  async function* source() {
    try {
      for (;;) {
        made += 1
        yield 'x'.repeat(1000)
      }
    } finally {
      isReturned = true
    }
  }
  const first: Endpoint = {
    name: 'Stream.First',
    async handle(inputs) {
      for await (const value of inputs as AsyncIterable<string>) return value.length
      return 0
    },
  }
  const { client, connection } = await pair([first])

  const { output } = await client.clientStream(client.route('orders', 'Stream.First'), source())
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve))

  assert.equal(output, 1000)
  assert.ok(made < 600, `${made} were made`)
  assert.equal(isReturned, true)
  assert.deepEqual([client.inFlight, connection.pending], [0, 0])
  await client.close()
})

test('a stream that fails gives what came before, then the failure', async () => {
  const failing: Endpoint = {
    name: 'Stream.Fails',
    async *handle() {
      yield 1
      yield 2
      throw new MicroError('data_loss', 'Cannot read on', { reason: 'GONE' })
    },
  }
  const broken: Endpoint = {
    name: 'Stream.Breaks',
    async *handle() {
      yield 1
      throw new TypeError('secret')
    },
  }
  const { client, told, connection } = await pair([failing, broken])
  const found: unknown[] = []

  await assert.rejects(
    async () => {
      for await (const value of client.serverStream(client.route('orders', 'Stream.Fails'), {})) found.push(value)
    },
    code('data_loss', 'GONE'),
  )
  await assert.rejects(all(client.serverStream(client.route('orders', 'Stream.Breaks'), {})), code('internal', 'INTERNAL'))

  assert.deepEqual(found, [1, 2])
  assert.deepEqual(
    told.map(({ reason }) => reason),
    ['GONE', 'INTERNAL'],
  )
  assert.deepEqual([client.inFlight, connection.pending], [0, 0])
  await client.close()
})

test('a source of inputs that fails fails its call, and the service hears of it', async () => {
  let seen: unknown
  const listen: Endpoint = {
    name: 'Stream.Listen',
    async handle(inputs) {
      try {
        await all(inputs as AsyncIterable<unknown>)
      } catch (error) {
        seen = error
      }
    },
  }
  async function* source() {
    yield 1
    throw new MicroError('not_found', 'Cannot find the next one', { reason: 'NO_MORE' })
  }
  const { client } = await pair([listen])

  await assert.rejects(client.clientStream(client.route('orders', 'Stream.Listen'), source()), code('not_found', 'NO_MORE'))
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve))

  assert.ok(MicroError.is(seen) && seen.code === 'canceled')
  await client.close()
})

test('call() of an endpoint that gives a stream is refused', async () => {
  const { client, connection } = await pair([down, downLater])

  for (const name of ['Stream.Down', 'Stream.DownLater'])
    await assert.rejects(client.call(client.route('orders', name), 3), code('failed_precondition', 'REPLY_IS_STREAM'))
  assert.equal(connection.pending, 0)
  await client.close()
})

test('a stream ends at its deadline, by its signal, and with its connection', async () => {
  const clock = testClock()
  const quiet: Endpoint = {
    name: 'Stream.Quiet',
    async *handle(_, call) {
      yield 1
      await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)))
    },
  }
  const { client, connection, sockets } = await pair([quiet], { clock })
  const route = client.route('orders', 'Stream.Quiet')
  const controller = new AbortController()
  const late = all(client.serverStream(route, {}, { timeoutMs: 500 }))
  const canceled = all(client.serverStream(route, {}, { signal: controller.signal }))
  const lost = all(client.serverStream(route, {}))
  const outcomes = Promise.all([
    assert.rejects(late, code('deadline_exceeded', 'DEADLINE_EXCEEDED')),
    assert.rejects(canceled, code('canceled', 'CANCELED')),
    assert.rejects(lost, code('unavailable', 'CONNECTION_LOST')),
  ])

  await clock.advance(490)
  assert.equal(client.inFlight, 3)
  await clock.advance(30)
  assert.equal(client.inFlight, 2)
  controller.abort()
  for (let n = 0; n < 6; n++) await clock.advance(1)
  assert.deepEqual([client.inFlight, connection.pending], [1, 1])
  sockets[0].destroy()
  await outcomes

  for (let n = 0; n < 6; n++) await clock.advance(1)
  assert.equal(connection.pending, 0)
})
