import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadlineAfter, MicroError } from '../base/index.js'
import { memoryRegistry } from '../registry/memory.js'
import { roundRobinSelector } from '../selector/round-robin.js'
import { testClock } from '../testing/index.js'
import { memoryTransport } from '../transport/memory.js'
import type { Transport } from '../transport/transport.js'
import type { Call, Interceptor } from './call.js'
import { rpcClient, type CallOptions, type RpcClientOptions } from './client.js'
import type { Endpoint } from './endpoint.js'
import { serve } from './server.js'

/** A registry, a network, a clock that stands, and a client; `start` adds a node. */
function world(options: Partial<RpcClientOptions> = {}) {
  const clock = testClock()
  const registry = memoryRegistry({ clock })
  const transport = memoryTransport()
  const client = rpcClient({ registry, selector: roundRobinSelector(), transport, clock, random: () => 0, ...options })
  const register = (address: string, metadata: Record<string, string> = {}, service = 'orders') =>
    registry.register({
      name: service,
      version: '1',
      metadata: {},
      endpoints: [],
      nodes: [{ id: `${service}-${address.replace(':', '-')}`, address, metadata: { protocol: 'mucp', ...metadata } }],
    })
  const start = async (endpoints: readonly Endpoint[], metadata: Record<string, string> = {}) => {
    const server = await serve({ service: 'orders', endpoints, transport, address: 'orders:0', clock })
    await register(server.address, metadata)
    return server
  }
  return { clock, registry, transport, client, register, start }
}

async function failureOf(call: Promise<unknown>): Promise<MicroError> {
  const outcome = await call.then(
    (value) => value,
    (error: unknown) => error,
  )
  assert.ok(MicroError.is(outcome), `gave ${JSON.stringify(outcome)}`)
  return outcome
}

/** Lets the clock stand and everything that is under way have its turn, until `condition`. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Moves the clock until `call` has ended. */
async function running<T>(call: Promise<T>, clock: ReturnType<typeof testClock>): Promise<T> {
  let isOver = false
  const over = () => (isOver = true)
  call.then(over, over)
  while (!isOver) await clock.advance(10)
  return call
}

const hello: Endpoint = { name: 'Orders.Hello', handle: (input) => ({ hello: input }) }

function failingWith(error: () => MicroError, counts: { runs: number }): Endpoint {
  return {
    name: 'Orders.Fail',
    handle() {
      counts.runs++
      throw error()
    },
  }
}

const unavailable = () => new MicroError('unavailable', 'the database is away', { reason: 'DATABASE_AWAY' })

test('call() gives what the endpoint gives, over one connection for calls that follow each other', async () => {
  let connections = 0
  const inner = memoryTransport()
  const transport: Transport = { ...inner, open: (address, options) => (connections++, inner.open(address, options)) }
  const { client, register } = world({ transport })
  const server = await serve({ service: 'orders', endpoints: [hello], transport, address: 'orders:0' })
  await register(server.address)

  for (let count = 0; count < 10; count++) assert.deepEqual(await client.call('orders', 'Orders.Hello', count), { hello: count })

  assert.equal(connections, 1)
})

test('call() gives undefined and null as they are, though go-micro has one word for both', async () => {
  const { client, transport, start } = world()
  const { address } = await start([{ name: 'Orders.Same', handle: (input) => input }])

  assert.equal(await client.call('orders', 'Orders.Same', undefined), undefined)
  assert.equal(await client.call('orders', 'Orders.Same', null), null)
  const connection = await transport.open(address)
  await connection.send({ header: { 'content-type': 'application/json', 'micro-endpoint': 'Orders.Same' }, body: new Uint8Array(0) })
  assert.equal(Buffer.from((await connection.receive())?.body ?? []).toString(), 'null')
})

test('call() mixes up nothing of a thousand calls at once', async () => {
  const { client, start } = world()
  await start([{ name: 'Orders.Hello', handle: async (input) => input }])

  const outputs = await Promise.all(Array.from({ length: 1000 }, (_, index) => client.call('orders', 'Orders.Hello', index)))

  assert.deepEqual(
    outputs,
    Array.from({ length: 1000 }, (_, index) => index),
  )
})

test('call() sends metadata and the name of the caller, and nothing in metadata changes the call', async () => {
  let seen: Call | undefined
  const { client, start } = world({ from: 'shop' })
  await start([{ name: 'Orders.Hello', handle: (_, call) => void (seen = call) }])
  const metadata = {
    Authorization: 'Bearer x',
    traceparent: '00-1',
    'micro-endpoint': 'Orders.Drop',
    timeout: '1',
    'content-type': 'x/y',
    'Micro-From-Service': 'liar',
  }

  await client.call('orders', 'Orders.Hello', {}, { metadata, timeoutMs: 250 })

  assert.equal(seen?.metadata['authorization'], 'Bearer x')
  assert.equal(seen.metadata['traceparent'], '00-1')
  assert.equal(seen.metadata['micro-from-service'], 'shop')
  assert.equal(seen.metadata['content-type'], 'application/json')
  assert.equal(seen.deadline.timeoutMs, 250)
})

test('call() of a service that nobody runs says so, with the names that were meant', async () => {
  const { client, start } = world()
  await start([hello])

  const error = await failureOf(client.call('order', 'Orders.Hello', {}))

  assert.deepEqual([error.code, error.reason, error.details?.['nearest']], ['unavailable', 'SERVICE_NOT_FOUND', ['orders']])
  assert.match(error.hint ?? '', /"orders"/)
})

test('call() finds a service that starts after a call has failed', async () => {
  const { client, start } = world()
  assert.equal((await failureOf(client.call('orders', 'Orders.Hello', 1))).reason, 'SERVICE_NOT_FOUND')

  await start([hello])

  assert.deepEqual(await client.call('orders', 'Orders.Hello', 1), { hello: 1 })
})

test('call() asks the registry once, and again after a change', async () => {
  const { clock, registry } = world()
  let lookups = 0
  const counted = { ...registry, lookup: (name: string) => (lookups++, registry.lookup(name)) }
  const { client, transport } = world({ registry: counted, clock })
  const servers = await Promise.all(
    [1, 2].map((id) =>
      serve({ service: 'orders', endpoints: [{ name: 'Orders.Who', handle: () => id }], transport, address: 'orders:0', clock }),
    ),
  )
  const record = (index: number) => ({
    name: 'orders',
    version: '1',
    metadata: {},
    endpoints: [],
    nodes: [{ id: `n${index}`, address: servers[index]?.address as string, metadata: { protocol: 'mucp' } }],
  })
  await registry.register(record(0))
  for (let count = 0; count < 5; count++) assert.equal(await client.call('orders', 'Orders.Who', {}), 1)
  assert.equal(lookups, 1)

  await registry.register(record(1))
  await registry.deregister(record(0))
  await clock.advance(0)

  assert.equal(await client.call('orders', 'Orders.Who', {}), 2)
  assert.equal(lookups, 2)
})

test('call() passes over nodes of other projects and takes those without one', async () => {
  const { client, register, start } = world({ project: 'ours' })
  await register('nowhere:1', { project: 'theirs' })
  await start([hello], { project: 'ours' })
  await start([hello])

  for (let count = 0; count < 6; count++) assert.deepEqual(await client.call('orders', 'Orders.Hello', count), { hello: count })
})

test('call() of nodes that only speak another protocol says which', async () => {
  const { client, register } = world()
  await register('orders:9', { protocol: 'grpc' })

  const error = await failureOf(client.call('orders', 'Orders.Hello', {}))

  assert.deepEqual([error.reason, error.details?.['protocols']], ['PROTOCOL_NOT_SPOKEN', ['grpc']])
})

test('call() goes to another node when one cannot be reached, and leaves that one alone for a while', async () => {
  const { client, clock, register, start } = world()
  await register('gone:1')
  await start([hello])

  for (let count = 0; count < 5; count++)
    assert.deepEqual(await running(client.call('orders', 'Orders.Hello', count), clock), { hello: count })
})

test('call() of a node that cannot be reached fails when there is no other', async () => {
  const { client, register } = world()
  await register('gone:1')

  assert.equal((await failureOf(client.call('orders', 'Orders.Hello', {}))).reason, 'CONNECT_FAILED')
})

test('call() goes to another node when one is draining, idempotent or not', async () => {
  const { client, clock, start } = world()
  const draining = await start([hello])
  await start([hello])
  await draining.drain(0)

  for (let count = 0; count < 20; count++)
    assert.deepEqual(await running(client.call('orders', 'Orders.Hello', count), clock), { hello: count })
})

test('call() runs an endpoint once when it fails with unavailable, and up to three times when it is idempotent', async () => {
  const counts = { runs: 0 }
  const { client, clock, start } = world()
  await start([failingWith(unavailable, counts)])

  assert.equal((await failureOf(client.call('orders', 'Orders.Fail', {}))).reason, 'DATABASE_AWAY')
  assert.equal(counts.runs, 1)
  assert.equal((await failureOf(running(client.call('orders', 'Orders.Fail', {}, { idempotent: true }), clock))).reason, 'DATABASE_AWAY')
  assert.equal(counts.runs, 4)
})

test('call() does not try again what is not unavailable', async () => {
  const counts = { runs: 0 }
  const { client, start } = world()
  await start([failingWith(() => new MicroError('internal', 'x', { reason: 'X' }), counts)])

  await failureOf(client.call('orders', 'Orders.Fail', {}, { idempotent: true }))

  assert.equal(counts.runs, 1)
})

test('call() stops trying again when a service fails all the time, and begins again when it recovers', async () => {
  const counts = { runs: 0 }
  let isDown = true
  const flaky: Endpoint = {
    name: 'Orders.Flaky',
    handle() {
      counts.runs++
      if (isDown) throw unavailable()
      return 'up'
    },
  }
  const { client, clock, start } = world()
  await start([flaky])
  const ask = () => running(client.call('orders', 'Orders.Flaky', {}, { idempotent: true }), clock)
  const askDown = async () => void (await failureOf(ask()))

  for (let count = 0; count < 100; count++) await askDown()
  // Four retries come out of the full half of the budget; then each call is one attempt.
  assert.equal(counts.runs, 104)
  isDown = false
  for (let count = 0; count < 70; count++) await ask()
  isDown = true
  counts.runs = 0
  await askDown()

  assert.ok(counts.runs > 1)
})

test('call() ends with the deadline, and with it the connection', async () => {
  let call: Call | undefined
  const { client, clock, start } = world()
  const server = await start([{ name: 'Orders.Slow', handle: (_, one) => new Promise(() => (call = one)) }])

  const failure = failureOf(client.call('orders', 'Orders.Slow', {}, { timeoutMs: 300 }))
  await until(() => call !== undefined)
  await clock.advance(300)

  assert.equal((await failure).code, 'deadline_exceeded')
  await until(() => server.pending === 0)
  assert.equal(call?.signal.aborted, true)
})

test('call() never outlives the deadline of the call that it is made for', async () => {
  const { client, clock, start } = world()
  await start([{ name: 'Orders.Slow', handle: () => new Promise(() => undefined) }])

  const failure = failureOf(client.call('orders', 'Orders.Slow', {}, { timeoutMs: 60_000, deadline: deadlineAfter(100, clock) }))
  await clock.advance(100)

  assert.equal((await failure).code, 'deadline_exceeded')
})

test('call() through three services gives each the time that is left, and its end reaches the last one', async () => {
  const { client, clock, start } = world()
  const calls: Call[] = []
  const pass = (next: string) => (_: unknown, call: Call) => {
    calls.push(call)
    return client.call('orders', next, {}, { deadline: call.deadline, signal: call.signal })
  }
  await start([
    { name: 'Orders.One', handle: pass('Orders.Two') },
    { name: 'Orders.Two', handle: pass('Orders.Three') },
    { name: 'Orders.Three', handle: (_, call) => new Promise(() => calls.push(call)) },
  ])
  const controller = new AbortController()

  const failure = failureOf(client.call('orders', 'Orders.One', {}, { timeoutMs: 200, signal: controller.signal }))
  await until(() => calls.length === 3)
  assert.ok(calls.every((call) => call.deadline.timeoutMs <= 200))
  const last = calls[2]?.signal as AbortSignal
  controller.abort()

  assert.equal((await failure).code, 'canceled')
  await until(() => last.aborted)
  assert.equal(clock.monotonicMs(), 0)
})

test('call() whose registry does not answer ends with its deadline', async () => {
  const { registry, clock } = world()
  const { client } = world({ clock, registry: { ...registry, lookup: () => new Promise(() => undefined) } })

  const failure = failureOf(client.call('orders', 'Orders.Hello', {}, { timeoutMs: 100 }))
  await clock.advance(100)

  assert.equal((await failure).code, 'deadline_exceeded')
})

test('call() uses the last known nodes while the registry fails', async () => {
  const { registry, clock } = world()
  let isDown = false
  const lookup = (name: string) =>
    isDown ? Promise.reject(new MicroError('unavailable', 'x', { reason: 'REGISTRY_UNAVAILABLE' })) : registry.lookup(name)
  const { client, transport } = world({ clock, registry: { ...registry, lookup } })
  const server = await serve({ service: 'orders', endpoints: [hello], transport, address: 'orders:0', clock })
  const record = {
    name: 'orders',
    version: '1',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'n', address: server.address, metadata: { protocol: 'mucp' } }],
  }
  await registry.register(record)
  await client.call('orders', 'Orders.Hello', 1)

  isDown = true
  await registry.register({ ...record, metadata: { changed: 'yes' } })
  await registry.register({ ...record, nodes: [{ ...record.nodes[0], id: 'other', address: 'x:1', metadata: {} }] })
  await clock.advance(0)

  assert.deepEqual(await client.call('orders', 'Orders.Hello', 2), { hello: 2 })
})

test('call() with an aborted signal does nothing, and one that aborts later ends the call', async () => {
  let runs = 0
  const { client, start } = world()
  await start([{ name: 'Orders.Slow', handle: () => new Promise(() => runs++) }])

  assert.equal((await failureOf(client.call('orders', 'Orders.Slow', {}, { signal: AbortSignal.abort() }))).code, 'canceled')
  assert.equal(runs, 0)
  const controller = new AbortController()
  const failure = failureOf(client.call('orders', 'Orders.Slow', {}, { signal: controller.signal }))
  await until(() => runs === 1)
  controller.abort()

  assert.equal((await failure).code, 'canceled')
})

test('call() with an address asks no registry', async () => {
  const { client, transport, clock } = world()
  const server = await serve({ service: 'orders', endpoints: [hello], transport, address: 'orders:0', clock })

  assert.deepEqual(await client.call('anything', 'Orders.Hello', 1, { address: server.address }), { hello: 1 })
  assert.equal((await failureOf(client.call('orders', 'Orders.Hello', 1, { address: 'gone:1' }))).reason, 'CONNECT_FAILED')
})

test('call() to a node without protocol uses the old framing, errors too', async () => {
  const { client, registry, transport, clock } = world()
  const types: (string | undefined)[] = []
  const note: Interceptor = (next) => (call) => (types.push(call.metadata['content-type']), next(call))
  const endpoints = [hello, failingWith(unavailable, { runs: 0 })]
  const server = await serve({ service: 'orders', endpoints, transport, address: 'orders:0', clock, interceptors: [note] })
  await registry.register({
    name: 'orders',
    version: '1',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'n', address: server.address, metadata: {} }],
  })

  assert.deepEqual(await client.call('orders', 'Orders.Hello', { a: 1 }), { hello: { a: 1 } })
  assert.equal((await failureOf(client.call('orders', 'Orders.Fail', {}))).reason, 'DATABASE_AWAY')
  assert.deepEqual(types, ['application/json-rpc', 'application/json-rpc'])
})

test('interceptors of the client may change a call, keep its options, and see one reply for all attempts', async () => {
  let seen: Call | undefined
  let calls = 0
  const tracing: Interceptor = (next) => async (call) => {
    calls++
    const reply = await next({ ...call, metadata: { ...call.metadata, traceparent: '00-2' } })
    return { ...reply, output: [reply.output] }
  }
  const { client, transport, clock } = world({ interceptors: [tracing] })
  const server = await serve({
    service: 'orders',
    endpoints: [{ name: 'Orders.Hello', handle: (input, call) => ((seen = call), input) }],
    transport,
    address: 'orders:0',
    clock,
  })
  const options: CallOptions = { address: server.address, metadata: { a: 'b' } }

  assert.deepEqual(await client.call('orders', 'Orders.Hello', 1, options), [1])
  assert.equal(seen?.metadata['traceparent'], '00-2')
  assert.equal(seen.metadata['a'], 'b')
  assert.equal(calls, 1)
})

test('an interceptor may give a call another signal', async () => {
  const controller = new AbortController()
  const limiting: Interceptor = (next) => (call) => next({ ...call, signal: controller.signal })
  let runs = 0
  const { client, start } = world({ interceptors: [limiting] })
  await start([{ name: 'Orders.Slow', handle: () => new Promise(() => runs++) }])

  const failure = failureOf(client.call('orders', 'Orders.Slow', {}))
  await until(() => runs === 1)
  controller.abort()

  assert.equal((await failure).code, 'canceled')
})

test('call() of a node that dies meanwhile fails at once with CONNECTION_LOST', async () => {
  const { client, register, transport, clock } = world()
  const listener = await transport.listen('orders:0', (connection) => void connection.receive().then(() => connection.close()))
  await register(listener.address)

  const error = await failureOf(client.call('orders', 'Orders.Hello', {}))

  assert.deepEqual([error.code, error.reason], ['unavailable', 'CONNECTION_LOST'])
  assert.equal(clock.monotonicMs(), 0)
})

test('close() ends calls in work, refuses later ones, and leaves no timer', async () => {
  let runs = 0
  const { client, clock, start } = world()
  const server = await start([{ name: 'Orders.Slow', handle: () => new Promise(() => runs++) }, hello])
  await client.call('orders', 'Orders.Hello', 1)
  const failure = failureOf(client.call('orders', 'Orders.Slow', {}))
  await until(() => runs === 1)

  await client.close()
  await client.close()

  assert.deepEqual([(await failure).code, (await failure).reason], ['failed_precondition', 'CLOSED'])
  assert.equal((await failureOf(client.call('orders', 'Orders.Hello', 1))).reason, 'CLOSED')
  await until(() => server.pending === 0)
  assert.equal(clock.pending, 0)
})

test('connections that are idle for a minute are closed', async () => {
  let isOpen = false
  const inner = memoryTransport()
  const transport: Transport = {
    ...inner,
    async open(address, options) {
      const connection = await inner.open(address, options)
      isOpen = true
      void connection.closed.then(() => (isOpen = false))
      return connection
    },
  }
  const { client, clock, register } = world({ transport })
  const server = await serve({ service: 'orders', endpoints: [hello], transport, address: 'orders:0', clock })
  await register(server.address)
  await client.call('orders', 'Orders.Hello', 1)

  await clock.advance(59_000)
  assert.equal(isOpen, true)
  await clock.advance(31_000)

  assert.equal(isOpen, false)
  assert.equal(clock.pending, 0)
})
