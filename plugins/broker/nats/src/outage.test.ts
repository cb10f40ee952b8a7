import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '@microts/core/base'
import { natsBroker } from './nats-broker.js'
import { arrivals, message, warnings } from './testing/arrivals.fixture.js'
import { noServer, startServer } from './testing/nats-server.fixture.js'

const skip = noServer

test(
  'natsBroker() survives a restart of the server: subscriptions are back, and what was published meanwhile arrives in order',
  { skip },
  async (t) => {
    const first = await startServer()
    t.after(() => first.stop())
    const { warn, first: warned, all } = warnings()
    const broker = await natsBroker({ servers: first.url, warn })
    t.after(() => broker.close())
    const [plain, wild, member] = [
      await arrivals(broker, 'orders.placed'),
      await arrivals(broker, 'orders.*'),
      await arrivals(broker, 'orders.placed', { queue: 'billing' }),
    ]
    await broker.publish('orders.placed', message('before'))
    await Promise.all([plain, wild, member].map((each) => each.count(1)))

    await first.stop()
    await warned(/lost/)
    for (const text of ['1', '2', '3']) await broker.publish('orders.placed', message(text))
    const late = arrivals(broker, 'late')
    const second = await startServer({ port: first.port })
    t.after(() => second.stop())
    await broker.publish('orders.placed', message('4'))
    await Promise.all([plain, wild, member].map((each) => each.count(5)))
    await broker.publish('late', message('5'))
    await (await late).count(1)

    for (const each of [plain, wild, member]) assert.deepEqual(each.texts, ['before', '1', '2', '3', '4'])
    assert.equal(broker.address, first.url)
    await warned(/connected to NATS again/)
    assert.equal(all.filter((text) => text.startsWith('lost')).length, 1)
  },
)

test('natsBroker() keeps no subscription that was closed while the server was away', { skip }, async (t) => {
  const first = await startServer()
  t.after(() => first.stop())
  const { warn, first: warned } = warnings()
  const broker = await natsBroker({ servers: first.url, warn })
  t.after(() => broker.close())
  const got: string[] = []
  const closed = await broker.subscribe('a', () => void got.push('closed'))
  const kept = await arrivals(broker, 'a')

  await first.stop()
  await warned(/lost/)
  await closed.close()
  const second = await startServer({ port: first.port })
  t.after(() => second.stop())
  await warned(/again/)
  await broker.publish('a', message('x'))
  await kept.count(1)

  assert.deepEqual(got, [])
})

test(
  'publish() is refused with PUBLISH_BUFFER_FULL when more waits for the server than may, and works when it is back',
  { skip },
  async (t) => {
    const first = await startServer()
    t.after(() => first.stop())
    const { warn, first: warned } = warnings()
    const broker = await natsBroker({ servers: first.url, warn, maxBufferedBytes: 1000 })
    t.after(() => broker.close())
    const got = await arrivals(broker, 'a')
    await first.stop()
    await warned(/lost/)

    let kept = 0
    await assert.rejects(
      async () => {
        for (; ; kept++) await broker.publish('a', message(String(kept)))
      },
      { code: 'resource_exhausted', reason: 'PUBLISH_BUFFER_FULL' },
    )
    const second = await startServer({ port: first.port })
    t.after(() => second.stop())
    await got.count(kept)
    await broker.publish('a', message('after'))
    await got.count(kept + 1)

    assert.ok(kept > 5)
    assert.deepEqual(got.texts, [...Array.from({ length: kept }, (_, index) => String(index)), 'after'])
  },
)

test('subscribe() and close() give up on a server that does not come back with BROKER_UNAVAILABLE', { skip }, async (t) => {
  const server = await startServer()
  t.after(() => server.stop())
  const { warn, first: warned } = warnings()
  const broker = await natsBroker({ servers: server.url, warn, timeoutMs: 50 })
  await server.stop()
  await warned(/lost/)

  await assert.rejects(
    broker.subscribe('a', () => undefined),
    { code: 'unavailable', reason: 'BROKER_UNAVAILABLE' },
  )
  await broker.publish('a', message('never sent'))
  await assert.rejects(broker.close(), { code: 'unavailable', reason: 'BROKER_UNAVAILABLE' })
  await assert.rejects(broker.publish('a', message('x')), { code: 'failed_precondition', reason: 'CLOSED' })
})

test('close() while the server is away resolves when nothing waits to be sent', { skip }, async (t) => {
  const server = await startServer()
  t.after(() => server.stop())
  const { warn, first: warned } = warnings()
  const broker = await natsBroker({ servers: server.url, warn })
  await arrivals(broker, 'a')
  await server.stop()
  await warned(/lost/)

  await broker.close()
})

test(
  'natsBroker() goes to another server of its list when the one that it has ends, also to one that was away at the start',
  { skip },
  async (t) => {
    const [first, second] = [await startServer(), await startServer()]
    t.after(() => Promise.all([first.stop(), second.stop()]))
    await second.stop()
    const { warn, first: warned } = warnings()
    const broker = await natsBroker({ servers: `${second.url},${first.url}`, warn })
    t.after(() => broker.close())
    const got = await arrivals(broker, 'a')
    const back = await startServer({ port: second.port })
    t.after(() => back.stop())

    await first.stop()
    await warned(/^lost/)
    await broker.publish('a', message('x'))
    await got.count(1)

    assert.equal(broker.address, second.url)
  },
)

// A server that stays connected and says nothing more: its host has lost its network, or it is stopped.
test('natsBroker() leaves a server that stays silent, also when more is written to it than the system takes', async () => {
  const sockets = new Set<Socket>()
  let isSilent = false
  const fake = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.write('INFO {"server_id":"x","version":"2.9.10","proto":1,"host":"127.0.0.1","port":1,"headers":true,"max_payload":1048576}\r\n')
    socket.on('data', (chunk) => {
      if (isSilent) socket.pause()
      else for (let count = chunk.toString('latin1').split('PING\r\n').length; count > 1; count--) socket.write('PONG\r\n')
    })
  })
  await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve))
  const { warn, first: warned } = warnings()
  const { port } = fake.address() as AddressInfo
  const broker = await natsBroker({ servers: `127.0.0.1:${port}`, warn, pingIntervalMs: 50, connectTimeoutMs: 200, timeoutMs: 50 })
  isSilent = true

  for (let count = 0; count < 10; count++) void broker.publish('a', { header: {}, body: new Uint8Array(500_000) })
  await warned(/^lost/)

  fake.close()
  for (const socket of sockets) socket.destroy()
  await broker.close()
})

test(
  'publish() waits for a server that is slow, is refused with PUBLISH_BUFFER_FULL past the limit, and goes on when it is quick again',
  { skip },
  async (t) => {
    const server = await startServer()
    t.after(() => server.stop())
    const maxPendingBytes = 16 * 1024 * 1024
    const broker = await natsBroker({ servers: server.url, maxPendingBytes })
    t.after(() => broker.close())
    const body = new Uint8Array(512 * 1024)
    process.kill(server.pid, 'SIGSTOP')

    const pending: Promise<void>[] = []
    const publish = () => {
      const one = broker.publish('a', { header: {}, body })
      pending.push(one)
      one.catch(() => undefined)
      return one
    }
    let refused: unknown
    while (refused === undefined) {
      const outcome = await Promise.race([publish().catch((error: unknown) => error), turn('waits')])
      if (outcome !== undefined && outcome !== 'waits') refused = outcome
    }
    const beforeLimit = pending.length - 1
    process.kill(server.pid, 'SIGCONT')
    const outcomes = await Promise.allSettled(pending)

    assert.deepEqual((refused as { reason?: unknown }).reason, 'PUBLISH_BUFFER_FULL')
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, beforeLimit)
    await publish()
  },
)

test('publish() that waits for a slow server ends when its signal aborts', { skip }, async (t) => {
  const server = await startServer()
  t.after(() => server.stop())
  const broker = await natsBroker({ servers: server.url })
  t.after(() => broker.close())
  const got = await arrivals(broker, 'a')
  process.kill(server.pid, 'SIGSTOP')
  const stop = new AbortController()

  const pending = Array.from({ length: 10 }, () =>
    broker.publish('a', { header: {}, body: new Uint8Array(512 * 1024) }, { signal: stop.signal }),
  )
  assert.equal(await Promise.race([pending[9], turn('waits')]), 'waits')
  stop.abort()
  await Promise.all(pending)
  process.kill(server.pid, 'SIGCONT')
  await got.count(10)
})

/** Gives `value` after a turn of the event loop. */
const turn = <T>(value: T) => new Promise<T>((resolve) => systemClock.after(1, () => resolve(value)))
