import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import { enatsBroker } from '@microts/core/broker'
import { natsClient, natsServer } from '@microts/core/nats'
import { natsBroker } from './nats-broker.js'
import { arrivals, message } from './testing/arrivals.fixture.js'
import { noServer, startServer } from './testing/nats-server.fixture.js'

for (const [where, skip, start] of [
  ['a real server', noServer, () => startServer()],
  ['our own server', false, async () => natsServer().then((server) => ({ url: server.url, stop: () => server.close() }))],
] as const) {
  test(`natsBroker() and enatsBroker() read each other's messages on ${where}, and share a queue group`, { skip }, async (t) => {
    const server = await start()
    const [nats, enats] = [await natsBroker({ servers: server.url }), await enatsBroker({ address: server.url })]
    t.after(async () => {
      await Promise.all([nats.close(), enats.close()])
      await server.stop()
    })
    const [atNats, atEnats] = [await arrivals(nats, 'a.*'), await arrivals(enats, 'a.*')]
    const members = [await arrivals(nats, 'a.b', { queue: 'workers' }), await arrivals(enats, 'a.b', { queue: 'workers' })]

    for (let count = 0; count < 50; count++) await nats.publish('a.b', message(`nats ${count}`))
    for (let count = 0; count < 50; count++) await enats.publish('a.b', message(`enats ${count}`))
    await Promise.all([atNats.count(100), atEnats.count(100)])
    while (members.flatMap(({ texts }) => texts).length < 100) await new Promise((resolve) => setImmediate(resolve))

    assert.deepEqual([...atNats.texts].sort(), [...atEnats.texts].sort())
    assert.deepEqual({ ...atNats.deliveries[0]?.message.header }, { 'Content-Type': 'text/plain' })
    assert.equal(new Set(members.flatMap(({ texts }) => texts)).size, 100)
    for (const { texts } of members) assert.ok(texts.length > 0)
  })
}

test('natsBroker() writes and reads the envelope of go-micro, and reports what is none', async (t) => {
  const server = await natsServer()
  t.after(() => server.close())
  const broker = await natsBroker({ servers: server.url })
  t.after(() => broker.close())
  const other = await natsClient({ servers: server.url })
  t.after(() => other.close())
  const sent = new Promise<string>((resolve) => other.subscribe('out', ({ payload }) => resolve(Buffer.from(payload).toString())))
  await other.flush()
  const errors: unknown[] = []
  const got = await arrivals(broker, 'in', { onError: (error) => errors.push(error) })

  await broker.publish('out', message('hi'))
  for (const envelope of ['plain', '[]', '{"Body":5}', '{"Header":null,"Body":null}', '{"Header":{"a":"b"},"Body":"aGk="}'])
    other.publish('in', Buffer.from(envelope))
  await got.count(2)

  assert.equal(await sent, '{"Header":{"Content-Type":"text/plain"},"Body":"aGk="}')
  assert.deepEqual(got.texts, ['', 'hi'])
  assert.deepEqual({ ...got.deliveries[1]?.message.header }, { a: 'b' })
  assert.deepEqual(
    errors.map((error) => MicroError.is(error) && error.reason),
    ['ENVELOPE_INVALID', 'ENVELOPE_INVALID', 'ENVELOPE_INVALID'],
  )
})
