import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { rabbitmqBroker, type RabbitmqBrokerOptions } from './rabbitmq-broker.js'
import { arrivals, message, textOf, warnings } from './testing/arrivals.fixture.js'
import { noServer, startServer, type RealServer } from './testing/rabbitmq-server.fixture.js'

const skip = noServer
let server: RealServer

before(async () => {
  if (noServer === false) server = await startServer()
})
after(() => server?.stop())

const connect = async (t: TestContext, options: RabbitmqBrokerOptions = {}) => {
  const broker = await rabbitmqBroker({ servers: server.url, timeoutMs: 120_000, ...options })
  t.after(() => broker.close())
  return broker
}

test('in durable mode nothing acknowledged is lost when the server is killed in mid-use and started again', { skip }, async (t) => {
  const { warn, first: warned, all } = warnings()
  const [publisher, subscriber] = [await connect(t), await connect(t, { warn })]
  const away = await rabbitmqBroker({ servers: server.url })
  await away.subscribe('mail', () => undefined, { queue: 'postman', durable: true })
  await away.close()
  await publisher.publish('mail', message('before'), { durable: true })
  const handled = new Set<string>()
  await subscriber.subscribe('kept.*', (delivery) => void handled.add(textOf(delivery)), {
    queue: 'keeper',
    durable: true,
    concurrency: 10,
  })
  const confirmed: string[] = []
  let isOver = false
  const publishing = (async () => {
    for (let count = 0; !isOver; count++) {
      const text = String(count)
      await publisher.publish('kept.a', message(text), { durable: true })
      confirmed.push(text)
    }
  })()
  while (confirmed.length < 50) await turn()

  const beforeKill = confirmed.length
  await server.restart()
  while (confirmed.length < beforeKill + 50) await turn()
  isOver = true
  await publishing
  while (handled.size < confirmed.length) await turn()
  // Nobody has subscribed to these since, and so nobody has made anything sure for them.
  await publisher.publish('mail', message('after'), { durable: true })
  const mails = await arrivals(await connect(t), 'mail', { queue: 'postman', durable: true })
  await mails.count(2)

  assert.deepEqual(
    confirmed.filter((text) => !handled.has(text)),
    [],
  )
  assert.deepEqual(mails.texts, ['before', 'after'])
  await warned(/^lost the RabbitMQ server/)
  await warned(/^connected to RabbitMQ again/)
  assert.equal(all.filter((text) => text.startsWith('lost the RabbitMQ server')).length, 1)
})

test('subscriptions are back after a restart, and what was published meanwhile arrives in order', { skip }, async (t) => {
  const { warn, first: warned } = warnings()
  const broker = await connect(t, { warn })
  const [plain, wild, member, keeper] = [
    await arrivals(broker, 'orders.placed'),
    await arrivals(broker, 'orders.*'),
    await arrivals(broker, 'orders.placed', { queue: 'billing' }),
    await arrivals(broker, 'orders.placed', { queue: 'audit', durable: true }),
  ]
  const all = [plain, wild, member, keeper]
  await broker.publish('orders.placed', message('before'))
  await Promise.all(all.map((each) => each.count(1)))

  let late: Promise<unknown> | undefined
  const kept: Promise<void>[] = []
  await server.restart(async () => {
    await warned(/^lost/)
    for (const text of ['1', '2']) await broker.publish('orders.placed', message(text))
    kept.push(broker.publish('orders.placed', message('3'), { durable: true }))
    late = arrivals(broker, 'late')
  })
  await Promise.all([late, ...kept])
  await broker.publish('orders.placed', message('4'))
  await Promise.all(all.map((each) => each.count(5)))

  for (const each of all) assert.deepEqual(each.texts, ['before', '1', '2', '3', '4'])
})

test(
  'subscribe(), a durable publish and close() give up on a server that does not come back with BROKER_UNAVAILABLE',
  { skip },
  async () => {
    const { warn, first: warned } = warnings()
    const broker = await rabbitmqBroker({ servers: server.url, warn, timeoutMs: 100, maxBufferedBytes: 100 })
    await server.restart(async () => {
      await warned(/^lost/)
      const gone = { code: 'unavailable', reason: 'BROKER_UNAVAILABLE' }
      await assert.rejects(
        broker.subscribe('a', () => undefined),
        gone,
      )
      await assert.rejects(broker.publish('a', message('x'), { durable: true }), gone)
      await assert.rejects(broker.publish('a', message('x'.repeat(200))), { code: 'resource_exhausted', reason: 'PUBLISH_BUFFER_FULL' })
      await assert.rejects(broker.publish('a', message('x'), { durable: true, signal: AbortSignal.timeout(10) }), {
        code: 'canceled',
        reason: 'CANCELED',
      })
      await broker.publish('a', message('never sent'))
      await assert.rejects(broker.close(), gone)
      await assert.rejects(broker.publish('a', message('x')), { code: 'failed_precondition', reason: 'CLOSED' })
    })
  },
)

test('a server that stays connected and silent is given up, and found again', { skip }, async (t) => {
  const { warn, first: warned } = warnings()
  const broker = await connect(t, { warn, heartbeatSeconds: 1, connectTimeoutMs: 500 })
  const got = await arrivals(broker, 'a')

  server.signal('SIGSTOP')
  await warned(/^lost .*heartbeat/)
  server.signal('SIGCONT')
  await warned(/^connected to RabbitMQ again/)
  await broker.publish('a', message('x'))
  await got.count(1)

  assert.deepEqual(got.texts, ['x'])
})

const turn = () => new Promise((resolve) => setImmediate(resolve))
