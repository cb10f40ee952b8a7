import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../testing/suite.js'
import type { Broker, BrokerFeature, Delivery } from '../broker.js'
import { collect, freshTopic, gate, message, rejects, textOf } from './expect.js'

/** Handlers that fail or take their time, and the end of subscriptions and brokers. */
export const lifecycleCases: readonly ConformanceCase<Broker, BrokerFeature>[] = [
  {
    name: 'subscribe() tells onError what a handler throws or rejects with, and goes on with the next message',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const errors: (readonly [unknown, string])[] = []
      const handled: string[] = []
      const failures = { thrown: new Error('thrown'), rejected: new Error('rejected') }
      await subject.subscribe(
        topic,
        (delivery) => {
          const text = textOf(delivery)
          if (delivery.attempt > 1) return undefined
          if (text === 'thrown') throw failures.thrown
          if (text === 'rejected') return Promise.reject(failures.rejected)
          handled.push(text)
          return undefined
        },
        { onError: (error, delivery) => errors.push([error, textOf(delivery)]) },
      )

      for (const text of ['thrown', 'rejected', 'good']) await subject.publish(topic, message(text))

      await eventually(() => handled.length === 1 && errors.length === 2)
      assert.deepEqual(
        new Map(errors.map(([error, text]) => [text, error])),
        new Map([
          ['thrown', failures.thrown],
          ['rejected', failures.rejected],
        ]),
      )
    },
  },
  {
    name: 'subscribe() with concurrency works on so many messages at once and on no more',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const door = gate()
      const begun: string[] = []
      await subject.subscribe(
        topic,
        async (delivery) => {
          begun.push(textOf(delivery))
          await door.opened
        },
        { concurrency: 3 },
      )
      const after = await collect(subject, topic)

      for (const text of ['1', '2', '3', '4', '5']) await subject.publish(topic, message(text))

      await eventually(() => begun.length === 3 && after.deliveries.length === 5)
      assert.deepEqual(begun, ['1', '2', '3'])
      door.open()
      await eventually(() => begun.length === 5)
      assert.deepEqual(begun, ['1', '2', '3', '4', '5'])
    },
  },
  {
    name: 'subscribe() refuses a concurrency that is no positive integer as a mistake of the program',
    async run({ subject }) {
      for (const concurrency of [0, -1, 1.5, Number.NaN])
        await assert.rejects(
          subject.subscribe(freshTopic(), () => undefined, { concurrency }),
          RangeError,
        )
    },
  },
  {
    name: 'subscribe() with a slow handler holds up no other subscriber',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const door = gate()
      let slow = 0
      await subject.subscribe(topic, async () => {
        slow++
        await door.opened
      })
      const quick = await collect(subject, topic)

      for (let count = 0; count < 1000; count++) await subject.publish(topic, message(String(count)))

      await eventually(() => quick.deliveries.length === 1000)
      assert.equal(slow, 1)
      door.open()
      await eventually(() => slow === 1000)
    },
  },
  {
    name: 'close() of a subscription begins no further message and waits for those in work',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const door = gate()
      const begun: string[] = []
      let isDone = false
      const subscription = await subject.subscribe(topic, async (delivery) => {
        begun.push(textOf(delivery))
        await door.opened
        isDone = true
      })
      const other = await collect(subject, topic)
      for (const text of ['1', '2', '3']) await subject.publish(topic, message(text))
      await eventually(() => begun.length === 1 && other.deliveries.length === 3)

      let isClosed = false
      const closing = Promise.all([subscription.close(), subscription.close()]).then(() => (isClosed = true))
      await subject.publish(topic, message('4'))
      await eventually(() => other.deliveries.length === 4)
      assert.equal(isClosed, false)
      door.open()
      await closing

      assert.ok(isDone)
      assert.deepEqual(begun, ['1'])
      await subscription.close()
    },
  },
  {
    name: 'close() of one subscription leaves the others alone, also those of its queue group',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const [gone, plain, member] = [
        await collect(subject, topic, { queue: 'workers' }),
        await collect(subject, topic),
        await collect(subject, topic, { queue: 'workers' }),
      ]

      await gone.subscription.close()
      for (let count = 0; count < 20; count++) await subject.publish(topic, message(String(count)))

      await eventually(() => plain.deliveries.length === 20 && member.deliveries.length === 20)
      assert.equal(gone.deliveries.length, 0)
    },
  },
  {
    name: 'close() of a subscription keeps topic and queue readable',
    async run({ subject }) {
      const topic = freshTopic()
      const subscription = await subject.subscribe(topic, () => undefined, { queue: 'workers' })

      await subscription.close()

      assert.equal(subscription.topic, topic)
      assert.equal(subscription.queue, 'workers')
    },
  },
  {
    name: 'close() waits for the work of its subscriptions, and afterwards everything is refused with CLOSED',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const door = gate()
      const begun: Delivery[] = []
      let isDone = false
      await subject.subscribe(topic, async (delivery) => {
        begun.push(delivery)
        await door.opened
        isDone = true
      })
      await subject.publish(topic, message('x'))
      await eventually(() => begun.length === 1)

      const closing = Promise.all([subject.close(), subject.close()])
      door.open()
      await closing
      await subject.close()

      assert.ok(isDone)
      await rejects(subject.publish(topic, message('x')), 'failed_precondition', 'CLOSED')
      await rejects(
        subject.subscribe(topic, () => undefined),
        'failed_precondition',
        'CLOSED',
      )
    },
  },
  {
    name: 'close() sends what was published before it',
    async run({ subject, peer, eventually }) {
      const topic = freshTopic()
      const publisher = await peer()
      // Where there is no second way in, closing the publisher closes the subscriber.
      if (publisher === subject) return
      const got = await collect(subject, topic)

      for (let count = 0; count < 100; count++) void publisher.publish(topic, message(String(count)))
      await publisher.close()

      await eventually(() => got.deliveries.length === 100)
    },
  },
]
