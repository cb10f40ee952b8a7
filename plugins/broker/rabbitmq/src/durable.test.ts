import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { MicroError } from '@microts/core/base'
import { Connection } from 'rabbitmq-client'
import { rabbitmqBroker, type RabbitmqBrokerOptions } from './rabbitmq-broker.js'
import { arrivals, message, textOf, warnings } from './testing/arrivals.fixture.js'
import { noServer, startServer, type RealServer } from './testing/rabbitmq-server.fixture.js'

const skip = noServer
let server: RealServer
let raw: Connection

before(async () => {
  if (noServer !== false) return
  server = await startServer({ settings: () => 'max_message_size = 2000000\nframe_max = 16384' })
  raw = new Connection({ url: server.url.replace('//', '//guest:guest@'), frameMax: 8192 })
})
after(async () => {
  await raw?.close()
  await server?.stop()
})

const connect = async (t: TestContext, options: RabbitmqBrokerOptions = {}) => {
  const broker = await rabbitmqBroker({ servers: server.url, ...options })
  t.after(() => broker.close())
  return broker
}
const boom = () => {
  throw new Error('boom')
}

for (const queueType of ['classic', 'quorum'] as const)
  test(
    `a message that a handler fails at for ever ends among the dead letters, and the next ones are worked on: ${queueType}`,
    { skip },
    async (t) => {
      const { warn, first: warned } = warnings()
      const broker = await connect(t, { maxAttempts: 3, warn, queueType, exchange: queueType })
      const [attempts, errors]: [string[], unknown[]] = [[], []]
      await broker.subscribe(
        'orders',
        (delivery) => {
          attempts.push(`${textOf(delivery)} ${delivery.attempt}`)
          if (textOf(delivery) === 'bad') boom()
        },
        { queue: 'billing', durable: true, onError: (error) => errors.push(error) },
      )
      for (const text of ['bad', 'good']) await broker.publish('orders', message(text), { durable: true })
      await warned(/Gave up a message to "orders" after 3 attempts: boom/)
      while (attempts.length < 4) await turn()
      let dead
      while (dead === undefined) dead = await raw.basicGet({ queue: `micro:${queueType}:billing:orders:dead`, noAck: true })

      assert.deepEqual(attempts, ['bad 1', 'bad 2', 'bad 3', 'good 1'])
      assert.equal(errors.length, 3)
      assert.equal(String(dead.body), 'bad')
      assert.equal(dead.headers?.['Content-Type'], 'text/plain')
    },
  )

test('a message whose subscriber ends before it is done goes to another one, with a greater attempt', { skip }, async (t) => {
  for (const durable of [true, false]) {
    const first = await rabbitmqBroker({ servers: server.url })
    const second = await connect(t)
    const options = { queue: 'workers', durable, onError: () => undefined }
    let begun = 0
    await first.subscribe('jobs', () => (begun++, Promise.reject(new Error('not yet'))), options)
    await first.publish('jobs', message('x'), { durable })
    while (begun === 0) await turn()
    const got = await arrivals(second, 'jobs', options)

    await first.close()
    await got.count(1)

    assert.deepEqual([got.texts, (got.deliveries[0]?.attempt ?? 0) > 1], [['x'], true], `durable: ${durable}`)
  }
})

test('members of a group take turns while one of them is slow: no more waits with it than it works on', { skip }, async (t) => {
  const broker = await connect(t)
  let open = () => undefined as void
  const door = new Promise<void>((resolve) => (open = resolve))
  const slow: string[] = []
  await broker.subscribe('jobs.fair', async (delivery) => (slow.push(textOf(delivery)), door), { queue: 'workers' })
  const quick = await arrivals(broker, 'jobs.fair', { queue: 'workers' })

  for (let count = 0; count < 20; count++) await broker.publish('jobs.fair', message(String(count)))
  await quick.count(19)
  open()

  assert.equal(slow.length, 1)
})

test('subscribe() with durable and no queue is refused with TOPIC_INVALID', { skip }, async (t) => {
  const broker = await connect(t)

  await assert.rejects(
    broker.subscribe('a', () => undefined, { durable: true }),
    { code: 'invalid_argument', reason: 'TOPIC_INVALID' },
  )
})

test('a durable subscription gets what is published either way, once, and a plain one what is published durably', { skip }, async (t) => {
  const broker = await connect(t)
  const [durable, plain] = [await arrivals(broker, 'both', { queue: 'q', durable: true }), await arrivals(broker, 'both')]

  await broker.publish('both', message('plain'))
  await broker.publish('both', message('durable'), { durable: true })
  await broker.publish('both', message('last'))
  await Promise.all([durable.count(3), plain.count(3)])

  for (const each of [durable, plain]) assert.deepEqual(each.texts, ['plain', 'durable', 'last'])
})

test(
  'publish() over what the server takes is refused with its real limit, in both ways, and loses none of the others',
  { skip },
  async (t) => {
    const { warn, first: warned } = warnings()
    const broker = await connect(t, { warn })
    const got = await arrivals(broker, 'large')
    const large = { header: {}, body: new Uint8Array(2_000_001) }
    const refused = { code: 'resource_exhausted', reason: 'MESSAGE_TOO_LARGE' } as const

    const others = ['1', '2'].map((text) => broker.publish('large', message(text)))
    const unknown = broker.publish('large', large, { durable: true })
    others.push(...['3', '4'].map((text) => broker.publish('large', message(text))))
    await assert.rejects(unknown, { ...refused, details: { topic: 'large', bytes: 2_000_001, maxBytes: 2_000_000 } })
    await Promise.all(others)
    await assert.rejects(broker.publish('large', large), refused)
    await broker.publish('large', message('5'))
    while (!got.texts.includes('5')) await turn()
    const other = await connect(t, { warn })
    await other.publish('large', large)
    await warned(/at most 2000000 are carried/)
    await other.publish('large', message('6'))
    while (!got.texts.includes('6')) await turn()

    // What was not confirmed when the channel was closed is sent again.
    assert.deepEqual([...new Set(got.texts)], ['1', '2', '3', '4', '5', '6'])
  },
)

test('publish() refuses a header that no frame of the server holds, and carries one that just fits', { skip }, async (t) => {
  const broker = await connect(t)
  const got = await arrivals(broker, 'header')

  await assert.rejects(broker.publish('header', { header: { a: 'x'.repeat(16_384) }, body: new Uint8Array() }), {
    code: 'resource_exhausted',
    reason: 'MESSAGE_TOO_LARGE',
  })
  await broker.publish('header', { header: { a: 'x'.repeat(16_384 - 64 - 7) }, body: new Uint8Array(100_000) })
  await got.count(1)

  assert.equal(got.deliveries[0]?.message.header['a']?.length, 16_313)
  assert.equal(got.deliveries[0]?.message.body.length, 100_000)
})

test('headers that RabbitMQ takes for its own are carried as any other', { skip }, async (t) => {
  const broker = await connect(t)
  const got = await arrivals(broker, 'own')
  const header = { CC: 'a', BCC: 'b', 'x-death': 'c', 'x-delivery-count': 'd', 'micro-more': 'e', 'x-request-id': 'f' }

  await broker.publish('own', { header, body: new Uint8Array() })
  await got.count(1)

  assert.deepEqual([{ ...got.deliveries[0]?.message.header }, got.deliveries[0]?.attempt], [header, 1])
})

test(
  'on the wire it is what go-micro sends and reads: exchange micro, the topic as key, headers as texts, the body as it is',
  { skip },
  async (t) => {
    const broker = await connect(t)
    const channel = await raw.acquire()
    t.after(() => channel.close())
    // As go-micro declares it: the server refuses to be asked for another kind.
    await channel.exchangeDeclare({ exchange: 'micro', type: 'topic', durable: false, autoDelete: false })
    const { queue } = await channel.queueDeclare({ queue: '', autoDelete: true })
    await channel.queueBind({ queue, exchange: 'micro', routingKey: 'greet' })
    const got = await arrivals(broker, 'greet')

    await broker.publish('greet', message('hi'))
    let sent
    while (sent === undefined) sent = await channel.basicGet({ queue, noAck: true })
    await channel.basicPublish(
      {
        exchange: 'micro',
        routingKey: 'greet',
        headers: { 'Micro-Topic': 'greet', 'Micro-ID': '1', count: 5, list: [1] },
        contentType: 'application/json',
      },
      Buffer.from('{ "a":1.0 }'),
    )
    await got.count(2)

    assert.deepEqual([sent.routingKey, sent.headers, String(sent.body)], ['greet', { 'Content-Type': 'text/plain' }, 'hi'])
    assert.equal(sent.contentType, undefined)
    assert.deepEqual(
      [got.texts[1], { ...got.deliveries[1]?.message.header }],
      ['{ "a":1.0 }', { 'Micro-Topic': 'greet', 'Micro-ID': '1', count: '5', 'Content-Type': 'application/json' }],
    )
  },
)

test('a queue or an exchange that somebody deletes is made again, and the log says so', { skip }, async (t) => {
  const { warn, first: warned } = warnings()
  const broker = await connect(t, { warn, exchange: 'shop' })
  const got = await arrivals(broker, 'a', { queue: 'q', durable: true })

  await raw.queueDelete('micro:shop:q:a:durable')
  await warned(/^lost the subscription to "a": its queue was deleted/)
  await warned(/^subscribed to "a" again/)
  await raw.exchangeDelete({ exchange: 'shop' })
  await broker.publish('a', message('lost with its exchange'))
  await broker.publish('a', message('x'), { durable: true })
  await got.count(1)

  assert.ok(got.texts.includes('x'))
})

test('an exchange of another kind is refused with RABBITMQ_MISMATCH, and taken when it is described as it is', { skip }, async (t) => {
  await raw.exchangeDeclare({ exchange: 'fans', type: 'fanout' })
  await raw.exchangeDeclare({ exchange: 'lasting', type: 'topic', durable: true })

  for (const exchange of ['fans', 'lasting'])
    await assert.rejects(connect(t, { exchange }), (error) => {
      assert.ok(MicroError.is(error))
      assert.deepEqual([error.code, error.reason], ['failed_precondition', 'RABBITMQ_MISMATCH'])
      assert.match(error.message, /inequivalent arg/)
      return true
    })
  const broker = await connect(t, { exchange: 'lasting', durableExchange: true })
  const got = await arrivals(broker, 'a', { queue: 'q', durable: true })
  await broker.publish('a', message('x'), { durable: true })
  await got.count(1)

  assert.deepEqual(got.texts, ['x'])
})

const turn = () => new Promise((resolve) => setImmediate(resolve))
