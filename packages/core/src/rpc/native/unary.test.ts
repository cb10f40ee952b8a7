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

test('call() gives the output of an endpoint for an input, many at a time', async () => {
  const { client } = await pair([echo, { name: 'Echo.Later', handle: async (input) => input }])
  const [now, later] = [client.route('orders', 'Echo.Say'), client.route('orders', 'Echo.Later')]

  const inputs = Array.from({ length: 500 }, (_, n) => ({ n, text: 'é'.repeat(n % 50), nothing: null }))
  const outputs = await Promise.all(inputs.map((input, n) => client.call(n % 2 === 0 ? now : later, input)))

  assert.deepEqual(
    outputs.map(({ output }) => output),
    inputs,
  )
  assert.equal(client.inFlight, 0)
  await client.close()
})

test('call() carries nothing, bytes, and text of any length as they are', async () => {
  const { client } = await pair([echo])
  const route = client.route('orders', 'Echo.Say')
  const values = [
    undefined,
    null,
    '',
    'x'.repeat(70_000),
    'é'.repeat(30_000),
    new Uint8Array(0),
    new Uint8Array([1, 2, 3]),
    Buffer.alloc(1_000_000, 7),
  ]

  for (const value of values) {
    const { output } = await client.call(route, value)
    if (value instanceof Uint8Array && value.length > 0) assert.deepEqual(Buffer.from(output as Uint8Array), Buffer.from(value))
    else assert.deepEqual(output, value instanceof Uint8Array ? undefined : value)
  }
  await client.close()
})

test('call() is the same however the bytes are cut', async () => {
  for (const size of [1, 2, 3, 7, 8, 9, 64]) {
    const { client } = await pair([echo], { cut: piecesOf(size) })
    const route = client.route('orders', 'Echo.Say')

    const outputs = await Promise.all(Array.from({ length: 20 }, (_, n) => client.call(route, { n, text: 'x'.repeat(n * 10) })))

    assert.deepEqual(
      outputs.map(({ output }) => output),
      Array.from({ length: 20 }, (_, n) => ({ n, text: 'x'.repeat(n * 10) })),
    )
    await client.close()
  }
})

test('call() rejects with all that the service says of a failure', async () => {
  const failure = new MicroError('not_found', 'Cannot find "7": it is gone', {
    reason: 'ORDER_NOT_FOUND',
    hint: 'Look elsewhere.',
    details: { id: 7 },
    cause: new Error('secret'),
  })
  const fail: Endpoint = { name: 'Orders.Get', handle: () => Promise.reject(failure) }
  const failNow: Endpoint = {
    name: 'Orders.Now',
    handle: () => {
      throw failure
    },
  }
  const { client } = await pair([fail, failNow])

  for (const name of ['Orders.Get', 'Orders.Now']) {
    const error: unknown = await client.call(client.route('orders', name), {}).catch((error: unknown) => error)
    assert.ok(MicroError.is(error))
    assert.deepEqual(
      [error.code, error.reason, error.message, error.hint, error.details, error.cause],
      ['not_found', 'ORDER_NOT_FOUND', failure.message, 'Look elsewhere.', { id: 7 }, undefined],
    )
  }
  await client.close()
})

test('call() tells of an unknown endpoint, of what cannot be written, and of what a handler did not foresee', async () => {
  const broken: Endpoint = {
    name: 'Orders.Break',
    handle: () => {
      throw new TypeError('secret')
    },
  }
  const { client, told } = await pair([broken, { name: 'Orders.Big', handle: () => ({ n: 1n }) }])

  await assert.rejects(client.call(client.route('orders', 'Orders.Brake'), {}), code('unimplemented', 'ENDPOINT_NOT_FOUND'))
  await assert.rejects(client.call(client.route('orders', 'Orders.Break'), {}), code('internal', 'INTERNAL'))
  await assert.rejects(client.call(client.route('orders', 'Orders.Big'), {}), code('internal', 'OUTPUT_NOT_ENCODABLE'))
  await assert.rejects(client.call(client.route('orders', 'Orders.Big'), { n: 1n }), code('invalid_argument', 'NOT_ENCODABLE'))
  assert.deepEqual(
    told.map(({ reason }) => reason),
    ['INTERNAL', 'OUTPUT_NOT_ENCODABLE'],
  )
  await client.close()
})

test('call() carries metadata of the connection, of the call and of the reply', async () => {
  const tell: Endpoint = { name: 'Orders.Tell', handle: (_, call) => call.metadata }
  const { client } = await pair([tell], {
    client: { metadata: { 'micro-from-service': 'shop', region: 'north' } },
    server: { interceptors: [(next) => async (call) => ({ ...(await next(call)), metadata: { took: '5 ms', 'micro-id': '1' } })] },
  })
  const route = client.route('orders', 'Orders.Tell')

  const first = await client.call(route, {})
  const second = await client.call(route, {}, { metadata: { Region: 'süd', timeout: '1', traceparent: '00-1-2-01' } })

  assert.deepEqual(first.output, { 'micro-from-service': 'shop', region: 'north' })
  assert.deepEqual(second.output, { 'micro-from-service': 'shop', region: 'süd', traceparent: '00-1-2-01' })
  assert.deepEqual(second.metadata, { took: '5 ms' })
  await assert.rejects(client.call(route, {}, { metadata: { 'a b': '1' } }), code('invalid_argument', 'METADATA_INVALID'))
  await assert.rejects(client.call(route, {}, { metadata: { a: 'x'.repeat(9000) } }), code('invalid_argument', 'METADATA_INVALID'))
  await client.close()
})

test('call() gives up at its deadline, and the service hears of it', async () => {
  const clock = testClock()
  let reason: unknown
  const wait: Endpoint = {
    name: 'Orders.Wait',
    handle: (_, call) =>
      new Promise(() => {
        call.signal.addEventListener('abort', () => {
          reason = call.signal.reason
        })
      }),
  }
  const { client, connection } = await pair([wait], { clock })

  const call = assert.rejects(
    client.call(client.route('orders', 'Orders.Wait'), {}, { timeoutMs: 200 }),
    code('deadline_exceeded', 'DEADLINE_EXCEEDED'),
  )
  await clock.advance(250)
  await call
  await clock.advance(1)

  assert.ok(MicroError.is(reason))
  assert.ok(['canceled', 'deadline_exceeded'].includes(reason.code))
  assert.equal(connection.pending, 0)
  await assert.rejects(
    client.call(client.route('orders', 'Orders.Wait'), {}, { timeoutMs: 0 }),
    code('deadline_exceeded', 'DEADLINE_EXCEEDED'),
  )
  await client.close()
})

test('call() gives the service the time that is left, in milliseconds', async () => {
  const { client } = await pair([{ name: 'Orders.Time', handle: (_, call) => call.deadline.timeoutMs }])
  const route = client.route('orders', 'Orders.Time')

  assert.equal((await client.call(route, {}, { timeoutMs: 1234.5 })).output, 1234)
  assert.equal((await client.call(route, {}, { timeoutMs: 0.5 })).output, 1)
  assert.equal((await client.call(route, {})).output, 10_000)
  await client.close()
})

test('call() is canceled by its signal, and by the end of the connection', async () => {
  const aborted: unknown[] = []
  let begun = 0
  let onBegun = () => {}
  const bothBegun = new Promise<void>((resolve) => {
    onBegun = resolve
  })
  const wait: Endpoint = {
    name: 'Orders.Wait',
    handle: (_, call) => {
      if (++begun === 2) onBegun()
      return new Promise(() => call.signal.addEventListener('abort', () => aborted.push(call.signal.reason)))
    },
  }
  const { client, connection, sockets } = await pair([wait])
  const route = client.route('orders', 'Orders.Wait')
  const controller = new AbortController()

  const first = assert.rejects(client.call(route, {}, { signal: controller.signal }), code('canceled', 'CANCELED'))
  const second = assert.rejects(client.call(route, {}), code('unavailable', 'CONNECTION_LOST'))
  await bothBegun
  controller.abort()
  await first
  await assert.rejects(client.call(route, {}, { signal: controller.signal }), code('canceled', 'CANCELED'))
  sockets[1].destroy()
  await second
  await client.closed

  assert.deepEqual(
    aborted.map((reason) => MicroError.is(reason) && reason.code),
    ['canceled', 'canceled'],
  )
  assert.equal(connection.pending, 0)
  assert.equal(client.isOpen, false)
  await assert.rejects(client.call(route, {}), code('unavailable', 'CONNECTION_LOST'))
})

test('exchange() says whether a call that failed was begun', async () => {
  const { client, dispatch } = await pair([echo])
  const route = client.route('orders', 'Echo.Say')
  const large = await client.exchange(route, 'x'.repeat(5_000_000))
  void dispatch.drain(0)

  const refused = await client.exchange(route, 1)

  assert.ok('error' in large)
  assert.deepEqual([large.error.reason, large.isUntouched], ['FRAME_TOO_LARGE', false])
  assert.ok('error' in refused)
  assert.deepEqual([refused.error.reason, refused.isUntouched, refused.isUnreachable], ['DRAINING', true, true])
  await client.close()
})

test('close() fails what is in flight with CLOSED', async () => {
  const { client } = await pair([{ name: 'Orders.Wait', handle: () => new Promise(() => undefined) }])

  const call = assert.rejects(client.call(client.route('orders', 'Orders.Wait'), {}), code('failed_precondition', 'CLOSED'))
  await client.close()
  await client.close()

  await call
})
