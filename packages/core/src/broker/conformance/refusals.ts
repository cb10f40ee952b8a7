import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../testing/suite.js'
import type { Broker, BrokerFeature, Message } from '../broker.js'
import { collect, freshTopic, message, rejects } from './expect.js'

const badTopics = ['', '.', 'a.', '.a', 'a..b', 'a b', 'a\n', 'ä', 'a/b', 'a,b', 'a*', '$a', 'x'.repeat(256)]
const badHeaders: readonly Readonly<Record<string, string>>[] = [
  { '': 'empty key' },
  { 'a b': 'x' },
  { 'a:b': 'x' },
  { ä: 'x' },
  { ['k'.repeat(257)]: 'x' },
  { a: 'line\r\nbreak' },
  { a: 'line\nbreak' },
  { a: 'nul\0' },
]

/** What is not accepted, and with which code. */
export const refusalCases: readonly ConformanceCase<Broker, BrokerFeature>[] = [
  {
    name: 'publish() and subscribe() take topics and queue groups of 1 to 255 characters',
    async run({ subject, eventually }) {
      for (const topic of ['a', '_-9.Z', `${'x'.repeat(127)}.${'y'.repeat(127)}`]) {
        const got = await collect(subject, topic, { queue: topic })
        await subject.publish(topic, message('x'))
        await eventually(() => got.deliveries.length === 1)
        await got.subscription.close()
      }
    },
  },
  {
    name: 'publish() refuses a bad topic, a wildcard too, with TOPIC_INVALID',
    async run({ subject }) {
      for (const topic of [...badTopics, '*', 'a.*', '>', 'a.>'])
        await rejects(subject.publish(topic, message('x')), 'invalid_argument', 'TOPIC_INVALID', topic)
    },
  },
  {
    name: 'subscribe() refuses a bad topic or queue with TOPIC_INVALID',
    async run({ subject }) {
      const handler = () => undefined
      for (const topic of badTopics) await rejects(subject.subscribe(topic, handler), 'invalid_argument', 'TOPIC_INVALID', topic)
      for (const queue of [...badTopics, '*', 'a.>'])
        await rejects(subject.subscribe(freshTopic(), handler, { queue }), 'invalid_argument', 'TOPIC_INVALID', queue)
    },
  },
  {
    name: 'publish() refuses a bad header with HEADER_INVALID',
    async run({ subject }) {
      for (const header of badHeaders)
        await rejects(subject.publish(freshTopic(), message('x', header)), 'invalid_argument', 'HEADER_INVALID', JSON.stringify(header))
    },
  },
  {
    name: 'publish() refuses a message over the limit with MESSAGE_TOO_LARGE, and goes on',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)
      // No broker that we know carries a quarter of a gigabyte. The memory is not touched, so it costs nothing.
      const huge: Message = { header: {}, body: new Uint8Array(256 * 1024 * 1024) }

      await rejects(subject.publish(topic, huge), 'resource_exhausted', 'MESSAGE_TOO_LARGE')
      await subject.publish(topic, message('small'))

      await eventually(() => got.deliveries.length === 1)
      assert.deepEqual(got.texts(), ['small'])
    },
  },
  {
    name: 'publish() with an aborted signal is canceled and sends nothing',
    async run({ subject, eventually }) {
      const topic = freshTopic()
      const got = await collect(subject, topic)

      await rejects(subject.publish(topic, message('canceled'), { signal: AbortSignal.abort() }), 'canceled', 'CANCELED')
      await subject.publish(topic, message('sent'), { signal: new AbortController().signal })

      await eventually(() => got.deliveries.length > 0)
      assert.deepEqual(got.texts(), ['sent'])
    },
  },
  {
    name: 'publish() that was refused is refused by rejecting, never by throwing',
    async run({ subject }) {
      let promise: Promise<void> | undefined
      assert.doesNotThrow(() => (promise = subject.publish('', message('x'))))
      await assert.rejects(promise ?? Promise.resolve())
    },
  },
]
