import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { NatsClient } from '../nats.js'
import { natsServer } from '../server/server.js'
import { natsClient } from './client.js'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const bytes = (text: string) => Buffer.from(text)

async function both(t: TestContext) {
  const server = await natsServer({ maxPayloadBytes: 1000 })
  t.after(() => server.close())
  const remote = await natsClient({ servers: server.url })
  t.after(() => remote.close())
  return { server, local: server.connect(), remote }
}

/** Runs one scenario with the publisher and the subscribers here or beyond a socket, each way, and wants the same. */
function testEachWay(
  name: string,
  run: (publisher: NatsClient, subscriber: NatsClient, settle: () => Promise<void>) => Promise<unknown>,
  wanted: unknown,
) {
  for (const [from, to] of [
    ['local', 'local'],
    ['local', 'remote'],
    ['remote', 'local'],
    ['remote', 'remote'],
  ] as const)
    test(`${name} (${from} to ${to})`, async (t) => {
      const clients = await both(t)
      const settle = async () => {
        await clients[from].flush()
        await clients[to].flush()
      }
      assert.deepEqual(await run(clients[from], clients[to], settle), wanted)
    })
}

testEachWay(
  'publish() carries subject, reply, headers and payload, in order, and copies what it was given',
  async (publisher, subscriber, settle) => {
    const got: string[] = []
    subscriber.subscribe('grüße.*', (m) => got.push(`${m.subject} ${m.reply ?? '-'} ${m.headers?.length ?? '-'} ${text(m.payload)}`))
    await subscriber.flush()
    const payload = bytes('first')
    publisher.publish('grüße.ö', payload)
    payload.fill('x')
    publisher.publish('grüße.ö', bytes('second'), { reply: 'answers' })
    publisher.publish('grüße.ä', bytes('third'), { reply: 'answers', headers: bytes('NATS/1.0\r\na: b\r\n\r\n') })
    publisher.publish('grüße.ö', bytes(''))
    await settle()
    return got
  },
  ['grüße.ö - - first', 'grüße.ö answers - second', 'grüße.ä answers 18 third', 'grüße.ö - - '],
)

testEachWay(
  'subscribe() with a queue shares, with max ends by itself, and unsubscribe() ends at once',
  async (publisher, subscriber, settle) => {
    const counts = { group: 0, max: 0, ended: 0 }
    for (let member = 0; member < 2; member++) subscriber.subscribe('a', () => counts.group++, { queue: 'q' })
    subscriber.subscribe('a', () => counts.max++, { max: 3 })
    subscriber.subscribe('a', () => counts.ended++).unsubscribe()
    await subscriber.flush()
    for (let count = 0; count < 100; count++) publisher.publish('a', bytes('x'))
    await settle()
    return counts
  },
  { group: 100, max: 3, ended: 0 },
)

testEachWay(
  'request() gives the answer; nobody there, and a reply subject of one’s own, are told at once',
  async (publisher, subscriber, settle) => {
    subscriber.subscribe('shout', ({ reply = '', payload }) => subscriber.publish(reply, bytes(text(payload).toUpperCase())))
    await subscriber.flush()
    const answers = await Promise.all(['a', 'b'].map(async (word) => text((await publisher.request('shout', bytes(word))).payload)))
    const reason = await publisher.request('nobody', bytes('')).catch((error: { reason: string }) => error.reason)
    let status = ''
    publisher.subscribe('mine', ({ headers = bytes('') }) => (status = text(headers).trim()))
    publisher.publish('nobody', bytes(''), { reply: 'mine' })
    await settle()
    await settle()
    return { answers, reason, status }
  },
  { answers: ['A', 'B'], reason: 'NATS_NO_RESPONDERS', status: 'NATS/1.0 503' },
)

testEachWay(
  'publish() refuses what the server would refuse',
  async (publisher) =>
    [
      () => publisher.publish('a.*', bytes('')),
      () => publisher.publish('a', new Uint8Array(1001)),
      () => publisher.publish('a', bytes(''), { reply: 'a b' }),
    ].map((refused) => {
      try {
        refused()
        return 'taken'
      } catch (error) {
        return (error as { reason: string }).reason
      }
    }),
  ['SUBJECT_INVALID', 'MESSAGE_TOO_LARGE', 'SUBJECT_INVALID'],
)

test('a listener in the process of the server is called after the code of the publisher, and two that answer each other keep no timer from its turn', async (t) => {
  const { local } = await both(t)
  const events: string[] = []
  local.subscribe('once', () => events.push('got'))
  local.publish('once', bytes(''))
  events.push('published')
  await local.flush()

  let isOver = false
  local.subscribe('ping', () => !isOver && local.publish('pong', bytes('')))
  local.subscribe('pong', () => !isOver && local.publish('ping', bytes('')))
  local.publish('ping', bytes(''))
  await new Promise<void>((resolve) => setTimeout(resolve, 5))
  isOver = true

  assert.deepEqual(events, ['published', 'got'])
})

test('room() of a client in the process of the server makes a publisher wait for listeners, and publish() has a bound', async (t) => {
  const { local } = await both(t)
  let got = 0
  local.subscribe('a', () => got++)
  let published = 0
  let room: Promise<void> | undefined
  while (room === undefined) {
    local.publish('a', new Uint8Array(1000))
    published++
    room = local.room()
  }
  await room
  assert.equal(got, published)

  assert.throws(
    () => {
      for (;;) local.publish('a', new Uint8Array(1000))
    },
    { code: 'resource_exhausted', reason: 'PUBLISH_BUFFER_FULL' },
  )
})
