import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../testing/suite.js'
import type { Broker, BrokerFeature, Delivery } from '../broker.js'
import { collect, freshTopic, message, rejects, textOf } from './expect.js'

const ignore = () => undefined

/** What a broker may have: each works where it is claimed, and is refused where it is not. */
export const featureCases: readonly ConformanceCase<Broker, BrokerFeature>[] = [
  {
    name: 'guarantee is at-least-once with ack and at-most-once without',
    async run({ subject }) {
      assert.equal(subject.guarantee, subject.features.has('ack') ? 'at-least-once' : 'at-most-once')
      assert.notEqual(subject.address, '')
      assert.notEqual(subject.name, '')
    },
  },
  {
    name: 'subscribe() with * gets one token in its place',
    needs: 'wildcards',
    refuses: ({ subject }) => subject.subscribe(`${freshTopic()}.*`, ignore),
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, `${topic}.*.end`)

      for (const each of [`${topic}.a.end`, `${topic}.a.b.end`, `${topic}.end`, `${topic}.a.other`, `${topic}.b.end`])
        await subject.publish(each, message(each))

      await eventually(() => got.deliveries.some((delivery) => delivery.topic === `${topic}.b.end`))
      assert.deepEqual(
        got.deliveries.map((delivery) => delivery.topic),
        [`${topic}.a.end`, `${topic}.b.end`],
      )
      assert.deepEqual(
        got.texts(),
        got.deliveries.map((delivery) => delivery.topic),
      )
    },
  },
  {
    name: 'subscribe() with > gets one token or more in its place, in a queue group too',
    needs: 'wildcards',
    refuses: ({ subject }) => subject.subscribe(`${freshTopic()}.>`, ignore),
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, `${topic}.>`)
      const group = [await collect(subject, `${topic}.>`, { queue: 'workers' }), await collect(subject, `${topic}.>`, { queue: 'workers' })]

      for (const each of [topic, `${topic}.a`, `${topic}.a.b.c`]) await subject.publish(each, message(each))

      const inGroup = () => group.flatMap((member) => member.texts())
      await eventually(() => got.deliveries.length >= 2 && inGroup().length >= 2)
      assert.deepEqual(got.texts(), [`${topic}.a`, `${topic}.a.b.c`])
      assert.deepEqual(inGroup().sort(), [`${topic}.a`, `${topic}.a.b.c`])
    },
  },
  {
    name: 'subscribe() refuses > that is not at the end with TOPIC_INVALID',
    needs: 'wildcards',
    refuses: ({ subject }) => subject.subscribe(`${freshTopic()}.*.x`, ignore),
    async run({ subject }) {
      for (const topic of ['a.>.b', '>.a', 'a.>>', '**', 'a.*b'])
        await rejects(subject.subscribe(topic, ignore), 'invalid_argument', 'TOPIC_INVALID', topic)
    },
  },
  {
    name: 'publish() with durable resolves when the message is kept for a durable subscription that is away',
    needs: 'durable',
    refuses: ({ subject }) => subject.publish(freshTopic(), message('x'), { durable: true }),
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const options = { queue: `keeper-${topic.slice(-8)}`, durable: true }
      const first = await collect(subject, topic, options)
      await first.subscription.close()

      await subject.publish(topic, message('kept'), { durable: true })
      const second = await collect(subject, topic, options)

      await eventually(() => second.deliveries.length === 1)
      assert.deepEqual(second.texts(), ['kept'])
    },
  },
  {
    name: 'subscribe() with durable gets each message, acknowledged ones not again',
    needs: 'durable',
    refuses: ({ subject }) => subject.subscribe(freshTopic(), ignore, { queue: 'keeper', durable: true }),
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const options = { queue: `keeper-${topic.slice(-8)}`, durable: true }
      const first = await collect(subject, topic, options)
      await subject.publish(topic, message('1'), { durable: true })
      await eventually(() => first.deliveries.length === 1)
      await first.subscription.close()

      const second = await collect(subject, topic, options)
      await subject.publish(topic, message('2'), { durable: true })

      await eventually(() => second.deliveries.length > 0)
      assert.deepEqual(second.texts(), ['2'])
    },
  },
  {
    name: 'subscribe() with manualAck gets a message again that its handler failed at, until it is acknowledged',
    needs: 'ack',
    refuses: ({ subject }) => subject.subscribe(freshTopic(), ignore, { manualAck: true }),
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const seen: Delivery[] = []
      await subject.subscribe(
        topic,
        async (delivery) => {
          seen.push(delivery)
          if (textOf(delivery) === 'hard' && delivery.attempt === 1) throw new Error('not yet')
          await delivery.ack()
          await delivery.ack()
        },
        { manualAck: true, queue: 'workers', onError: ignore },
      )

      await subject.publish(topic, message('hard'))
      await eventually(() => seen.length === 2)
      await subject.publish(topic, message('easy'))
      await eventually(() => seen.length === 3)

      assert.ok((seen[1]?.attempt ?? 0) > 1)
      assert.deepEqual(seen.map(textOf), ['hard', 'hard', 'easy'])
    },
  },
]
