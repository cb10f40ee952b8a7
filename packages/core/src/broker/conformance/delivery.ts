import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../testing/suite.js'
import type { Broker, BrokerFeature } from '../broker.js'
import { collect, freshTopic, message, textOf } from './expect.js'

const numbers = (count: number, of = '') => Array.from({ length: count }, (_, index) => `${of}${index}`)

/** Who gets what, and that it is what was sent. */
export const deliveryCases: readonly ConformanceCase<Broker, BrokerFeature>[] = [
  {
    name: 'publish() reaches every subscriber of its topic and nobody else',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const [one, two, other] = [await collect(subject, topic), await collect(subject, topic), await collect(subject, `${topic}.other`)]

      await subject.publish(topic, message('hello'))
      await subject.publish(`${topic}.other`, message('last'))

      await eventually(() => one.deliveries.length + two.deliveries.length + other.deliveries.length === 3)
      assert.deepEqual([one.texts(), two.texts(), other.texts()], [['hello'], ['hello'], ['last']])
    },
  },
  {
    name: 'publish() to a topic that nobody has subscribed to resolves',
    async run({ subject }) {
      await subject.publish(freshTopic(), message('nobody'))
    },
  },
  {
    name: 'subscribe() gets what is published after it has resolved, and nothing from before',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      await subject.publish(topic, message('before'))
      const got = await collect(subject, topic)

      await subject.publish(topic, message('after'))

      await eventually(() => got.deliveries.length > 0)
      assert.deepEqual(got.texts(), ['after'])
    },
  },
  {
    name: 'subscribe() hands over topic, attempt 1 and an ack() that may be called without manualAck',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)

      await subject.publish(topic, message('hello'))

      await eventually(() => got.deliveries.length === 1)
      const [delivery] = got.deliveries
      assert.equal(delivery?.topic, topic)
      assert.equal(delivery?.attempt, 1)
      await delivery?.ack()
      await delivery?.ack()
    },
  },
  {
    name: 'subscribe() with one queue group shares: each message goes to one of them, and each gets some',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const members = [await collect(subject, topic, { queue: 'workers' }), await collect(subject, topic, { queue: 'workers' })]

      for (const text of numbers(200)) await subject.publish(topic, message(text))

      await eventually(() => members.reduce((sum, member) => sum + member.deliveries.length, 0) >= 200)
      assert.deepEqual(new Set(members.flatMap((member) => member.texts())), new Set(numbers(200)))
      assert.equal(members.flatMap((member) => member.texts()).length, 200)
      for (const member of members) assert.ok(member.deliveries.length > 0, 'one of them got nothing of 200')
    },
  },
  {
    name: 'subscribe() with different queue groups, and without one, gets every message each',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const all = [
        await collect(subject, topic, { queue: 'billing' }),
        await collect(subject, topic, { queue: 'audit' }),
        await collect(subject, topic),
      ]

      for (const text of numbers(10)) await subject.publish(topic, message(text))

      await eventually(() => all.every((each) => each.deliveries.length === 10))
    },
  },
  {
    name: 'publish() keeps the order of one publisher',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)

      await Promise.all(numbers(500).map((text) => subject.publish(topic, message(text))))

      await eventually(() => got.deliveries.length === 500)
      assert.deepEqual(got.texts(), numbers(500))
    },
  },
  {
    name: 'publish() keeps the order of an asynchronous subscriber too, one message after the other',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const events: string[] = []
      await subject.subscribe(topic, async (delivery) => {
        events.push(`begin ${textOf(delivery)}`)
        await new Promise((resolve) => setImmediate(resolve))
        events.push(`end ${textOf(delivery)}`)
      })

      for (const text of numbers(20)) await subject.publish(topic, message(text))

      await eventually(() => events.length === 40)
      assert.deepEqual(
        events,
        numbers(20).flatMap((text) => [`begin ${text}`, `end ${text}`]),
      )
    },
  },
  {
    name: 'publish() by two publishers at once loses nothing, and keeps the order of each',
    async run({ subject, peer, eventually }) {
      const topic = freshTopic()
      const other = await peer()
      const got = await collect(subject, topic)

      await Promise.all([
        ...numbers(100, 'a').map((text) => subject.publish(topic, message(text))),
        ...numbers(100, 'b').map((text) => other.publish(topic, message(text))),
      ])

      await eventually(() => got.deliveries.length === 200)
      for (const of of ['a', 'b'])
        assert.deepEqual(
          got.texts().filter((text) => text.startsWith(of)),
          numbers(100, of),
        )
    },
  },
  {
    name: 'publish() reaches the subscribers of another connection, and shares within a queue group across both',
    async run({ subject, peer, eventually }) {
      const topic = freshTopic()
      const other = await peer()
      const [plain, here, there] = [
        await collect(other, topic),
        await collect(subject, topic, { queue: 'workers' }),
        await collect(other, topic, { queue: 'workers' }),
      ]

      for (const text of numbers(200)) await subject.publish(topic, message(text))

      await eventually(() => plain.deliveries.length >= 200 && here.deliveries.length + there.deliveries.length >= 200)
      assert.deepEqual(plain.texts(), numbers(200))
      assert.deepEqual(new Set([...here.texts(), ...there.texts()]), new Set(numbers(200)))
      assert.ok(here.deliveries.length > 0 && there.deliveries.length > 0, 'one connection got nothing of 200')
    },
  },
  {
    name: 'publish() carries an empty body and an empty header',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)

      await subject.publish(topic, { header: {}, body: new Uint8Array(0) })

      await eventually(() => got.deliveries.length === 1)
      assert.equal(got.deliveries[0]?.message.body.length, 0)
      assert.ok(got.deliveries[0]?.message.body instanceof Uint8Array)
      assert.equal(Object.keys(got.deliveries[0]?.message.header ?? { none: '' }).length, 0)
    },
  },
  {
    name: 'publish() carries 1 MiB of header and body',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)
      const header = { 'Content-Type': 'application/octet-stream' }
      const body = new Uint8Array(1024 * 1024 - 'Content-Typeapplication/octet-stream'.length).map((_, index) => (index * 7) % 256)

      await subject.publish(topic, { header, body })

      await eventually(() => got.deliveries.length === 1)
      assert.ok(Buffer.from(got.deliveries[0]?.message.body ?? []).equals(body))
    },
  },
  {
    name: 'publish() carries every byte unchanged, also a part of a larger buffer',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)
      const every = Uint8Array.from({ length: 256 }, (_, index) => index)

      await subject.publish(topic, { header: {}, body: every })
      await subject.publish(topic, { header: {}, body: every.subarray(10, 13) })

      await eventually(() => got.deliveries.length === 2)
      assert.deepEqual([...(got.deliveries[0]?.message.body ?? [])], [...every])
      assert.deepEqual([...(got.deliveries[1]?.message.body ?? [])], [10, 11, 12])
    },
  },
  {
    name: 'publish() carries headers unchanged: case, UTF-8, quotes, the empty value, the longest key',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)
      const header = {
        'Content-Type': 'application/json',
        'Micro-ID': '1',
        foo: 'bär 😀 \u2028 " \\ < > & \t',
        Foo: '',
        ['k'.repeat(256)]: 'long',
      }

      await subject.publish(topic, message('x', header))

      await eventually(() => got.deliveries.length === 1)
      assert.deepEqual({ ...got.deliveries[0]?.message.header }, header)
    },
  },
]
